// Requests and responses, as far as a navigation or an event tells of them.
import { quiet } from '../op.js';
import { lookup } from './registry.js';

export class Request {
  constructor(data, known) {
    this._data = data;
    this._from = data.redirectedFrom ? requestOf(data.redirectedFrom, known) : null;
    if (this._from) this._from._to = this;
  }
  url() { return this._data.url; }
  method() { return this._data.method; }
  resourceType() { return this._data.resourceType; }
  headers() { return { ...this._data.headers }; }
  async allHeaders() { return this.headers(); }
  async headersArray() { return headersArray(this._data.headers); }
  async headerValue(name) { return this._data.headers?.[name.toLowerCase()] ?? null; }
  postData() { return this._data.postData ?? null; }
  postDataBuffer() { return this._data.postData ? Buffer.from(this._data.postData) : null; }
  postDataJSON() {
    const text = this.postData();
    if (!text) return null;
    if (this._data.headers?.['content-type']?.includes('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text));
    try { return JSON.parse(text); } catch { throw new Error(`POST data is not a valid JSON object: ${text}`); }
  }
  failure() { return this._data.failure ? { errorText: this._data.failure } : null; }
  isNavigationRequest() { return Boolean(this._data.isNavigationRequest); }
  redirectedFrom() { return this._from; }
  redirectedTo() { return this._to ?? null; }
  existingResponse() { return this._response ?? null; }
  frame() { return lookup(this._data.frame); }
  toJSON() { return { _type: 'Request', _guid: this._data.id }; }
}

export class Response {
  constructor(data, request) {
    this._data = data;
    this._request = request;
    request._response = this;
  }
  url() { return this._data.url; }
  status() { return this._data.status; }
  statusText() { return this._data.statusText ?? ''; }
  ok() { return this._data.status === 0 || (this._data.status >= 200 && this._data.status <= 299); }
  headers() { return { ...this._data.headers }; }
  async allHeaders() { return this.headers(); }
  async headersArray() { return headersArray(this._data.headers); }
  async headerValue(name) { return this._data.headers?.[name.toLowerCase()] ?? null; }
  async headerValues(name) {
    const value = this._data.headers?.[name.toLowerCase()];
    return value === undefined ? [] : value.split(name.toLowerCase() === 'set-cookie' ? '\n' : ', ');
  }
  request() { return this._request; }
  frame() { return this._request.frame(); }
  toJSON() { return { _type: 'Response', _guid: this._data.id }; }
  async body() {
    return Buffer.from((await quiet('response.body', 'response.body', { response: this._data.id })).base64, 'base64');
  }
  async text() { return (await this.body()).toString('utf8'); }
  async json() { return JSON.parse(await this.text()); }
  async finished() { await quiet('response.finished', 'response.body', { response: this._data.id }); return null; }
}

const headersArray = headers => Object.entries(headers ?? {}).flatMap(([name, value]) => value.split('\n').map(one => ({ name, value: one })));

/** Headers to send, which are texts. */
export function textHeaders(headers) {
  for (const [name, value] of Object.entries(headers))
    if (typeof value !== 'string') throw new Error(`Expected value of header "${name}" to be String, but "${typeof value}" is found.`);
  return headers;
}

/** One object for one request, however often the host tells of it; `known` is its context's map. */
export function requestOf(data, known) {
  const request = known.get(data.id);
  if (request) {
    request._data = { ...request._data, ...data };
    return request;
  }
  const made = new Request(data, known);
  if (data.id !== undefined) known.set(data.id, made);
  return made;
}

export function responseOf(data, known) {
  const request = requestOf(data.request ?? { url: data.url, method: 'GET', headers: {} }, known);
  return request._response ?? new Response(data, request);
}

/** What a navigation resolves to. */
export const makeResponse = (result, page) => (result?.response ? responseOf(result.response, page._context._requests) : null);
