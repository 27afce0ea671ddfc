// Members of Playwright's documented API that are not here yet: whoever reaches for one is told its name and what there is instead.
// Names that Playwright does not have either stay undefined, as in any object.

/** The refusal. Its stack begins at the caller of `member`. */
export function missing(owner, member, supported, below = missing) {
  const error = new Error(`${owner}.${member} is not supported yet. Supported: ${[...supported].sort().join(', ')}`);
  Error.captureStackTrace(error, below);
  return error;
}

/**
 * Puts refusals on `target` (a prototype or a plain object), called `owner` in messages: `methods` fail when they are called,
 * `properties` when they are read. Both are names with spaces between; what is there already is left alone.
 */
export function lacks(target, owner, { methods = '', properties = '', supported = members } = {}) {
  const refused = new Set();
  const refuse = (name, below) => { throw missing(owner, name, supported(target).filter(member => !refused.has(member)), below); };
  for (const name of names(methods)) {
    if (name in target) continue;
    refused.add(name);
    const method = { [name]() { return refuse(name, method); } }[name];
    Object.defineProperty(target, name, { value: method, writable: true, configurable: true });
  }
  for (const name of names(properties)) {
    if (name in target) continue;
    refused.add(name);
    const get = () => refuse(name, get);
    // Fixtures and tests may put something of their own there.
    const set = function (value) { Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true }); };
    Object.defineProperty(target, name, { get, set, configurable: true });
  }
}

const names = text => text.split(/\s+/).filter(Boolean);

/** What people may use of an object: its own class's members and those above. */
export function members(target) {
  const found = new Set();
  for (let at = target; at && at !== Object.prototype && at !== Function.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) if (!name.startsWith('_') && name !== 'constructor') found.add(name);
  return [...found];
}
