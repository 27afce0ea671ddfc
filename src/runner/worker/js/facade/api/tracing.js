// `tracing` of a browser's context or of requests: traces and archives, begun and ended by the test itself.
import { op, quiet } from '../op.js';
import { capture, locationOf, native } from '../native.js';
import { beginStep } from '../steps.js';
import { defaultContent, isZip, recordArchive } from './archive.js';
import { disposable } from './disposable.js';

export class Tracing {
  /** `target` is what the host knows it by, `base()` the address that patterns count from. */
  constructor(target, base) {
    this._target = target;
    this._base = base;
    this._sources = false;
    this._groups = [];
  }
  async start({ name, title, screenshots = false, snapshots = false, sources = false } = {}) {
    const call = this.#call('start');
    const dom = typeof snapshots === 'object' ? Boolean(snapshots?.dom) : snapshots;
    await call('start', { screenshots, snapshots: dom });
    this._sources = sources;
    await call('startChunk', { title: title ?? name });
    return disposable(() => this.stop());
  }
  async startChunk({ name, title } = {}) {
    await this.#call('startChunk')('startChunk', { title: title ?? name });
    return disposable(() => this.stopChunk());
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
    return disposable(() => this.groupEnd());
  }
  async groupEnd() {
    this._groups.pop()?.end();
    await this.#call('groupEnd')('groupEnd', {});
  }
  async startHar(path, options = {}) {
    if (this._har) throw new Error('tracing.startHar: HAR recording has already been started');
    if (options.resourcesDir && isZip(path)) throw new Error('tracing.startHar: resourcesDir option is not compatible with a .zip har file');
    const { content = defaultContent(path), mode, resourcesDir, urlFilter } = options;
    this._har = await recordArchive(this._target, this._base(), 'tracing.startHar', path, { url: urlFilter, content, mode, resourcesDir });
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
    return (name, params) => op(`tracing.${name}`, { ...this._target, ...params }, { apiName: `tracing.${method}`, stack });
  }
}
