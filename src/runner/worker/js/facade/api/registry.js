// The host's objects by id, and the events it tells about them.
const objects = new Map();

export function register(id, object) {
  objects.set(id, object);
  return object;
}
export function lookup(id) { return objects.get(id); }
export function forget(id) { objects.delete(id); }

/** An `Event` message of the host. Those about objects nobody knows any more are late. */
export function dispatchEvent({ target, name, params }) {
  objects.get(target)?._event(name, params);
}
