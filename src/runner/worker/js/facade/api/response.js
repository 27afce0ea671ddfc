// The answer to a request that a test made itself.
import { quiet } from '../op.js';
import { RawHeaders } from './headers.js';

export class APIResponse {
  #data;
  #headers;
  constructor(data) {
    this.#data = data;
    this.#headers = new RawHeaders(data.headers);
    this._id = data.id;
    /** What the call noted, for matchers that fail. */
    this._log = data.log;
  }
  ok() { return this.#data.status >= 200 && this.#data.status <= 299; }
  url() { return this.#data.url; }
  status() { return this.#data.status; }
  statusText() { return this.#data.statusText; }
  headers() { return this.#headers.object(); }
  headersArray() { return this.#headers.list(); }
  timing() { return { ...this.#data.timing }; }
  async securityDetails() { return this.#data.securityDetails ?? null; }
  async serverAddr() { return this.#data.serverAddr ?? null; }
  body() { return this._body('apiResponse.body'); }
  async text() { return (await this._body('apiResponse.text')).toString('utf8'); }
  async json() { return JSON.parse((await this._body('apiResponse.json')).toString('utf8')); }
  async dispose() { await quiet('apiResponse.dispose', 'api.disposeResponse', { response: this._id }); }
  async [Symbol.asyncDispose]() { await this.dispose(); }
  async _body(apiName) {
    return Buffer.from((await quiet(apiName, 'api.body', { response: this._id })).base64, 'base64');
  }
}
