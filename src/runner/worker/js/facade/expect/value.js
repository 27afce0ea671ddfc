// Matchers on values, with Jest's names, meanings and words.
import { isRegExp } from '../values.js';
import { expectedAndReceived, text as both } from './diff.js';
import { contains, equals, subset } from './equals.js';
import { print, typeName } from './print.js';

/** Each: (received, args, { isNot, hint }) → { pass, message() }. `hint(expected, comment)` is the first line. */
export const VALUE = {
  toBe: (received, [expected], { isNot, hint }) => ({
    pass: Object.is(received, expected),
    message: () => head(hint('expected', 'Object.is equality')) + (isNot ? `Expected: not ${print(expected)}` : `${deepHint(expected, received)}${both(expectedAndReceived(expected, received))}`),
  }),
  toEqual: (received, [expected], context) => equality(received, expected, context, equals(received, expected)),
  toStrictEqual: (received, [expected], context) => equality(received, expected, context, equals(received, expected, { strict: true })),
  toMatchObject(received, [expected], { isNot, hint }) {
    if (typeof received !== 'object' || received === null) throw matcherError(hint('expected'), 'received value must be a non-null object', 'Received', received);
    return {
      pass: contains(received, expected),
      message: () => head(hint('expected')) + (isNot ? `Expected: not ${print(expected)}` : both(expectedAndReceived(expected, subset(received, expected)))),
    };
  },
  toBeTruthy: (received, _, context) => plain(Boolean(received), received, context),
  toBeFalsy: (received, _, context) => plain(!received, received, context),
  toBeNull: (received, _, context) => plain(received === null, received, context),
  toBeUndefined: (received, _, context) => plain(received === undefined, received, context),
  toBeDefined: (received, _, context) => plain(received !== undefined, received, context),
  toBeNaN: (received, _, context) => plain(Number.isNaN(received), received, context),
  toBeGreaterThan: (received, [expected], context) => order(received, expected, '>', received > expected, context),
  toBeGreaterThanOrEqual: (received, [expected], context) => order(received, expected, '>=', received >= expected, context),
  toBeLessThan: (received, [expected], context) => order(received, expected, '<', received < expected, context),
  toBeLessThanOrEqual: (received, [expected], context) => order(received, expected, '<=', received <= expected, context),
  toBeCloseTo,
  toBeInstanceOf(received, [expected], { isNot, hint }) {
    if (typeof expected !== 'function') throw matcherError(hint('expected'), 'expected value must be a function', 'Expected', expected);
    return {
      pass: received instanceof expected,
      message: () => head(hint('expected')) + (isNot ? `Expected constructor: not ${expected.name}` : `Expected constructor: ${expected.name}\n${
        received !== null && typeof received === 'object' ? `Received constructor: ${received.constructor?.name}` : `\nReceived value has no prototype\nReceived value: ${print(received)}`}`),
    };
  },
  toContain(received, [expected], { isNot, hint }) {
    const first = hint('expected', 'indexOf');
    if (received === null || received === undefined) throw matcherError(first, 'received value must not be null nor undefined', 'Received', received);
    const isText = typeof received === 'string';
    return {
      pass: isText ? received.includes(String(expected)) : Array.from(received).includes(expected),
      message: () => head(first) + labels([[isText ? 'Expected substring' : 'Expected value', print(expected)], [isText ? 'Received string' : `Received ${typeName(received)}`, print(received)]], isNot),
    };
  },
  toContainEqual: (received, [expected], { isNot, hint }) => ({
    pass: Array.from(received).some(item => equals(item, expected)),
    message: () => head(hint('expected', 'deep equality')) + labels([['Expected value', print(expected)], [`Received ${typeName(received)}`, print(received)]], isNot),
  }),
  toMatch(received, [expected], { isNot, hint }) {
    if (typeof received !== 'string') throw matcherError(hint('expected'), 'received value must be a string', 'Received', received);
    const isText = typeof expected === 'string';
    if (!isText && !isRegExp(expected)) throw matcherError(hint('expected'), 'expected value must be a string or regular expression', 'Expected', expected);
    return {
      pass: isText ? received.includes(expected) : new RegExp(expected.source, expected.flags.replace(/[gy]/g, '')).test(received),
      message: () => head(hint('expected')) + labels([[isText ? 'Expected substring' : 'Expected pattern', print(expected)], ['Received string', print(received)]], isNot),
    };
  },
  toHaveLength(received, [expected], { isNot, hint }) {
    if (typeof received?.length !== 'number') throw matcherError(hint('expected'), 'received value must have a length property whose value must be a number', 'Received', received);
    return {
      pass: received.length === expected,
      message: () => head(hint('expected')) + (isNot ? `Expected length: not ${expected}\nReceived ${typeName(received)}:      ${print(received)}`
        : aligned([['Expected length', expected], ['Received length', received.length], [`Received ${typeName(received)}`, print(received)]])),
    };
  },
  toHaveProperty,
  toThrow,
  toThrowError: toThrow,
};

const head = line => `${line}\n\n`;

function aligned(rows) {
  const width = Math.max(...rows.map(([label]) => label.length)) + 1;
  return rows.map(([label, value]) => `${`${label}:`.padEnd(width)} ${value}`).join('\n');
}

/** The first row is what was expected, the second what came. */
function labels([[expected, a], [received, b]], isNot) {
  const rows = [[expected, `${isNot ? 'not ' : ''}${a}`], [isNot ? received.padEnd(received.length) : received, b]];
  if (!isNot) return aligned(rows);
  return `${expected}: not ${a}\n${received}:${' '.repeat(Math.max(0, expected.length - received.length) + 5)}${b}`;
}

function plain(pass, received, { hint }) {
  return { pass, message: () => `${head(hint(''))}Received: ${print(received)}` };
}

function equality(received, expected, { isNot, hint }, pass) {
  return { pass, message: () => head(hint('expected', 'deep equality')) + (isNot ? notEqual(expected, received) : both(expectedAndReceived(expected, received))) };
}
function notEqual(expected, received) {
  const [a, b] = [print(expected), print(received)];
  return a === b ? `Expected: not ${a}` : `Expected: not ${a}\nReceived:     ${b}`;
}

function deepHint(expected, received) {
  if (typeof expected !== 'object' || expected === null || typeof received !== 'object' || received === null) return '';
  const name = equals(received, expected, { strict: true }) ? 'toStrictEqual' : equals(received, expected) ? 'toEqual' : undefined;
  return name ? `If it should pass with deep equality, replace "toBe" with "${name}"\n\n` : '';
}

function order(received, expected, sign, pass, { isNot, hint }) {
  for (const [label, value] of [['received', received], ['expected', expected]])
    if (typeof value !== 'number' && typeof value !== 'bigint') throw matcherError(hint('expected'), `${label} value must be a number or bigint`, label === 'received' ? 'Received' : 'Expected', value);
  const pad = ' '.repeat(sign.length + (isNot ? 4 : 0));
  return { pass, message: () => `${head(hint('expected'))}Expected: ${isNot ? 'not ' : ''}${sign} ${print(expected)}\nReceived: ${pad} ${print(received)}` };
}

function toBeCloseTo(received, [expected, precision = 2], { isNot, hint }) {
  for (const [label, value] of [['received', received], ['expected', expected]])
    if (typeof value !== 'number') throw matcherError(hint('expected'), `${label} value must be a number`, label === 'received' ? 'Received' : 'Expected', value);
  const within = 10 ** -precision / 2;
  const difference = Object.is(received, expected) ? 0 : Math.abs(expected - received);
  return {
    pass: difference < within || Object.is(received, expected),
    message: () => `${head(hint('expected, precision'))}Expected: ${isNot ? 'not ' : ''}${print(expected)}\n${isNot && difference === 0 ? '' : `Received: ${isNot ? '    ' : ''}${print(received)}\n\n`}Expected precision:    ${isNot ? '    ' : ''}${precision}\nExpected difference: ${isNot ? 'not ' : ''}< ${within}\nReceived difference:   ${isNot ? '    ' : ''}${difference}`,
  };
}

function toHaveProperty(received, args, { isNot, hint }) {
  const [path, expected] = args;
  const withValue = args.length > 1;
  const first = hint(withValue ? 'path, value' : 'path');
  if (received === null || received === undefined) throw matcherError(first, 'received value must not be null nor undefined', 'Received', received);
  const keys = Array.isArray(path) ? path : String(path).match(/[^.[\]]+/g) ?? [''];
  let at = received;
  let found = 0;
  for (const key of keys) {
    if (at === null || at === undefined || !(key in Object(at))) break;
    at = at[key];
    found++;
  }
  const whole = found === keys.length;
  const pass = whole && (!withValue || equals(at, expected));
  const shown = Array.isArray(path) ? print(path) : `"${path}"`;
  return {
    pass,
    message: () => {
      if (isNot) return `${head(first)}Expected path: not ${shown}\n\n${withValue ? `Expected value: not ${print(expected)}` : `Received value: ${print(at)}`}`;
      if (whole) return `${head(first)}Expected path: ${shown}\n\n${both(expectedAndReceived(expected, at, 'Expected value', 'Received value'))}`;
      const reached = Array.isArray(path) ? print(keys.slice(0, found)) : `"${keys.slice(0, found).join('.')}"`;
      return `${head(first)}Expected path: ${shown}\nReceived path: ${found ? reached : '[]'}\n\n${withValue ? `Expected value: ${print(expected)}\n` : ''}Received value: ${print(at)}`;
    },
  };
}

function toThrow(received, args, { isNot, hint, fromPromise }) {
  const [expected] = args;
  const first = hint(args.length && expected !== undefined ? 'expected' : '');
  let thrown;
  if (fromPromise) thrown = { value: received };
  else if (typeof received !== 'function') throw matcherError(first, 'received value must be a function', 'Received', received);
  else try { received(); } catch (value) { thrown = { value }; }
  const message = thrown && (typeof thrown.value?.message === 'string' ? thrown.value.message : String(thrown.value));
  const say = rows => `${head(first)}${thrown ? rows : 'Received function did not throw'}`;
  const missing = rows => `${head(first)}${rows}${thrown ? '' : '\n\nReceived function did not throw'}`;
  if (expected === undefined) return { pass: Boolean(thrown), message: () => say(isNot ? `Error name:    "${thrown?.value?.name ?? typeof thrown?.value}"\nError message: ${print(message)}` : '') };
  if (typeof expected === 'string') {
    return {
      pass: Boolean(thrown) && message.includes(expected),
      message: () => missing(isNot ? `Expected substring: not ${print(expected)}\nReceived message:       ${print(message)}` : aligned([['Expected substring', print(expected)], ...(thrown ? [['Received message', print(message)]] : [])])),
    };
  }
  if (isRegExp(expected)) {
    return {
      pass: Boolean(thrown) && expected.test(message),
      message: () => missing(isNot ? `Expected pattern: not ${print(expected)}\nReceived message:     ${print(message)}` : aligned([['Expected pattern', print(expected)], ...(thrown ? [['Received message', print(message)]] : [])])),
    };
  }
  if (typeof expected === 'function') {
    return {
      pass: Boolean(thrown) && thrown.value instanceof expected,
      message: () => missing(isNot ? `Expected constructor: not ${expected.name}` : `Expected constructor: ${expected.name}${thrown ? `\nReceived constructor: ${thrown.value?.constructor?.name}\n\nReceived message: ${print(message)}` : ''}`),
    };
  }
  const wanted = typeof expected?.asymmetricMatch === 'function' ? undefined : expected?.message;
  return {
    pass: Boolean(thrown) && (wanted === undefined ? equals(thrown.value, expected) : message === wanted),
    message: () => missing(wanted === undefined ? `Expected asymmetric matcher: ${isNot ? 'not ' : ''}${print(expected)}` : `Expected message: ${isNot ? 'not ' : ''}${print(wanted)}${thrown ? `\nReceived message: ${isNot ? '    ' : ''}${print(message)}` : ''}`),
  };
}

/** The matcher cannot be used so: a TypeError, whatever `not` says. */
export function matcherError(first, words, label, value) {
  const shown = value === null || value === undefined ? `${label} has value: ${value}` : `${label} has type:  ${typeName(value)}\n${label} has value: ${print(value)}`;
  const error = new TypeError(`${first}\n\nMatcher error: ${words}\n\n${shown}`);
  Object.defineProperty(error, 'isMatcherError', { value: true });
  return error;
}
