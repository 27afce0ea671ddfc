// `this` of matchers of one's own.
import { difference, expectedAndReceived } from './diff.js';
import { equals } from './equals.js';
import { misuse, withType } from './misuse.js';
import { print, printVisibly, typeName } from './print.js';

const plain = text => text;

export const utils = {
  stringify: print,
  printExpected: printVisibly,
  printReceived: printVisibly,
  printWithType: withType,
  matcherHint,
  matcherErrorMessage: (hint, words, details) => `${hint}\n\nMatcher error: ${words}${details === undefined ? '' : `\n\n${details}`}`,
  diff,
  printDiffOrStringify: (expected, received, expectedLabel, receivedLabel) => expectedAndReceived(expected, received, [expectedLabel, receivedLabel]),
  pluralize: (word, count) => `${['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'][count] ?? count} ${word}${count === 1 ? '' : 's'}`,
  getLabelPrinter: (...labels) => label => `${label}: ${' '.repeat(Math.max(...labels.map(({ length }) => length)) - label.length)}`,
  ensureNoExpected(expected, name, options) {
    if (expected !== undefined) throw misuse(matcherHint(name, undefined, '', options), 'this matcher must not have an expected argument', 'Expected', expected);
  },
  EXPECTED_COLOR: plain, RECEIVED_COLOR: plain, DIM_COLOR: plain, BOLD_WEIGHT: plain, INVERTED_COLOR: plain,
  iterableEquality: undefined,
  subsetEquality: (object, subset) => equals(object, subset, { subset: true }),
};

export function matcherHint(name, received = 'received', expected = 'expected', { isNot = false, promise = '', comment = '', secondArgument = '' } = {}) {
  return `expect(${received})${promise && `.${promise}`}${isNot ? '.not' : ''}.${name}(${expected}${secondArgument && `, ${secondArgument}`})${comment && ` // ${comment}`}`;
}

function diff(a, b) {
  if (Object.is(a, b)) return 'Compared values have no visual difference.';
  if (typeName(a) !== typeName(b)) return `  Comparing two different types of values. Expected ${typeName(a)} but received ${typeName(b)}.`;
  if (typeof a === 'number' || typeof a === 'boolean') return null;
  const text = typeof a === 'string' ? difference(`${a}\n`, `${b}\n`) : difference(a, b);
  if (text === undefined) return 'Compared values have no visual difference.';
  return `- Expected\n+ Received\n${text.slice(text.indexOf('\n\n') + 1).replace(/\n$/, '')}`.trimEnd();
}
