// Errors of the engine itself get the words of V8 (explain.rs), in place: whoever looks at one later sees the same.
const native = globalThis.__native;
const OWN = [TypeError, ReferenceError, RangeError, URIError].map(type => type.prototype);

/** The same value. Errors that the test or anybody else made are left as they are. */
export function explain(error) {
  if (typeof error !== 'object' || error === null || !OWN.includes(Object.getPrototypeOf(error))) return error;
  const { message, stack } = error;
  if (typeof message !== 'string' || typeof stack !== 'string') return error;
  const words = native.explain(message, stack);
  if (words !== message) Object.defineProperty(error, 'message', { value: words, writable: true, configurable: true });
  return error;
}
