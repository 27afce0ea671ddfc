// `this.utils` of custom matchers.
import { diffOf, expectedAndReceived, text } from './diff.js';
import { print } from './print.js';

export const contextUtils = {
  stringify: print,
  printExpected: print,
  printReceived: print,
  matcherHint: (name, received = 'received', expected = 'expected', options = {}) =>
    `expect(${received})${options.promise ? `.${options.promise}` : ''}${options.isNot ? '.not' : ''}.${name}(${expected})${options.comment ? ` // ${options.comment}` : ''}`,
  diff: (expected, received) => diffOf(expected, received) ?? null,
  printDiffOrStringify: (expected, received, expectedLabel, receivedLabel) => text(expectedAndReceived(expected, received, expectedLabel, receivedLabel)),
  EXPECTED_COLOR: value => value,
  RECEIVED_COLOR: value => value,
  DIM_COLOR: value => value,
};
