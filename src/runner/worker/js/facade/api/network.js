// Requests and responses, as far as a navigation, an event or a route tells of them.
import { quiet } from '../op.js';
import { headersList, RawHeaders } from './headers.js';
import { lookup } from './registry.js';

const NEVER = { startTime: 0, domainLookupStart: -1, domainLookupEnd: -1, connectStart: -1, secureConnectionStart: -1, connectEnd: -1, requestStart: -1, responseStart: -1, responseEnd: -1 };

export class Request {
  constructor(data, known) {
    this._data = data;
    this._known = known;
    /** What a route changes before it goes on. */
    this._overrides = {};
    this._timing = { ...NEVER };
    this._from = data.redirectedFrom ? requestOf(data.redirectedFrom, known) : null;
    if (this._from) this._from._to = this;
  }
  url() { return this._overrides.url ?? this._data.url; }
  method() { return this._overrides.method ?? this._data.method; }
  resourceType() { return this._data.resourceType; }
  headers() { return this._overrides.headers ? new RawHeaders(headersList(this._overrides.headers)).object() : { ...this._data.headers }; }
  async #actual() {
    if (this._overrides.headers) return new RawHeaders(headersList(this._overrides.headers));
    return new RawHeaders(await quiet('request.allHeaders', 'request.headers', { request: this._data.id }));
  }
  async allHeaders() { return (await this.#actual()).object(); }
  async headersArray() { return (await this.#actual()).list(); }
  async headerValue(name) { return (await this.#actual()).value(name); }
  postData() { return this.postDataBuffer()?.toString('utf8') ?? null; }
  postDataBuffer() {
    if (this._overrides.postData !== undefined) return this._overrides.postData;
    return this._data.postData === null || this._data.postData === undefined ? null : Buffer.from(this._data.postData, 'base64');
  }
  postDataJSON() {
    const text = this.postData();
    if (!text) return null;
    if (this.headers()['content-type']?.includes('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text));
    try { return JSON.parse(text); } catch { throw new Error(`POST data is not a valid JSON object: ${text}`); }
  }
  failure() { return this._data.failure === null || this._data.failure === undefined ? null : { errorText: this._data.failure }; }
  isNavigationRequest() { return Boolean(this._data.isNavigationRequest); }
  redirectedFrom() { return this._from; }
  redirectedTo() { return this._to ?? null; }
  existingResponse() { return this._response ?? null; }
  async response() {
    const data = await quiet('request.response', 'request.response', { request: this._data.id });
    return data ? responseOf(data, this._known) : null;
  }
  timing() { return this._timing; }
  async sizes() {
    const sizes = await quiet('request.sizes', 'request.sizes', { request: this._data.id });
    if (!sizes) throw new Error('Unable to fetch sizes for failed request');
    return sizes;
  }
  serviceWorker() { return lookup(this._data.serviceWorker) ?? null; }
  frame() {
    if (this._data.serviceWorker) throw new Error('Service Worker requests do not have an associated frame.');
    const frame = lookup(this._data.frame);
    if (frame) return frame;
    if (this.isNavigationRequest()) {
      throw new Error(`Frame for this navigation request is not available, because the request
was issued before the frame is created. You can check whether the request
is a navigation request by calling isNavigationRequest() method.`);
    }
    return null;
  }
  toJSON() { return { _type: 'Request', _guid: this._data.id }; }

  /** Changes of `fallback` and `continue`, which whoever comes later sees. */
  _override({ url, method, headers, postData }) {
    if (url) this._overrides.url = String(url);
    if (method) this._overrides.method = method;
    if (headers) this._overrides.headers = headers;
    if (postData) this._overrides.postData = bytes(postData);
    else if (typeof postData === 'string') this._overrides.postData = Buffer.from('');
  }
  _update(data) {
    this._data = { ...this._data, ...data };
    if (data.responseEnd !== null && data.responseEnd !== undefined) {
      this._timing.responseEnd = data.responseEnd;
      if (this._timing.responseStart === -1) this._timing.responseStart = data.responseEnd;
    }
  }
}

/** A body as bytes: a text, bytes, or what is sent as JSON. */
export function bytes(body) {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(JSON.stringify(body), 'utf8');
}

export class Response {
  constructor(data, request) {
    this._data = data;
    this._request = request;
    request._response = this;
    Object.assign(request._timing, data.timing);
    request._update(data.request ?? {});
  }
  url() { return this._data.url; }
  status() { return this._data.status; }
  statusText() { return this._data.statusText ?? ''; }
  ok() { return this._data.status === 0 || (this._data.status >= 200 && this._data.status <= 299); }
  fromServiceWorker() { return Boolean(this._data.fromServiceWorker); }
  headers() { return { ...this._data.headers }; }
  async #actual() {
    this._actual ??= quiet('response.allHeaders', 'response.headers', { response: this._data.id });
    return new RawHeaders(await this._actual);
  }
  async allHeaders() { return (await this.#actual()).object(); }
  async headersArray() { return (await this.#actual()).list(); }
  async headerValue(name) { return (await this.#actual()).value(name); }
  async headerValues(name) { return (await this.#actual()).values(name); }
  request() { return this._request; }
  frame() { return this._request.frame(); }
  async serverAddr() { return this._data.serverAddr ?? null; }
  async securityDetails() { return this._data.securityDetails ?? {}; }
  async httpVersion() {
    const version = this._data.httpVersion;
    return !version || version === 'http/1.1' ? 'HTTP/1.1' : version === 'h2' ? 'HTTP/2.0' : version;
  }
  toJSON() { return { _type: 'Response', _guid: this._data.id }; }
  body() { return this.#body('response.body'); }
  async text() { return (await this.#body('response.text')).toString('utf8'); }
  async json() { return JSON.parse((await this.#body('response.json')).toString('utf8')); }
  async #body(apiName) { return Buffer.from((await quiet(apiName, 'response.body', { response: this._data.id })).base64, 'base64'); }
  async finished() {
    this._request._update(await quiet('response.finished', 'response.finished', { response: this._data.id }));
    return null;
  }
}

/** One object for one request, however often the host tells of it; `known` is its context's map. */
export function requestOf(data, known) {
  const request = known.get(data.id);
  if (request) {
    request._update(data);
    return request;
  }
  const made = new Request(data, known);
  if (data.id !== undefined) known.set(data.id, made);
  made._update(data);
  return made;
}

export function responseOf(data, known) {
  const request = requestOf(data.request ?? { url: data.url, method: 'GET', headers: {} }, known);
  return request._response ?? new Response(data, request);
}

/** What a navigation resolves to. */
export const makeResponse = (result, page) => (result?.response ? responseOf(result.response, page._context._requests) : null);
