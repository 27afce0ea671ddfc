// Files that pages download.
import { apiCall, quiet } from '../op.js';
import { Emitter } from './emitter.js';

export class Download {
  constructor(page, { download, url, suggestedFilename }) {
    this._id = download;
    this._page = page;
    this._url = url;
    this._name = suggestedFilename;
  }
  page() { return this._page; }
  url() { return this._url; }
  suggestedFilename() { return this._name; }
  failure() { return this.#call('failure'); }
  path() { return this.#call('path'); }
  async saveAs(path) { await apiCall('download.saveAs', 'Save download', 'download.saveAs', { download: this._id, path: String(path) }, {}); }
  async createReadStream() { return new Content(Buffer.from((await this.#call('read', 'createReadStream')).base64, 'base64')); }
  async cancel() { await this.#call('cancel'); }
  async delete() { await this.#call('delete'); }
  #call(operation, method = operation) { return quiet(`download.${method}`, `download.${operation}`, { download: this._id }); }
}

/** What of a stream people use: `for await`, or `data` and `end`. */
class Content extends Emitter {
  #bytes;
  constructor(bytes) { super(); this.#bytes = bytes; }
  async *[Symbol.asyncIterator]() { if (this.#bytes.length) yield this.#bytes; }
  _subscribed(event, enabled) {
    if (event !== 'data' || !enabled) return;
    queueMicrotask(() => {
      if (this.#bytes.length) this.emit('data', this.#bytes);
      this.emit('end');
      this.emit('close');
    });
  }
}
