// Matchers on values: identity, equality, kinds, order. Names, meanings and words are Jest's.
import { expectedAndReceived } from './diff.js';
import { equals, part } from './equals.js';
import { misuse, rows } from './misuse.js';
import { print, printVisibly, typeName } from './print.js';

// Each: (received, args, { isNot, hint, testers }) → { pass, message() }. `hint(expected, comment)` is the first line.

const none = (words, accepts) => function (received, args, { hint }) {
  if (args.length && args[0] !== undefined) throw misuse(hint(''), 'this matcher must not have an expected argument', 'Expected', args[0]);
  return { pass: accepts(received), message: () => `${hint('')}\n\nReceived: ${printVisibly(received)}` };
};

const order = (sign, accepts) => function (received, [expected], { isNot, hint }) {
  for (const [label, value] of [['received', received], ['expected', expected]])
    if (typeof value !== 'number' && typeof value !== 'bigint') throw misuse(hint('expected'), `${label} value must be a number or bigint`, label === 'received' ? 'Received' : 'Expected', value);
  const not = isNot ? 'not ' : '';
  return {
    pass: accepts(received, expected),
    message: () => `${hint('expected')}\n\nExpected: ${not}${sign} ${print(expected)}\nReceived: ${' '.repeat(not.length + sign.length)} ${print(received)}`,
  };
};

const deep = options => function (received, [expected], { isNot, hint, testers }) {
  const first = hint('expected', 'deep equality');
  return {
    pass: equals(received, expected, { ...options, testers }),
    message: () => `${first}\n\n${isNot ? `Expected: not ${printVisibly(expected)}\n${print(expected) === print(received) ? '' : `Received:     ${printVisibly(received)}`}` : expectedAndReceived(expected, received)}`,
  };
};

function toBe(received, [expected], { isNot, hint, testers }) {
  const deeply = () => {
    if (['map', 'set'].includes(typeName(expected))) return '';
    const name = equals(received, expected, { strict: true, testers }) ? 'toStrictEqual' : equals(received, expected, { testers }) ? 'toEqual' : '';
    return name && `If it should pass with deep equality, replace "toBe" with "${name}"\n\n`;
  };
  return {
    pass: Object.is(received, expected),
    message: () => `${hint('expected', 'Object.is equality')}\n\n${isNot ? `Expected: not ${printVisibly(expected)}` : deeply() + expectedAndReceived(expected, received)}`,
  };
}

function toMatchObject(received, [expected], { isNot, hint, testers }) {
  const first = hint('expected');
  for (const [label, value] of [['received', received], ['expected', expected]])
    if (typeof value !== 'object' || value === null) throw misuse(first, `${label} value must be a non-null object`, label === 'received' ? 'Received' : 'Expected', value);
  const negative = () => `Expected: not ${printVisibly(expected)}${print(expected) === print(received) ? '' : `\nReceived:     ${printVisibly(received)}`}`;
  return {
    pass: equals(received, expected, { subset: true, testers }),
    message: () => `${first}\n\n${isNot ? negative() : expectedAndReceived(expected, part(received, expected))}`,
  };
}

function toBeCloseTo(received, args, { isNot, hint }) {
  const [expected, precision = 2] = args;
  const first = hint(args.length > 1 ? 'expected, precision' : 'expected');
  for (const [label, value] of [['expected', expected], ['received', received]])
    if (typeof value !== 'number') throw misuse(first, `${label} value must be a number`, label === 'received' ? 'Received' : 'Expected', value, TypeError);
  const same = received === expected || (Number.isNaN(received) && Number.isNaN(expected));
  const apart = same ? 0 : Math.abs(expected - received);
  const allowed = 10 ** -precision / 2;
  const limit = String(apart).includes('e') ? allowed.toExponential(0) : precision >= 0 && precision < 20 ? allowed.toFixed(precision + 1) : print(allowed);
  const [not, pad] = isNot ? ['not ', '    '] : ['', ''];
  const measured = `Expected precision:  ${pad}  ${precision}\nExpected difference: ${not}< ${limit}\nReceived difference: ${pad}  ${print(apart)}`;
  return {
    pass: same || apart < allowed,
    message: () => {
      if (isNot && apart === 0) return `${first}\n\nExpected: not ${print(expected)}\n`;
      return `${first}\n\nExpected: ${not}${print(expected)}\nReceived: ${pad}${print(received)}\n\n${measured}`;
    },
  };
}

const nameOf = fn => fn.name || '(anonymous class)';

function toBeInstanceOf(received, [expected], { isNot, hint }) {
  const first = hint('expected');
  if (typeof expected !== 'function') throw misuse(first, 'expected value must be a function', 'Expected', expected, TypeError);
  const kind = received === null || typeof received !== 'object' ? undefined : Object.getPrototypeOf(received)?.constructor;
  const message = () => {
    if (isNot) return `${first}\n\nExpected constructor: not ${nameOf(expected)}\n${kind && kind !== expected ? `Received constructor:     ${lineage(kind, expected)}\n` : ''}`;
    const seen = kind ? `Received constructor: ${nameOf(kind)}\n` : `\nReceived value has no prototype\nReceived value: ${printVisibly(received)}`;
    return `${first}\n\nExpected constructor: ${nameOf(expected)}\n${seen}`;
  };
  return { pass: received instanceof expected, message };
}

/** `Point3 extends Point`, or with what is between left out. */
export function lineage(kind, expected) {
  const parent = Object.getPrototypeOf(kind);
  return `${nameOf(kind)} extends ${parent === expected ? '' : '… extends '}${nameOf(expected)}`;
}

function toHaveLength(received, [expected], { isNot, hint }) {
  const first = hint('expected');
  if (typeof received?.length !== 'number') throw misuse(first, 'received value must have a length property whose value must be a number', 'Received', received, TypeError);
  if (typeof expected !== 'number' || !Number.isSafeInteger(expected) || expected < 0) throw misuse(first, 'expected value must be a non-negative integer', 'Expected', expected);
  const shown = [`Received ${typeName(received)}`, printVisibly(received)];
  const pairs = isNot ? [['Expected length', print(expected)], shown] : [['Expected length', print(expected)], ['Received length', print(received.length)], shown];
  return { pass: received.length === expected, message: () => `${first}\n\n${rows(pairs, isNot)}` };
}

function toMatch(received, [expected], { isNot, hint }) {
  const first = hint('expected');
  if (typeof received !== 'string') throw misuse(first, 'received value must be a string', 'Received', received, TypeError);
  const isPattern = expected instanceof RegExp;
  if (typeof expected !== 'string' && !isPattern) throw misuse(first, 'expected value must be a string or regular expression', 'Expected', expected);
  return {
    pass: isPattern ? new RegExp(expected).test(received) : received.includes(expected),
    message: () => `${first}\n\n${rows([[isPattern ? 'Expected pattern' : 'Expected substring', print(expected)], ['Received string', printVisibly(received)]], isNot)}`,
  };
}

export const PLAIN = {
  toBe, toMatchObject, toBeCloseTo, toBeInstanceOf, toHaveLength, toMatch,
  toEqual: deep({}),
  toStrictEqual: deep({ strict: true }),
  toBeTruthy: none('truthy', Boolean),
  toBeFalsy: none('falsy', value => !value),
  toBeNull: none('null', value => value === null),
  toBeUndefined: none('undefined', value => value === undefined),
  toBeDefined: none('defined', value => value !== undefined),
  toBeNaN: none('NaN', Number.isNaN),
  toBeGreaterThan: order('>', (a, b) => a > b),
  toBeGreaterThanOrEqual: order('>=', (a, b) => a >= b),
  toBeLessThan: order('<', (a, b) => a < b),
  toBeLessThanOrEqual: order('<=', (a, b) => a <= b),
};
