// Matchers on what a value holds: toContain, toContainEqual, toHaveProperty.
import { difference } from './diff.js';
import { equals } from './equals.js';
import { misuse, rows, withType, wrong } from './misuse.js';
import { print, printVisibly, typeName } from './print.js';

export function toContain(received, [expected], { isNot, hint }) {
  const first = hint('expected', 'indexOf');
  if (received === null || received === undefined) throw misuse(first, 'received value must not be null nor undefined', 'Received', received);
  if (typeof received === 'string') {
    if (typeof expected !== 'string') {
      const words = `${first.replace('(received)', `(${received})`).replace('(expected)', `(${String(expected)})`)}\n\nMatcher error: expected value must be a string if received value is a string`;
      throw wrong(new TypeError(`${words}\n\n${withType('Expected', expected)}\n${withType('Received', received)}`));
    }
    return { pass: received.includes(expected), message: () => `${first}\n\n${rows([['Expected substring', print(expected)], ['Received string', printVisibly(received)]], isNot)}` };
  }
  const items = Array.from(received);
  return {
    pass: items.includes(expected),
    message: () => {
      const advice = !isNot && items.some(item => equals(item, expected))
        ? '\n\nLooks like you wanted to test for object/array equality with the stricter `toContain` matcher. You probably need to use `toContainEqual` instead.' : '';
      return `${first}\n\n${rows([['Expected value', print(expected)], [`Received ${typeName(received)}`, printVisibly(received)]], isNot)}${advice}`;
    },
  };
}

export function toContainEqual(received, [expected], { isNot, hint, testers }) {
  const first = hint('expected', 'deep equality');
  if (received === null || received === undefined) throw misuse(first, 'received value must not be null nor undefined', 'Received', received);
  return {
    pass: Array.from(received).some(item => equals(item, expected, { testers })),
    message: () => `${first}\n\n${rows([['Expected value', print(expected)], [`Received ${typeName(received)}`, printVisibly(received)]], isNot)}`,
  };
}

/** `a.b[0].c` → its parts. */
function parts(path) {
  if (Array.isArray(path)) return path;
  if (path === '') return [''];
  return path.split(/[.[\]]+/).filter((piece, index, all) => piece !== '' || (index === 0 && all.length > 1 && path[0] === '.'));
}

/** How far the path leads: the deepest value reached, how many parts that took, whether it was the whole. */
function follow(value, keys) {
  let at = value;
  for (let depth = 0; depth < keys.length; depth++) {
    const next = at === null || at === undefined ? undefined : at[keys[depth]];
    const last = depth === keys.length - 1;
    if (at === null || at === undefined || (!last && (next === null || next === undefined))) return { at, depth, whole: false };
    if (last) {
      const whole = next !== undefined || (typeof at === 'object' && keys[depth] in at);
      return { at: whole ? next : at, depth: whole ? depth + 1 : depth, whole };
    }
    at = next;
  }
  return { at, depth: keys.length, whole: true };
}

export function toHaveProperty(received, args, { isNot, hint, testers }) {
  const [path, expected] = args;
  const withValue = args.length > 1;
  const first = hint(withValue ? 'path, value' : 'path');
  if (received === null || received === undefined) throw misuse(first, 'received value must not be null nor undefined', 'Received', received);
  if (typeof path !== 'string' && !Array.isArray(path)) throw misuse(first, 'expected path must be a string or array', 'Expected', path);
  const keys = parts(path);
  if (!keys.length) throw misuse(first, 'expected path must not be an empty array', 'Expected', path);
  const { at, depth, whole } = follow(received, keys);
  const pass = whole && (!withValue || equals(at, expected, { testers }));
  const reached = () => (Array.isArray(path) || depth === 0 ? print(keys.slice(0, depth)) : print(keys.slice(0, depth).join('.')));
  const message = () => {
    if (isNot) return `${first}\n\nExpected path: ${withValue ? '' : 'not '}${print(path)}\n\n${withValue ? `Expected value: not ${printVisibly(expected)}${print(expected) === print(at) ? '' : `\nReceived value:     ${printVisibly(at)}`}` : `Received value: ${printVisibly(at)}`}`;
    const head = `${first}\n\nExpected path: ${print(path)}\n`;
    if (whole) return `${head}\n${difference(expected, at, ['Expected value', 'Received value']) ?? `Expected value: ${printVisibly(expected)}\nReceived value: ${print(expected) === print(at) ? 'serializes to the same string' : printVisibly(at)}`}`;
    return `${head}Received path: ${reached()}\n\n${withValue ? `Expected value: ${printVisibly(expected)}\n` : ''}Received value: ${printVisibly(at)}`;
  };
  return { pass, message };
}
