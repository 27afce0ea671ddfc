// Differences of texts as `diff -u` shows them: what a text snapshot's failure says.
import { compareLines } from './diff.js';

/** Unchanged lines around a change. */
const CONTEXT = 5;

/** Texts are the same whether or not they end in a line break. */
const lines = text => text.replace(/\n$/, '').split('\n');

/** The difference in hunks, or undefined where there is none. */
export function unified(expected, received) {
  const [a, b] = [lines(expected), lines(received)];
  const ops = compareLines(a, b).map(op => ({ ...op, text: op.kind === '+' ? b[op.j] : a[op.i] }));
  const changes = ops.flatMap(({ kind }, index) => (kind === ' ' ? [] : [index]));
  if (!changes.length) return undefined;
  const hunks = [];
  for (const index of changes) {
    const hunk = hunks.at(-1);
    if (hunk && index - hunk.last - 1 <= 2 * CONTEXT) hunk.last = index;
    else hunks.push({ first: index, last: index });
  }
  return hunks.map(({ first, last }) => {
    const from = Math.max(0, first - CONTEXT);
    const part = ops.slice(from, last + CONTEXT + 1);
    const before = kind => ops.slice(0, from).filter(op => op.kind !== kind).length + 1;
    const count = kind => part.filter(op => op.kind !== kind).length;
    return `@@ -${before('+')},${count('+')} +${before('-')},${count('-')} @@\n${part.map(({ kind, text }) => kind + text).join('\n')}\n`;
  }).join('');
}
