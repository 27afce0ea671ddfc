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
export const types = {
  isPromise: value => value instanceof Promise, isRegExp: value => value instanceof RegExp, isDate: value => value instanceof Date, isMap: value => value instanceof Map,
  isSet: value => value instanceof Set, isNativeError: value => value instanceof Error, isTypedArray: value => ArrayBuffer.isView(value) && !(value instanceof DataView),
  isUint8Array: value => value instanceof Uint8Array, isAnyArrayBuffer: value => value instanceof ArrayBuffer, isProxy: () => false,
};
export const { TextEncoder, TextDecoder } = globalThis;
export function inherits(type, base) { Object.defineProperty(type, 'super_', { value: base, writable: true, configurable: true }); Object.setPrototypeOf(type.prototype, base.prototype); }
export const deprecate = callee => callee;
export const callbackify = callee => (...args) => { const done = args.pop(); callee(...args).then(value => done(null, value), done); };
export const stripVTControlCharacters = text => text.replace(/\x1b\[[0-9;?]*[a-zA-Z]/g, '');
export const debuglog = () => Object.assign(() => {}, { enabled: false });
export const { isArray } = Array;
export default { format, inspect, promisify, isDeepStrictEqual, types, TextEncoder, TextDecoder, inherits, deprecate, callbackify, stripVTControlCharacters, debuglog, isArray };
