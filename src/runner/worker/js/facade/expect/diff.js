// Differences of values, line by line, in the form of Jest's.
import { isAsymmetric } from './equals.js';
import { print, printLines, printVisibly, typeName } from './print.js';

/** Unchanged lines shown around a change. */
const CONTEXT = 5;
/** Tables of the comparison larger than this take too long: the changed part is then shown as one block. */
const LARGEST = 4_000_000;

/** `Expected: …\nReceived: …`, or a difference where lines tell more. */
export function expectedAndReceived(expected, received, labels = ['Expected', 'Received']) {
  return difference(expected, received, labels) ?? inWords(expected, received, labels);
}

function inWords(expected, received, [expectedLabel, receivedLabel]) {
  const width = Math.max(expectedLabel.length, receivedLabel.length);
  const label = text => `${text}: ${' '.repeat(width - text.length)}`;
  const same = typeof expected !== 'string' && print(expected) === print(received);
  return `${label(expectedLabel)}${printVisibly(expected)}\n${label(receivedLabel)}${same ? 'serializes to the same string' : printVisibly(received)}`;
}

/** The difference, or undefined where it would say no more than the values. */
export function difference(expected, received, labels = ['Expected', 'Received']) {
  const type = typeName(expected);
  if (type === 'string' && typeof received === 'string') {
    const withLines = expected && received && expected !== received && /\n/.test(expected + received);
    return withLines ? diffLines(expected.split('\n'), received.split('\n'), labels) : undefined;
  }
  if (['function', 'regexp', 'date'].includes(type) || typeof expected !== 'object' || expected === null || isAsymmetric(received)) return undefined;
  if (expected instanceof Error && received instanceof Error) return undefined;
  if (isAsymmetric(expected) ? expected.comparable?.() !== typeName(received) : type !== typeName(received)) return undefined;
  return diffValues(sorted(aligned(expected, received)), labels);
}

function diffValues([expected, received], labels) {
  for (const options of [{}, { callToJSON: false, depth: 10 }]) {
    const lines = indent => [expected, received].map(value => printLines(value, indent, options).split('\n'));
    const [a, b] = lines(0);
    if (a.join('\n') === b.join('\n')) continue;
    const text = diffLines(...lines(2), labels, [a, b]);
    return options.depth ? `Compared values serialize to the same structure.\nPrinting internal object structure without calling \`toJSON\` instead.\n\n${text}` : text;
  }
  return undefined;
}

/** Maps and sets in the order of what they hold, so that order is no difference. */
function sorted(pair) {
  return pair.map(value => {
    if (value instanceof Map) return new Map([...value].sort());
    if (value instanceof Set) return new Set([...value].sort());
    return value;
  });
}

/** Where an asymmetric matcher accepts its counterpart, both sides show the matcher. */
function aligned(expected, received, seen = []) {
  const kind = typeName(expected);
  if (!['object', 'array', 'map'].includes(kind) || kind !== typeName(received) || seen.includes(expected) || isAsymmetric(expected) || isAsymmetric(received)) return [expected, received];
  const keys = kind === 'map' ? [...expected.keys()] : Reflect.ownKeys(expected).filter(key => Object.getOwnPropertyDescriptor(expected, key).enumerable);
  const read = (of, key) => (kind === 'map' ? of.get(key) : of[key]);
  const has = (of, key) => (kind === 'map' ? of.has(key) : key in of);
  const changes = [new Map(), new Map()];
  for (const key of keys) {
    if (!has(received, key)) continue;
    const [a, b] = [read(expected, key), read(received, key)];
    if (isAsymmetric(a)) { if (a.asymmetricMatch(b)) changes[1].set(key, a); } else if (isAsymmetric(b)) { if (b.asymmetricMatch(a)) changes[0].set(key, b); } else {
      const [x, y] = aligned(a, b, [...seen, expected]);
      if (x !== a) changes[0].set(key, x);
      if (y !== b) changes[1].set(key, y);
    }
  }
  return [changed(expected, changes[0], kind), changed(received, changes[1], kind)];
}

function changed(value, changes, kind) {
  if (!changes.size) return value;
  if (kind === 'map') return new Map([...value].map(([key, item]) => [key, changes.has(key) ? changes.get(key) : item]));
  const copy = kind === 'array' ? [...value] : Object.create(Object.getPrototypeOf(value), Object.getOwnPropertyDescriptors(value));
  for (const [key, item] of changes) Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true });
  return copy;
}

/** `a` and `b` are shown; `compared` (without indentation) says what is equal. */
export function diffLines(a, b, [expectedLabel, receivedLabel] = ['Expected', 'Received'], [x, y] = [a, b]) {
  const ops = compareLines(x, y).map(({ kind, i, j }) => ({ kind, line: kind === '-' ? a[i] : b[j] }));
  const count = kind => ops.filter(op => op.kind === kind).length;
  const [removed, added] = [String(count('-')), String(count('+'))];
  const widths = [Math.max(expectedLabel.length, receivedLabel.length), Math.max(removed.length, added.length)];
  const head = (mark, label, n) => `${mark} ${label.padEnd(widths[0])}  ${mark} ${n.padStart(widths[1])}`;
  return `${head('-', expectedLabel, removed)}\n${head('+', receivedLabel, added)}\n\n${shown(ops).join('\n')}`;
}

/** `{ kind: ' ' | '-' | '+', i, j }`: the way from `a` to `b` with the fewest changes, removals before additions. */
export function compareLines(a, b) {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const ops = [];
  for (let k = 0; k < start; k++) ops.push({ kind: ' ', i: k, j: k });
  for (const { kind, i, j } of middle(a.slice(start, a.length - end), b.slice(start, b.length - end))) ops.push({ kind, i: i + start, j: j + start });
  for (let k = end; k > 0; k--) ops.push({ kind: ' ', i: a.length - k, j: b.length - k });
  return ops;
}

function middle(a, b) {
  const removal = i => ({ kind: '-', i, j: 0 });
  const addition = j => ({ kind: '+', i: 0, j });
  if (a.length * b.length > LARGEST) return [...a.map((_, i) => removal(i)), ...b.map((_, j) => addition(j))];
  const width = b.length + 1;
  // Length of the longest common subsequence of what follows i and j.
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
  const ops = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) ops.push({ kind: ' ', i: i++, j: j++ });
    else if (j === b.length || (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) ops.push(removal(i++));
    else ops.push(addition(j++));
  }
  return removalsFirst(ops);
}

/** Within a run of changes the removed lines come first. */
function removalsFirst(ops) {
  const sortedOps = [];
  let additions = [];
  for (const op of ops) {
    if (op.kind === '+') { additions.push(op); continue; }
    if (op.kind === ' ') { sortedOps.push(...additions); additions = []; }
    sortedOps.push(op);
  }
  return [...sortedOps, ...additions];
}

function shown(ops) {
  const keep = ops.map(() => false);
  let far = false;
  let last = -1;
  ops.forEach(({ kind }, index) => {
    if (kind === ' ') return;
    // Between two changes everything is kept unless more than the context of both lies there.
    const gap = index - last - 1;
    if (last >= 0 ? gap > 2 * CONTEXT : gap > CONTEXT) far = true;
    const from = last >= 0 && gap <= 2 * CONTEXT ? last : index - CONTEXT;
    for (let k = Math.max(0, from); k <= Math.min(ops.length - 1, index + CONTEXT); k++) keep[k] = true;
    last = index;
  });
  if (ops.length - last - 1 > CONTEXT) far = true;
  const lines = [];
  let [a, b] = [1, 1];
  ops.forEach(({ kind, line }, index) => {
    if (far && keep[index] && !keep[index - 1]) {
      const end = keep.indexOf(false, index);
      const hunk = ops.slice(index, end < 0 ? ops.length : end);
      lines.push(`@@ -${a},${hunk.filter(op => op.kind !== '+').length} +${b},${hunk.filter(op => op.kind !== '-').length} @@`);
    }
    if (kind !== '+') a++;
    if (kind !== '-') b++;
    if (keep[index]) lines.push(line === '' ? kind.trim() : `${kind} ${line}`);
  });
  return lines;
}
