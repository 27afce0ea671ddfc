// What `expect(value)` returns: the matchers, `not`, `resolves`, `rejects`.
import { callMatcher, KEPT, VALUE } from './call.js';
import { WEB } from './web.js';

const KNOWN = [...Object.keys(VALUE), ...Object.keys(WEB), ...Object.keys(KEPT), 'toPass'];

export function assertion(settings, custom, actual) {
  return modified(settings, custom, actual, { isNot: false, promise: '' });
}

function modified(settings, custom, actual, modifiers) {
  const made = {};
  const words = `expect(...)${modifiers.promise && `.${modifiers.promise}`}${modifiers.isNot ? '.not' : ''}`;
  for (const name of new Set([...KNOWN, ...Object.keys(custom)]))
    made[name] = (...args) => callMatcher({ settings, custom, actual, modifiers }, name, args);
  const derive = (name, changes) => Object.defineProperty(made, name, { get: () => modified(settings, custom, actual, { ...modifiers, ...changes }) });
  if (!modifiers.isNot) derive('not', { isNot: true });
  if (!modifiers.promise && !modifiers.isNot) {
    derive('resolves', { promise: 'resolves' });
    derive('rejects', { promise: 'rejects' });
  }
  return new Proxy(made, {
    get(target, name, self) {
      if (typeof name === 'string' && !(name in target) && /^to[A-Z]/.test(name)) throw new TypeError(`${words}.${name} is not a function\nMatchers: ${[...KNOWN, ...Object.keys(custom)].sort().join(', ')}`);
      return Reflect.get(target, name, self);
    },
  });
}
