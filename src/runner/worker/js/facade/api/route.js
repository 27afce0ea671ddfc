// A request that waits for a decision, and who decides.
import { quiet } from '../op.js';
import { APIResponse } from './response.js';
import { headersList } from './headers.js';
import { bytes } from './network.js';
import { matchesUrl } from './url.js';
import { CLOSED } from './waiter.js';

export class Route {
  #id;
  #request;
  #context;
  /** Tells the handler's caller whether it is decided. */
  #decided = null;
  #threw = false;

  constructor(id, request, context) {
    this.#id = id;
    this.#request = request;
    this.#context = context;
  }
  request() { return this.#request; }
  async fallback(options = {}) {
    this.#check();
    this.#request._override(options);
    this.#report(false);
  }
  abort(errorCode) { return this.#decide(() => this.#op('abort', { errorCode })); }
  continue(options = {}) {
    return this.#decide(() => {
      this.#request._override(options);
      return this._continue();
    });
  }
  fulfill(options = {}) { return this.#decide(() => this.#op('fulfill', fulfillment(options))); }
  /** Sends the frame elsewhere. */
  _redirect(url) { return this.#decide(() => this.#op('redirect', { url })); }
  fetch(options = {}) { return this.#context.request._fetchRequest(this.#request, options, 'route.fetch'); }
  toJSON() { return { _type: 'Route', _guid: this.#id }; }

  /** Resolves to whether the handler that is called now decided. */
  _handling() { return new Promise(resolve => { this.#decided = resolve; }); }
  _threw() { return this.#threw; }
  _continue() {
    const { url, method, headers, postData } = this.#request._overrides;
    return this.#op('continue', { url, method, headers: headers && headersList(headers), postData: postData?.toString('base64') });
  }
  #op(method, params) { return quiet(`route.${method}`, `route.${method}`, { route: this.#id, ...params }); }
  async #decide(act) {
    this.#check();
    try {
      await act();
      this.#report(true);
    } catch (error) {
      this.#threw = true;
      throw error;
    }
  }
  #check() { if (!this.#decided) throw new Error('Route is already handled!'); }
  #report(decided) {
    const tell = this.#decided;
    this.#decided = null;
    tell(decided);
  }
}

/** What the host is to answer. */
function fulfillment({ status, headers, body, json, path, contentType, response }) {
  if (json !== undefined) {
    if (body !== undefined) throw new Error('Can specify either body or json parameters');
    body = JSON.stringify(json);
  }
  let fetched;
  if (response instanceof APIResponse) {
    status ??= response.status();
    headers ??= response.headers();
    if (body === undefined && path === undefined) fetched = response._id;
  }
  const all = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
  if (contentType) all['content-type'] = String(contentType);
  else if (json) all['content-type'] = 'application/json';
  // The host knows what kind of file it is.
  else if (path) delete all['content-type'];
  const content = body === undefined || body === '' ? undefined : bytes(body);
  if (content?.length && !('content-length' in all)) all['content-length'] = String(content.length);
  return { status: status || 200, headers: headersList(all), path, base64: content?.toString('base64'), fetched };
}

/** A pattern with its handler. */
export class RouteHandler {
  #base;
  #left;
  #running = new Set();
  #ignoresErrors = false;

  constructor(base, url, handler, times) {
    this.#base = base;
    this.url = url;
    this.handler = handler;
    this.#left = times ?? Infinity;
  }
  matches(url) { return matchesUrl(this.url, url, this.#base); }
  /** Whether this is its last time. */
  expires() { return this.#left <= 1; }
  async handle(route) {
    let done;
    const run = { route, over: new Promise(resolve => { done = resolve; }) };
    this.#running.add(run);
    try {
      this.#left--;
      const [decided] = await Promise.all([route._handling(), this.handler(route, route.request())]);
      return decided;
    } catch (error) {
      if (this.#ignoresErrors) return false;
      if (error?.isClosed || error?.message?.includes(CLOSED)) {
        error.message = `"${error.message}" while running route callback.
Consider awaiting \`await page.unrouteAll({ behavior: 'ignoreErrors' })\`
before the end of the test to ignore remaining routes in flight.`;
      }
      throw error;
    } finally {
      done();
      this.#running.delete(run);
    }
  }
  /** Waits for what runs, or does not care how it ends. */
  async stop(behavior) {
    if (behavior === 'ignoreErrors') this.#ignoresErrors = true;
    else await Promise.all([...this.#running].filter(({ route }) => !route._threw()).map(({ over }) => over));
  }
}
