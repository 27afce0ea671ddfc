// The part of Node.js's `util` that tests use.
import { format, inspect } from '../inspect.js';
inspect.custom = Symbol.for('nodejs.util.inspect.custom');
export { format, inspect };
export const promisify = callee => (...args) => new Promise((resolve, reject) => {
  callee(...args, (error, value) => (error ? reject(error) : resolve(value)));
});
export function isDeepStrictEqual(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Map || a instanceof Set) return a.size === b.size && isDeepStrictEqual([...a], [...b]);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && isDeepStrictEqual(a[key], b[key]));
}
export const types = { isPromise: value => value instanceof Promise, isRegExp: value => value instanceof RegExp, isDate: value => value instanceof Date };
export const { TextEncoder, TextDecoder } = globalThis;
export default { format, inspect, promisify, isDeepStrictEqual, types, TextEncoder, TextDecoder };
