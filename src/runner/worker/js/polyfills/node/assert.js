// The part of Node.js's `assert` that tests use.
import { inspect, isDeepStrictEqual } from './util.js';

export class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message);
    Object.assign(this, { code: 'ERR_ASSERTION', actual, expected, operator });
  }
  get name() { return 'AssertionError'; }
}
function check(good, message, actual, expected, operator, callee) {
  if (good) return;
  if (message instanceof Error) throw message;
  const error = new AssertionError({ message: message ?? `${inspect(actual)} ${operator} ${inspect(expected)}`, actual, expected, operator });
  Error.captureStackTrace?.(error, callee);
  throw error;
}
export function ok(value, message) { check(value, message ?? 'The expression evaluated to a falsy value', value, true, '==', ok); }
export function equal(a, b, message) { check(a == b, message, a, b, '==', equal); }
export function notEqual(a, b, message) { check(a != b, message, a, b, '!=', notEqual); }
export function strictEqual(a, b, message) { check(Object.is(a, b), message ?? `Expected values to be strictly equal:\n\n${inspect(a)} !== ${inspect(b)}\n`, a, b, 'strictEqual', strictEqual); }
export function notStrictEqual(a, b, message) { check(!Object.is(a, b), message, a, b, 'notStrictEqual', notStrictEqual); }
export function deepStrictEqual(a, b, message) { check(isDeepStrictEqual(a, b), message ?? `Expected values to be strictly deep-equal:\n\n${inspect(a)}\n\nshould equal\n\n${inspect(b)}`, a, b, 'deepStrictEqual', deepStrictEqual); }
export function match(text, pattern, message) { check(pattern.test(text), message ?? `The input did not match the regular expression ${pattern}. Input:\n\n${inspect(text)}\n`, text, pattern, 'match', match); }
export function fail(message = 'Failed') { check(false, message, undefined, undefined, 'fail', fail); }
export function throws(callee, expected, message) {
  try { callee(); } catch (error) {
    if (expected instanceof RegExp) check(expected.test(String(error)), message, error, expected, 'throws', throws);
    return;
  }
  check(false, message ?? 'Missing expected exception.', undefined, expected, 'throws', throws);
}
export async function rejects(promise, expected, message) {
  try { await (typeof promise === 'function' ? promise() : promise); } catch (error) {
    if (expected instanceof RegExp) check(expected.test(String(error)), message, error, expected, 'rejects', rejects);
    return;
  }
  check(false, message ?? 'Missing expected rejection.', undefined, expected, 'rejects', rejects);
}
export const deepEqual = deepStrictEqual;
const assert = (value, message) => ok(value, message);
export const strict = assert;
Object.assign(assert, { AssertionError, ok, equal, notEqual, strictEqual, notStrictEqual, deepEqual, deepStrictEqual, match, fail, throws, rejects, strict });
export default assert;
