// Page: a main frame, its children, devices and events.
import { apiCall, apiStep, closedError, op, quiet, unlessClosed } from '../op.js';
import { Coverage } from './coverage.js';
import { Emitter } from './emitter.js';
import { Download } from './download.js';
import { ConsoleMessage, Dialog, FileChooser, pageError, WebError } from './events.js';
import { addInitScript, expose, exposedCalled, withoutSource } from './exposed.js';
import { Frame, installFrameMethods } from './frame.js';
import { addLocatorHandler, covered, removeLocatorHandler } from './handlers.js';
import { Keyboard, Mouse, Touchscreen } from './input.js';
import { installGetBy } from './locator.js';
import { textHeaders } from './headers.js';
import { makeResponse, requestOf, responseOf } from './network.js';
import { closedBecause, register, forget, lookup } from './registry.js';
import { Route } from './route.js';
import { decide, installRouting } from './routing.js';
import { installSocketRouting, socketOpened } from './socketroute.js';
import { paper } from './pdf.js';
import { Screencast } from './screencast.js';
import { saveScreenshot, screenshotOptions } from './screenshot.js';
import { ariaSnapshot, ariaSnapshotJSON } from './snapshot.js';
import { Timeouts } from './timeouts.js';
import { matchesUrl, shortPattern } from './url.js';
import { eventStep } from './waiter.js';
import { Video } from './video.js';
import { WebSocket } from './websocket.js';
import { WebStorage } from './webstorage.js';
import { Worker } from './worker.js';

/** Those that the host tells only to who asked. */
const SUBSCRIBED = ['console', 'dialog', 'pageerror', 'request', 'response', 'requestfinished', 'requestfailed', 'download', 'filechooser', 'websocket'];

export class Page extends Emitter {
  constructor(context, { page, mainFrame, opener, viewport, video }) {
    super();
    this._id = page;
    this._context = context;
    this._timeouts = new Timeouts(context._timeouts);
    this._frames = new Set();
    this._main = new Frame(this, mainFrame);
    this._frames.add(this._main);
    this._opener = opener ? lookup(opener) : null;
    this._viewport = viewport ?? null;
    this._video = video ? new Video(video) : null;
    if (video) context._videos.push(this._video);
    this._closed = false;
    /** Functions that pages may call, by name. */
    this._exposed = new Map();
    /** Those that were given to the document that is there. */
    this._callbacks = new Set();
    /** Locator handlers by the host's number. */
    this._handlers = new Map();
    this._routes = [];
    this._workers = new Set();
    /** The one that is open. */
    this._dialog = null;
    this.keyboard = new Keyboard(this);
    this.mouse = new Mouse(this);
    this.touchscreen = new Touchscreen(this);
    this.localStorage = new WebStorage(this, 'local');
    this.sessionStorage = new WebStorage(this, 'session');
    register(page, this);
  }
  _event(name, params) {
    switch (name) {
      case 'frameAttached': {
        const frame = new Frame(this, { ...params, parent: lookup(params.parent) });
        this._frames.add(frame);
        this._tell('frameattached', frame);
        break;
      }
      case 'closed': this._gone(); break;
      case 'screencastFrame': this._screencast?._frame(params); break;
      case 'crashed': this.emit('crash', this); break;
      case 'viewport': this._viewport = { width: params.width, height: params.height }; break;
      case 'console': this.#said(new ConsoleMessage(this, params)); break;
      case 'worker': this.emit('worker', new Worker(this._context, this, params)); break;
      case 'dialog': this.#dialog(new Dialog(this, params)); break;
      case 'dialogclosed': this.#dialogClosed(); break;
      case 'pageerror': this.#failed(pageError(params), params.location); break;
      case 'request': case 'requestfinished': case 'requestfailed': this._tell(name, requestOf(params, this._context._requests)); break;
      case 'response': this._tell(name, responseOf(params, this._context._requests)); break;
      case 'websocket': this.emit('websocket', new WebSocket(this, params)); break;
      case 'route': decide(new Route(params.route, requestOf(params.request, this._context._requests), this._context), this, this._context); break;
      case 'webSocketRoute': socketOpened(params, this, this._context); break;
      case 'covered': covered(this, params.handler); break;
      case 'exposed': exposedCalled(this, params); break;
      case 'filechooser': this.emit('filechooser', new FileChooser(this, params)); break;
      case 'download': this._tell('download', new Download(this, params)); break;
    }
  }
  /** An event of the page that its context has too. */
  _tell(name, value) {
    this.emit(name, value);
    this._context.emit(name, value);
  }
  #said(message) {
    message.worker()?.emit('console', message);
    this._tell('console', message);
  }
  #failed(error, location) {
    this.emit('pageerror', error);
    this._context.emit('weberror', new WebError(this, error, location));
  }
  #dialogClosed() {
    const dialog = this._dialog;
    this._dialog = null;
    if (dialog) this._tell('dialogclosed', dialog);
  }
  #dialog(dialog) {
    this._dialog = dialog;
    const heard = this.emit('dialog', dialog);
    if (!this._context.emit('dialog', dialog) && !heard) dialog.dismiss().catch(() => {});
  }
  _gone() {
    if (this._closed) return;
    this._closed = true;
    this._context._pages.delete(this);
    forget(this._id);
    for (const frame of this._frames) forget(frame._id);
    for (const worker of this._workers) worker._gone();
    this.emit('close', this);
    this._context.emit('pageclose', this);
  }
  _subscribed(event, enabled) {
    if (event === 'dialogclosed') event = 'dialog';
    // Two events of one topic.
    if (event === 'dialog') enabled ||= this.listenerCount('dialog') + this.listenerCount('dialogclosed') > 0;
    enabled ||= this._context._wanted.has(event);
    if (SUBSCRIBED.includes(event) && !this._closed) quiet('', 'page.subscribe', { page: this._id, event, enabled }).catch(() => {});
  }
  _root() { return this._main; }
  _make(selector, text) { return this._main._make(selector, text); }

  context() { return this._context; }
  get clock() { return this._context.clock; }
  get request() { return this._context.request; }
  mainFrame() { return this._main; }
  frames() { return [...this._frames]; }
  frame(which) {
    const { name, url } = typeof which === 'string' ? { name: which } : which;
    return this.frames().find(frame => (name !== undefined ? frame.name() === name : matchesUrl(url, frame.url(), this._context._options.baseURL))) ?? null;
  }
  workers() { return [...this._workers]; }
  url() { return this._main.url(); }
  viewportSize() { return this._viewport && { ...this._viewport }; }
  isClosed() { return this._closed; }
  async opener() { return this._opener?.isClosed() ? null : this._opener; }
  setDefaultTimeout(timeout) { this._timeouts.action = timeout; }
  setDefaultNavigationTimeout(timeout) { this._timeouts.navigation = timeout; }

  async close({ reason, runBeforeUnload = false } = {}) {
    if (reason !== undefined && !this._closed) closedBecause(this, reason);
    if (this._ownsContext) { await this._context.close(); return; }
    const params = { page: this._id, runBeforeUnload };
    if (runBeforeUnload) { await apiCall('page.close', 'Run beforeunload', 'page.close', params, {}); return; }
    await unlessClosed(apiStep('page.close', 'Close page', {}, async step => {
      if (this._closed) throw closedError('page.close');
      await op('page.close', params, { apiName: 'page.close', step: step.id, stack: step.stack });
    }));
    this._gone();
  }
  async [Symbol.asyncDispose]() { await this.close(); }
  reload(options) { return this.#travel('reload', 'Reload', options); }
  goBack(options) { return this.#travel('goBack', 'Go back', options); }
  goForward(options) { return this.#travel('goForward', 'Go forward', options); }
  async #travel(method, title, options) {
    const params = { page: this._id, waitUntil: options?.waitUntil ?? 'load', timeout: this._timeouts.forNavigation(options) };
    return makeResponse(await apiCall(`page.${method}`, title, `page.${method}`, params, {}), this);
  }
  async screenshot(options = {}) {
    return saveScreenshot(await apiCall('page.screenshot', 'Screenshot', 'page.screenshot', { ...screenshotOptions('page.screenshot', options), page: this._id, timeout: this._timeouts.forAction(options) }, {}));
  }
  async pdf(options = {}) {
    const { base64 } = await apiCall('page.pdf', 'PDF', 'page.pdf', { ...paper(options), page: this._id }, options);
    return Buffer.from(base64, 'base64');
  }
  video() { return this._video; }
  get screencast() { return (this._screencast ??= new Screencast(this)); }
  get coverage() { return (this._coverage ??= new Coverage(this)); }
  async setViewportSize({ width, height }) {
    await apiCall('page.setViewportSize', 'Set viewport size', 'page.setViewportSize', { page: this._id, width, height });
    this._viewport = { width, height };
  }
  bringToFront() { return apiCall('page.bringToFront', 'Bring to front', 'page.bringToFront', { page: this._id }, {}); }
  emulateMedia(options = {}) { return apiCall('page.emulateMedia', 'Emulate media', 'page.emulateMedia', { page: this._id, ...options }); }
  addInitScript(script, arg, options) { return addInitScript(this, 'page', 'page', script, arg, options); }
  async consoleMessages(options) {
    const found = await quiet('page.consoleMessages', 'page.heard', { page: this._id, what: 'console', all: options?.filter === 'all' });
    return found.map(message => new ConsoleMessage(this, message));
  }
  async pageErrors(options) {
    return (await quiet('page.pageErrors', 'page.heard', { page: this._id, what: 'pageerror', all: options?.filter === 'all' })).map(pageError);
  }
  async requests() {
    return (await quiet('page.requests', 'page.heard', { page: this._id, what: 'request' })).map(data => requestOf(data, this._context._requests));
  }
  clearConsoleMessages() { return quiet('page.clearConsoleMessages', 'page.heard', { page: this._id, what: 'console', clear: true }); }
  clearPageErrors() { return quiet('page.clearPageErrors', 'page.heard', { page: this._id, what: 'pageerror', clear: true }); }
  requestGC() { return quiet('page.requestGC', 'page.requestGC', { page: this._id }); }
  addLocatorHandler(locator, handler, options) { return addLocatorHandler(this, locator, handler, options); }
  removeLocatorHandler(locator) { return removeLocatorHandler(this, locator); }
  exposeFunction(name, callback) { return expose(this, 'page', 'page', 'exposeFunction', name, withoutSource(callback)); }
  exposeBinding(name, callback) { return expose(this, 'page', 'page', 'exposeBinding', name, callback); }
  async setExtraHTTPHeaders(headers) { return quiet('page.setExtraHTTPHeaders', 'page.setExtraHTTPHeaders', { page: this._id, headers: textHeaders(headers) }); }

  waitForEvent(event, optionsOrPredicate = {}) {
    return eventStep(this, 'page.waitForEvent', event, optionsOrPredicate, `waiting for event "${event}"`);
  }
  waitForRequest(pattern, options) { return this.#traffic('waitForRequest', 'request', pattern, options); }
  waitForResponse(pattern, options) { return this.#traffic('waitForResponse', 'response', pattern, options); }
  #traffic(method, event, pattern, options) {
    if (typeof pattern === 'function') return eventStep(this, `page.${method}`, event, { ...options, predicate: pattern });
    const predicate = item => matchesUrl(pattern, item.url(), this._context._options.baseURL);
    return eventStep(this, `page.${method}`, event, { ...options, predicate }, `waiting for ${event} ${shortPattern(pattern)}`);
  }
  ariaSnapshot(options) { return ariaSnapshot('page', '', this.#body(options), options); }
  ariaSnapshotJSON(options) { return ariaSnapshotJSON('page', '', this.#body(options), options); }
  #body(options) { return { frame: this._main._id, selector: 'body,frameset', strict: false, timeout: this._timeouts.forAction(options) }; }
  getByRef(ref) { return this.locator(`aria-ref=${ref}`); }
  async hideHighlight() {
    for (const frame of this._frames) await quiet('page.hideHighlight', 'locator.hideHighlight', { frame: frame._id, selector: 'html', all: true });
  }
  async pause() {
    console.warn('page.pause() pauses nothing here: nobody sits in front of the browser of a run');
  }
  toJSON() { return { _type: 'Page', _guid: this._id }; }
}
installGetBy(Page.prototype);
installFrameMethods(Page.prototype, 'page', page => page._main);
installRouting(Page.prototype, 'page', 'page', page => page._context._options.baseURL);
installSocketRouting(Page.prototype, 'page', 'page', page => page._context._options.baseURL);
