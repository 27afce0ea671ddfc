// BrowserContext.
import { apiCall, apiStep, op, quiet } from '../op.js';
import { openSession } from './cdp.js';
import { Clock } from './clock.js';
import { installCookies } from './cookies.js';
import { Credentials } from './credentials.js';
import { Emitter } from './emitter.js';
import { ConsoleMessage } from './events.js';
import { addInitScript, expose, withoutSource } from './exposed.js';
import { Frame } from './frame.js';
import { textHeaders } from './headers.js';
import { requestOf, responseOf } from './network.js';
import { Page } from './page.js';
import { APIRequestContext } from './request.js';
import { Route } from './route.js';
import { decide, installRouting } from './routing.js';
import { closedBecause, register, forget, lookup } from './registry.js';
import { installSocketRouting, socketOpened } from './socketroute.js';
import { kinds, storedState } from './state.js';
import { Timeouts } from './timeouts.js';
import { Tracing } from './tracing.js';
import { eventStep } from './waiter.js';
import { Worker } from './worker.js';

/** Those that the host tells only to who asked. */
const SUBSCRIBED = ['console', 'dialog', 'dialogclosed', 'download', 'request', 'response', 'requestfinished', 'requestfailed', 'weberror'];

export class BrowserContext extends Emitter {
  constructor(browser, id, options) {
    super();
    this._id = id;
    this._browser = browser;
    this._options = options;
    this._timeouts = new Timeouts(undefined);
    this._pages = new Set();
    this._videos = [];
    /** Requests the host told of, by its name for them. */
    this._requests = new Map();
    /** What follows from closing comes later. */
    this._closing = false;
    this._closed = false;
    /** Functions that its pages may call, by name. */
    this._exposed = new Map();
    this._routes = [];
    this._workers = new Set();
    /** What its pages are to tell whoever listens to them. */
    this._wanted = new Set();
    register(id, this);
  }
  _event(name, params) {
    if (name === 'page') {
      const page = new Page(this, params);
      this._pages.add(page);
      this.#forward(page);
      this.emit('page', page);
      if (page._opener) page._opener.emit('popup', page);
    } else if (name === 'route') {
      decide(new Route(params.route, requestOf(params.request, this._requests), this), null, this);
    } else if (name === 'webSocketRoute') {
      socketOpened(params, null, this);
    } else if (name === 'worker') {
      this.emit('serviceworker', new Worker(this, null, params));
    } else if (name === 'console') {
      const message = new ConsoleMessage(null, params);
      message.worker()?.emit('console', message);
      this.emit('console', message);
    } else if (name === 'request' || name === 'requestfinished' || name === 'requestfailed') {
      this.emit(name, requestOf(params, this._requests));
    } else if (name === 'response') {
      this.emit(name, responseOf(params, this._requests));
    } else if (name === 'closed') {
      this._gone();
    }
  }
  #forward(page) {
    for (const event of this._wanted) page._subscribed(event, true);
  }
  _subscribed(event, enabled) {
    if (!SUBSCRIBED.includes(event) || !enabled) return;
    const topic = event === 'weberror' ? 'pageerror' : event;
    this._wanted.add(topic);
    for (const page of this._pages) page._subscribed(topic, true);
  }
  _gone() {
    if (this._closed) return;
    this._closing = true;
    this._closed = true;
    this._requests.clear();
    for (const page of [...this._pages]) page._gone();
    for (const worker of this._workers) worker._gone();
    this._browser._contexts.delete(this);
    forget(this._id);
    this.emit('close', this);
  }
  browser() { return this._browser; }
  get clock() { return this._clock ??= new Clock(this); }
  get credentials() { return (this._credentials ??= new Credentials(this)); }
  get request() {
    this._request ??= new APIRequestContext({ context: this._id }, () => this._options.baseURL, options => this._timeouts.forAction(options));
    return this._request;
  }
  get tracing() { return (this._tracing ??= new Tracing({ context: this._id }, () => this._options.baseURL)); }
  pages() { return [...this._pages]; }
  serviceWorkers() { return [...this._workers]; }
  /** Of extensions, which Chromium has no more. */
  backgroundPages() { return []; }
  isClosed() { return this._closing; }
  setDefaultTimeout(timeout) { this._timeouts.action = timeout; }
  setDefaultNavigationTimeout(timeout) { this._timeouts.navigation = timeout; }
  async newPage() {
    if (this._ownerPage) throw new Error('Please use browser.newContext()');
    return apiStep('browserContext.newPage', 'Create page', {}, async step => {
      const { page } = await op('context.newPage', { context: this._id }, { apiName: 'browserContext.newPage', step: step.id, stack: step.stack });
      return lookup(page);
    });
  }
  async newCDPSession(page) {
    if (!(page instanceof Page) && !(page instanceof Frame)) throw new Error('page: expected Page or Frame');
    return openSession('browserContext.newCDPSession', page instanceof Page ? { page: page._id } : { frame: page._id });
  }
  async close(options) {
    if (this._closing) return;
    this._closing = true;
    this._closesBecause(options?.reason);
    await apiCall('browserContext.close', 'Close context', 'context.close', { context: this._id }, {});
    this._gone();
  }
  _closesBecause(reason) {
    if (reason !== undefined) for (const closing of [this, ...this._pages]) closedBecause(closing, reason);
  }
  toJSON() { return { _type: 'BrowserContext', _guid: this._id }; }
  async [Symbol.asyncDispose]() { await this.close(); }
  grantPermissions(permissions, options) { return this.#quiet('grantPermissions', { permissions, origin: options?.origin }); }
  clearPermissions() { return this.#quiet('clearPermissions', {}); }
  setGeolocation(geolocation) { return this.#quiet('setGeolocation', { geolocation }); }
  setOffline(offline) { return this.#quiet('setOffline', { offline }); }
  setHTTPCredentials(httpCredentials) { return this.#quiet('setHTTPCredentials', { httpCredentials }); }
  async setExtraHTTPHeaders(headers) { return this.#quiet('setExtraHTTPHeaders', { headers: textHeaders(headers) }); }
  addInitScript(script, arg, options) { return addInitScript(this, 'browserContext', 'context', script, arg, options); }
  exposeFunction(name, callback) { return expose(this, 'browserContext', 'context', 'exposeFunction', name, withoutSource(callback)); }
  exposeBinding(name, callback) { return expose(this, 'browserContext', 'context', 'exposeBinding', name, callback); }
  storageState(options = {}) {
    return storedState(() => this.#quiet('storageState', kinds(options)), options.path, 'browserContext.storageState');
  }
  setStorageState(storageState) { return this.#quiet('setStorageState', { options: { storageState } }); }
  #quiet(method, params) { return quiet(`browserContext.${method}`, `context.${method}`, { context: this._id, ...params }); }
  waitForEvent(event, optionsOrPredicate = {}) {
    return eventStep(this, 'browserContext.waitForEvent', event, optionsOrPredicate);
  }
}

installCookies(BrowserContext.prototype, 'browserContext', context => ['context', context._id]);
installRouting(BrowserContext.prototype, 'browserContext', 'context', context => context._options.baseURL);
installSocketRouting(BrowserContext.prototype, 'browserContext', 'context', context => context._options.baseURL);
