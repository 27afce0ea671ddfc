// What the transform leaves to helpers.
import { explain } from './explain.js';

// Decorators. It lowers them in TypeScript's old way; they are called here in the standard's
// (value, context), which is what Playwright's own transform does and what `@step` decorators are written for.
function decorateClass(decorators, target) {
  let result = target;
  const initializers = [];
  for (const decorator of decorators.toReversed()) {
    const context = { kind: 'class', name: target.name, metadata: undefined, addInitializer: callback => { initializers.push(callback); } };
    result = decorator(result, context) ?? result;
  }
  for (const initializer of initializers) initializer.call(result);
  return result;
}

function decorateMember(decorators, target, key) {
  const property = Object.getOwnPropertyDescriptor(target, key);
  // A field: nothing is there before there is an instance.
  if (!property) return;
  const slot = property.get ? 'get' : property.set ? 'set' : 'value';
  const kind = { get: 'getter', set: 'setter', value: 'method' }[slot];
  const access = { has: object => key in object, get: object => object[key], set: (object, value) => { object[key] = value; } };
  for (const decorator of decorators.toReversed()) {
    const context = { kind, name: key, static: typeof target === 'function', private: false, access, metadata: undefined, addInitializer() {} };
    property[slot] = decorator(property[slot], context) ?? property[slot];
  }
  Object.defineProperty(target, key, property);
}

globalThis.babelHelpers = {
  decorate: (decorators, target, key) => (key === undefined ? decorateClass(decorators, target) : decorateMember(decorators, target, key)),
  decorateMetadata: () => target => target,
  decorateParam: () => target => target,
};

// Every `catch (e)` begins with it.
Object.defineProperty(globalThis, '__caught', { value: explain });
// So does what handles a rejection.
const { then } = Promise.prototype;
Object.defineProperty(Promise.prototype, 'then', {
  configurable: true,
  writable: true,
  value: {
    then(fulfilled, rejected) {
      return then.call(this, fulfilled, typeof rejected === 'function' ? error => rejected(explain(error)) : rejected);
    },
  }.then,
});
