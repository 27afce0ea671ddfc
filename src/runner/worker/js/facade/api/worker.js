// Workers: those of a page, and service workers, which belong to a context.
import { Emitter } from './emitter.js';
import { evaluate, oneArgument } from './handle.js';
import { forget, register } from './registry.js';
import { eventStep } from './waiter.js';

export class Worker extends Emitter {
  /** `page` is null for a service worker. */
  constructor(context, page, { worker, url }) {
    super();
    this._id = worker;
    this._context = context;
    this._page = page;
    this._url = url;
    this._timeouts = (page ?? context)._timeouts;
    this._all = (page ?? context)._workers;
    this._all.add(this);
    register(worker, this);
  }
  _event(name) {
    if (name === 'closed') this._gone();
  }
  _gone() {
    if (!this._all.delete(this)) return;
    forget(this._id);
    this.emit('close', this);
  }
  /** What a service worker says is always told, what others say only where somebody wants what the page says. */
  _subscribed(event, enabled) {
    if (event !== 'console' || !this._page) return;
    this._ear ??= () => {};
    if (enabled) this._page.on('console', this._ear);
    else this._page.off('console', this._ear);
  }
  url() { return this._url; }
  async evaluate(expression, arg) {
    oneArgument(arguments.length, 2);
    return evaluate('worker.evaluate', 'worker.evaluate', { worker: this._id }, expression, arg);
  }
  async evaluateHandle(expression, arg) {
    oneArgument(arguments.length, 2);
    return evaluate('worker.evaluateHandle', 'worker.evaluate', { worker: this._id }, expression, arg, { returnHandle: true, page: this._page });
  }
  waitForEvent(event, optionsOrPredicate = {}) { return eventStep(this, 'worker.waitForEvent', event, optionsOrPredicate); }
  toJSON() { return { _type: 'Worker', _guid: this._id }; }
}
