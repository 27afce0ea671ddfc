// The host's objects by id, and the events it tells about them.
const objects = new Map();

export function register(id, object) {
  objects.set(id, object);
  return object;
}
export function lookup(id) { return objects.get(id); }
export function forget(id) { objects.delete(id); }

/** Why a page or a context was closed, by its name, a page also by those of its frames; the oldest go first. */
const reasons = new Map();
export function closedBecause(object, reason) {
  for (const id of [object._id, ...object.frames?.().map(frame => frame._id) ?? []]) reasons.set(id, reason);
  while (reasons.size > 1000) reasons.delete(reasons.keys().next().value);
}
/** Whether the object of this name was there and is not any more. */
export const isGone = id => reasons.has(id) || (/^(page|frame|context)@/.test(id) && !objects.has(id));
export const whyClosed = id => reasons.get(id);

/** An `Event` message of the host. Those about objects nobody knows any more are late. */
export function dispatchEvent({ target, name, params }) {
  objects.get(target)?._event(name, params);
}
