// Members of Playwright's documented API that are not here yet: whoever reaches for one is told its name and what there is instead.
// Names that Playwright does not have either stay undefined, as in any object.

/** The refusal. Its stack begins at the caller of `member`. `why` is given for what will not come. */
export function missing(owner, member, supported, below = missing, why = undefined) {
  const error = new Error(why ? `${owner}.${member} is not supported: ${why}` : `${owner}.${member} is not supported yet. Supported: ${[...supported].sort().join(', ')}`);
  Error.captureStackTrace(error, below);
  return error;
}

/** Methods and getters that only refuse. */
const refusals = new WeakSet();

/**
 * Puts refusals on `target` (a prototype or a plain object), called `owner` in messages: `methods` fail when they are called,
 * `properties` when they are read. Both are names with spaces between; what is there already is left alone. `why(name)` says what
 * will not come.
 */
export function lacks(target, owner, { methods = '', properties = '', supported = members, why = () => undefined } = {}) {
  const refuse = (name, below) => { throw missing(owner, name, supported(target).filter(member => !isMissing(target, member)), below, why(name)); };
  for (const name of names(methods)) {
    if (name in target) continue;
    const method = { [name]() { return refuse(name, method); } }[name];
    refusals.add(method);
    Object.defineProperty(target, name, { value: method, writable: true, configurable: true });
  }
  for (const name of names(properties)) {
    if (name in target) continue;
    const get = () => refuse(name, get);
    refusals.add(get);
    // Instances, fixtures and tests may put something of their own there.
    const set = function (value) { Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true }); };
    Object.defineProperty(target, name, { get, set, configurable: true });
  }
}

const names = text => text.split(/\s+/).filter(Boolean);

/** Whether `name` of `target` only refuses. */
export function isMissing(target, name) {
  for (let at = target; at; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    const held = found?.get ?? found?.value;
    if (found) return typeof held === 'function' && refusals.has(held);
  }
  return false;
}

/** What people may use of an object: its own class's members and those above. */
export function members(target) {
  const found = new Set();
  for (let at = target; at && at !== Object.prototype && at !== Function.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) if (!name.startsWith('_') && name !== 'constructor') found.add(name);
  return [...found];
}
