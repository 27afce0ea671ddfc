// `context.tracing`: traces of one context, begun and ended by the test itself.
import { op, quiet } from '../op.js';
import { capture, locationOf, native } from '../native.js';
import { beginStep } from '../steps.js';
import { defaultContent, isZip, recordArchive } from './archive.js';
import { disposable } from './disposable.js';

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
  async startHar(path, options = {}) {
    if (this._har) throw new Error('tracing.startHar: HAR recording has already been started');
    if (options.resourcesDir && isZip(path)) throw new Error('tracing.startHar: resourcesDir option is not compatible with a .zip har file');
    const { content = defaultContent(path), mode, resourcesDir, urlFilter } = options;
    this._har = await recordArchive(this._context, 'tracing.startHar', path, { url: urlFilter, content, mode, resourcesDir });
    return disposable(() => this.stopHar());
  }
  async stopHar() {
    const har = this._har;
    if (!har) throw new Error('tracing.stopHar: HAR recording has not been started');
    this._har = undefined;
    await quiet('tracing.stopHar', 'har.export', { har });
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
