// Locator handlers of a page: what to do when something shows up in front.
import { apiCall, quiet } from '../op.js';

export async function addLocatorHandler(page, locator, handler, options = {}) {
  if (locator._frame !== page._main) throw new Error('Locator must belong to the main frame of this page');
  if (options.times === 0) return;
  const { handler: id } = await apiCall('page.addLocatorHandler', `Register locator handler ${locator}`, 'page.addLocatorHandler', { page: page._id, selector: locator._selector, noWaitAfter: Boolean(options.noWaitAfter) }, {});
  page._handlers.set(id, { locator, handler, times: options.times });
}

export async function removeLocatorHandler(page, locator) {
  for (const [id, known] of [...page._handlers]) if (known.locator._selector === locator._selector && known.locator._frame === locator._frame) await remove(page, id);
}

function remove(page, id) {
  page._handlers.delete(id);
  return quiet('page.removeLocatorHandler', 'page.removeLocatorHandler', { page: page._id, handler: id });
}

/** An action waits. What the handler throws ends the test, as nobody waits for it. */
export async function covered(page, id) {
  const known = page._handlers.get(id);
  try {
    if (!known) return;
    if (known.times !== undefined) known.times--;
    if (known.times === 0) await remove(page, id);
    await known.handler(known.locator);
  } finally {
    quiet('', 'page.uncovered', { page: page._id, handler: id }).catch(() => {});
  }
}
