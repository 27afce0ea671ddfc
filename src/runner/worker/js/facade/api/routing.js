// Routes of a page or a context: the last added is asked first, a page before its context.
import { quiet } from '../op.js';
import { Archive, recordArchive } from './archive.js';
import { disposable } from './disposable.js';
import { isRegExp } from '../values.js';
import { RouteHandler } from './route.js';
import { checkGlob } from './url.js';

/** Gives a class `route` and friends; `room` is `page` or `context`. */
export function installRouting(prototype, api, room, baseOf) {
  const update = self => quiet(`${api}.route`, `${room}.setRouted`, { [room]: self._id, routed: self._routes.length > 0 });
  const methods = {
    async route(url, handler, options = {}) {
      checkGlob(url, `${api}.route`);
      this._routes = [new RouteHandler(baseOf(this), url, handler, options.times), ...this._routes];
      await update(this);
      return disposable(() => this.unroute(url, handler));
    },
    async routeFromHAR(har, options = {}) {
      if (options.update) {
        const page = room === 'page' ? this : undefined;
        const { url, updateContent: content = 'attach', updateMode: mode = 'minimal' } = options;
        const context = this._context ?? this;
        await recordArchive({ context: context._id }, context._options.baseURL, `${api}.routeFromHAR`, har, { url, content, mode, page });
        return;
      }
      const archive = await Archive.open(har, `${api}.routeFromHAR`);
      await this.route(options.url ?? '**/*', archive.handler(options.notFound ?? 'abort'));
    },
    async unroute(url, handler) {
      const removed = this._routes.filter(route => sameUrl(route.url, url) && (!handler || route.handler === handler));
      await this._removeRoutes(removed);
    },
    async unrouteAll(options = {}) {
      await this._removeRoutes([...this._routes], options.behavior);
    },
    async _removeRoutes(removed, behavior) {
      this._routes = this._routes.filter(route => !removed.includes(route));
      if (behavior && behavior !== 'default') await Promise.all(removed.map(route => route.stop(behavior)));
      await update(this);
    },
    /** Whether one of the routes here decided. */
    async _ask(route) {
      for (const handler of [...this._routes]) {
        if (this._closed) return true;
        if (!handler.matches(route.request().url()) || !this._routes.includes(handler)) continue;
        if (handler.expires()) this._routes = this._routes.filter(other => other !== handler);
        const decided = await handler.handle(route);
        if (!this._routes.length) update(this).catch(() => {});
        if (decided) return true;
      }
      return false;
    },
  };
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

/** Asks a page's routes, then its context's; nobody decided: it goes on as it is by now. */
export async function decide(route, page, context) {
  if (page && await page._ask(route)) return;
  if (await context._ask(route)) return;
  await route._continue().catch(() => {});
}

const sameUrl = (a, b) => (isRegExp(a) && isRegExp(b) ? a.source === b.source && a.flags === b.flags : a === b);
