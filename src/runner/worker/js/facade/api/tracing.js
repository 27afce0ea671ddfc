// `context.tracing`: traces of one context, begun and ended by the test itself.
import { op } from '../op.js';
import { capture, locationOf, native } from '../native.js';
import { beginStep } from '../steps.js';

export class Tracing {
  constructor(context) {
    this._context = context;
    this._sources = false;
    this._groups = [];
  }
  async start({ name, title, screenshots = false, snapshots = false, sources = false } = {}) {
    const call = this.#call('start');
    await call('start', { screenshots, snapshots });
    this._sources = sources;
    await call('startChunk', { title: title ?? name });
  }
  async startChunk({ name, title } = {}) {
    await this.#call('startChunk')('startChunk', { title: title ?? name });
  }
  async stopChunk({ path } = {}) {
    await this.#stopChunk(this.#call('stopChunk'), path);
  }
  async stop({ path } = {}) {
    const call = this.#call('stop');
    await this.#stopChunk(call, path);
    await call('stop', {});
  }
  async group(name, { location } = {}) {
    const stack = capture();
    const call = this.#call('group');
    const at = location ? { column: 1, line: 1, ...location } : locationOf(stack) ?? null;
    this._groups.push(beginStep({ category: 'pw:api', title: `Trace "${name}"`, apiName: 'tracing.group', params: { name }, stack, isParent: true }));
    await call('group', { name, location: at });
    return { [Symbol.asyncDispose]: () => this.groupEnd(), dispose: () => this.groupEnd() };
  }
  async groupEnd() {
    this._groups.pop()?.end();
    await this.#call('groupEnd')('groupEnd', {});
  }
  #stopChunk(call, path) {
    while (this._groups.length) this._groups.pop().end();
    return call('stopChunk', { path: path ?? null, sources: this._sources && path ? JSON.parse(native.sources()) : {} });
  }
  /** Operations of one call; beginning and ending a trace are no steps of the test. */
  #call(method) {
    const stack = capture();
    return (name, params) => op(`tracing.${name}`, { context: this._context._id, ...params }, { apiName: `tracing.${method}`, stack });
  }
}
