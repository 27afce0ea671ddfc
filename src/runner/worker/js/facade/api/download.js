// Files that pages download.
import { apiCall, quiet } from '../op.js';
import { Readable } from 'understudy:polyfills/node/stream.js';

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
  async createReadStream() {
    const bytes = Buffer.from((await this.#call('read', 'createReadStream')).base64, 'base64');
    return new Readable({ read() { this.push(bytes); this.push(null); } });
  }
  async cancel() { await this.#call('cancel'); }
  async delete() { await this.#call('delete'); }
  #call(operation, method = operation) { return quiet(`download.${method}`, `download.${operation}`, { download: this._id }); }
}
