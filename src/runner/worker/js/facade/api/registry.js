// The host's objects by id, and the events it tells about them.
const objects = new Map();

export function register(id, object) {
  objects.set(id, object);
  return object;
}
export function lookup(id) { return objects.get(id); }
export function forget(id) { objects.delete(id); }

/** Why a page was closed, by its name and those of its frames; the oldest go first. */
const reasons = new Map();
export function closedBecause(page, reason) {
  for (const id of [page._id, ...page.frames().map(frame => frame._id)]) reasons.set(id, reason);
  while (reasons.size > 1000) reasons.delete(reasons.keys().next().value);
}
export const whyClosed = id => reasons.get(id);

/** An `Event` message of the host. Those about objects nobody knows any more are late. */
export function dispatchEvent({ target, name, params }) {
  objects.get(target)?._event(name, params);
}
