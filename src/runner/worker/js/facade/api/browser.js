// Browser: the one that is there for all tests, and those that a test starts itself.
import { withCertificates } from './certificates.js';
import { apiStep, op, quiet } from '../op.js';
import { openSession } from './cdp.js';
import { BrowserContext } from './context.js';
import { Emitter } from './emitter.js';
import { recordHar } from './archive.js';
import { forget, lookup, register } from './registry.js';

const CLOSED = 'Target page, context or browser has been closed';

export class Browser extends Emitter {
  /** `defaults()` are the `use` options of the running test; without an `id` it is the one that is there for all. */
  constructor(type, defaults, { id, version = '' } = {}) {
    super();
    this._type = type;
    this._defaults = defaults;
    this._id = id;
    this._version = version;
    this._contexts = new Set();
    this._closed = false;
    if (id !== undefined) register(id, this);
  }
  _event(name) {
    if (name === 'disconnected') this.#gone();
  }
  contexts() { return [...this._contexts]; }
  isConnected() { return !this._closed; }
  version() { return this._version; }
  browserType() { return this._type; }
  /** What is known of a browser once there is one. */
  async _learn() { this._version ||= (await quiet('', 'browser.version', {})).version; }
  newContext(options) {
    return apiStep('browser.newContext', 'Create context', {}, step => this._newContext({ ...this._defaults().context, ...options }, 'browser.newContext', step));
  }
  async _newContext(options, apiName, step) {
    this.#mustBeOpen(apiName || 'browser.newContext');
    if (options.recordVideo) options = { ...options, recordVideo: { dir: this._defaults().artifacts, ...options.recordVideo } };
    const { context, version } = await op('context.new', { browser: this._id, options: withCertificates(options, apiName) }, { apiName, step: step?.id, stack: step?.stack });
    this._version = version;
    const made = this._add(context, options);
    if (options.recordHar) await recordHar(made, options.recordHar, apiName);
    return made;
  }
  /** A context that the host calls `id`. */
  _add(id, options) {
    const made = new BrowserContext(this, id, options);
    const { action, navigation } = this._defaults().timeouts ?? {};
    made._timeouts.action = action;
    made._timeouts.navigation = navigation;
    this._contexts.add(made);
    this.emit('context', made);
    return made;
  }
  /** A page with a context of its own, which goes with it. */
  newPage(options) {
    return apiStep('browser.newPage', 'Create page', {}, async step => {
      const context = await this._newContext({ ...this._defaults().context, ...options }, 'browser.newPage', step);
      const { page } = await op('context.newPage', { context: context._id }, { apiName: 'browser.newPage', step: step.id, stack: step.stack });
      const made = lookup(page);
      made._ownsContext = true;
      context._ownerPage = made;
      return made;
    });
  }
  newBrowserCDPSession() { return openSession('browser.newBrowserCDPSession', { browser: this._id }); }
  async startTracing(page, options = {}) {
    await quiet('browser.startTracing', 'browser.startTracing', { browser: this._id, page: page?._id, ...options });
  }
  async stopTracing() {
    return Buffer.from((await quiet('browser.stopTracing', 'browser.stopTracing', { browser: this._id })).base64, 'base64');
  }
  async close(options) {
    if (this._closed) return;
    await apiStep('browser.close', 'Close browser', {}, async () => {
      for (const context of this.contexts()) {
        context._closesBecause(options?.reason);
        await quiet('browser.close', 'context.close', { context: context._id });
        context._gone();
      }
      if (this._id !== undefined) await quiet('browser.close', 'browser.close', { browser: this._id });
    });
    this.#gone();
  }
  async [Symbol.asyncDispose]() { await this.close(); }
  toJSON() { return { _type: 'Browser', _guid: this._id ?? 'browser' }; }
  #mustBeOpen(apiName) {
    if (this._closed) throw new Error(`${apiName}: ${CLOSED}`);
  }
  #gone() {
    if (this._closed) return;
    for (const context of this.contexts()) context._gone();
    this._closed = true;
    if (this._id !== undefined) forget(this._id);
    this.emit('disconnected', this);
  }
}
