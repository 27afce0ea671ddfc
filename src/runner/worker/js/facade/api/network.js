// Requests and responses, as far as a navigation or an event tells of them.
import { quiet } from '../op.js';
import { lookup } from './registry.js';

export class Request {
  constructor(data) { this._data = data; }
  url() { return this._data.url; }
  method() { return this._data.method; }
  resourceType() { return this._data.resourceType; }
  headers() { return { ...this._data.headers }; }
  async allHeaders() { return this.headers(); }
  async headerValue(name) { return this._data.headers?.[name.toLowerCase()] ?? null; }
  postData() { return this._data.postData ?? null; }
  postDataJSON() { return this._data.postData ? JSON.parse(this._data.postData) : null; }
  failure() { return this._data.failure ? { errorText: this._data.failure } : null; }
  isNavigationRequest() { return Boolean(this._data.isNavigationRequest); }
  frame() { return lookup(this._data.frame); }
}

export class Response {
  constructor(data) {
    this._data = data;
    this._request = new Request(data.request ?? { url: data.url, method: 'GET', headers: {} });
  }
  url() { return this._data.url; }
  status() { return this._data.status; }
  statusText() { return this._data.statusText ?? ''; }
  ok() { return this._data.status === 0 || (this._data.status >= 200 && this._data.status <= 299); }
  headers() { return { ...this._data.headers }; }
  async allHeaders() { return this.headers(); }
  async headerValue(name) { return this._data.headers?.[name.toLowerCase()] ?? null; }
  request() { return this._request; }
  frame() { return this._request.frame(); }
  async body() {
    return Buffer.from((await quiet('response.body', 'response.body', { response: this._data.id })).base64, 'base64');
  }
  async text() { return (await this.body()).toString('utf8'); }
  async json() { return JSON.parse(await this.text()); }
  async finished() { await quiet('response.finished', 'response.body', { response: this._data.id }); return null; }
}

export const makeResponse = result => (result?.response ? new Response(result.response) : null);
