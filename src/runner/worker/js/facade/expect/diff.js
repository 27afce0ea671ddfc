// Line differences of printed values.
import { print, printLines, typeName } from './print.js';

const CONTEXT = 5;

/** `Expected: …\nReceived: …`, or a difference where lines can tell more. */
export function expectedAndReceived(expected, received, expectedLabel = 'Expected', receivedLabel = 'Received') {
  const difference = diffOf(expected, received);
  if (difference !== undefined) return { difference };
  const pad = label => `${label}: ${' '.repeat(Math.max(expectedLabel.length, receivedLabel.length) - label.length)}`;
  const [a, b] = [print(expected), print(received)];
  return { expected: `${pad(expectedLabel)}${a}`, received: `${pad(receivedLabel)}${a === b && typeof expected === 'object' ? 'serializes to the same string' : b}` };
}

export function text(parts) {
  return parts.difference ?? `${parts.expected}\n${parts.received}`;
}

/** The difference of two values line by line; undefined where it would say no more than the values. */
export function diffOf(expected, received) {
  if (!diffable(expected, received)) return undefined;
  if (typeof expected === 'string') return diffLines(expected.split('\n'), received.split('\n'));
  const [a, b] = align(expected, received);
  const [linesA, linesB] = [printLines(a).split('\n'), printLines(b).split('\n')];
  if (linesA.join('\n') === linesB.join('\n')) return undefined;
  return diffLines(linesA, linesB);
}

function diffable(expected, received) {
  const type = typeName(expected);
  if (type !== typeName(received)) return false;
  if (type === 'string') return expected.length > 0 && received.length > 0 && /[\r\n]/.test(expected + received);
  if (!['object', 'array', 'map', 'set'].includes(type)) return false;
  return !(expected instanceof Error) && !(received instanceof Error);
}

/** Where an asymmetric matcher accepts what was received, both show what was received. */
function align(expected, received) {
  if (typeof expected !== 'object' || expected === null || typeof received !== 'object' || received === null) return [expected, received];
  const same = Array.isArray(expected) && Array.isArray(received);
  if (!same && (Object.getPrototypeOf(expected) !== Object.prototype || Object.getPrototypeOf(received) !== Object.prototype)) return [expected, received];
  const made = same ? [...expected] : { ...expected };
  for (const key of Object.keys(expected)) {
    if (!(key in received)) continue;
    if (typeof expected[key]?.asymmetricMatch === 'function') { if (expected[key].asymmetricMatch(received[key])) made[key] = received[key]; } else [made[key]] = align(expected[key], received[key]);
  }
  return [made, received];
}

export function diffLines(a, b) {
  const ops = compare(a, b);
  const removed = ops.filter(({ kind }) => kind === '-').length;
  const added = ops.filter(({ kind }) => kind === '+').length;
  const width = Math.max(String(removed).length, String(added).length);
  const head = `- Expected  - ${String(removed).padStart(width)}\n+ Received  + ${String(added).padStart(width)}\n\n`;
  return head + hunks(ops).join('\n');
}

/** Operations that turn `a` into `b`: longest common subsequence, removals before additions. */
function compare(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const same = list => list.map(line => ({ kind: ' ', line }));
  return [...same(a.slice(0, start)), ...middle(x, y), ...same(a.slice(a.length - end))];
}

function middle(x, y) {
  // Beyond this the table would be large: say it as one block.
  if (x.length * y.length > 4_000_000) return [...x.map(line => ({ kind: '-', line })), ...y.map(line => ({ kind: '+', line }))];
  const width = y.length + 1;
  const table = new Uint32Array((x.length + 1) * width);
  for (let i = x.length - 1; i >= 0; i--)
    for (let j = y.length - 1; j >= 0; j--)
      table[i * width + j] = x[i] === y[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
  const ops = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) { ops.push({ kind: ' ', line: x[i++] }); j++; } else if (i < x.length && (j === y.length || table[(i + 1) * width + j] >= table[i * width + j + 1])) ops.push({ kind: '-', line: x[i++] });
    else ops.push({ kind: '+', line: y[j++] });
  }
  return ops;
}

function hunks(ops) {
  const keep = new Array(ops.length).fill(false);
  ops.forEach(({ kind }, index) => {
    if (kind !== ' ') for (let k = Math.max(0, index - CONTEXT); k <= Math.min(ops.length - 1, index + CONTEXT); k++) keep[k] = true;
  });
  const whole = keep.every(Boolean);
  const lines = [];
  let [a, b] = [1, 1];
  for (let k = 0; k < ops.length; k++) {
    if (!whole && keep[k] && !keep[k - 1]) {
      let end = k;
      while (keep[end]) end++;
      const part = ops.slice(k, end);
      lines.push(`@@ -${a},${part.filter(({ kind }) => kind !== '+').length} +${b},${part.filter(({ kind }) => kind !== '-').length} @@`);
    }
    const { kind, line } = ops[k];
    if (kind !== '+') a++;
    if (kind !== '-') b++;
    if (keep[k]) lines.push(line === '' && kind === ' ' ? '' : `${kind} ${line}`);
  }
  return lines;
}

