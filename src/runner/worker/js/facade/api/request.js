// Requests that a test makes itself: `request`, `page.request`, `playwright.request.newContext()`.
import { apiStep, op, quiet } from '../op.js';
import { withCertificates } from './certificates.js';
import { installCookies } from './cookies.js';
import { headersList, textHeaders } from './headers.js';
import { Request } from './network.js';
import { closedBecause } from './registry.js';
import { payload } from './payload.js';
import { APIResponse } from './response.js';
import { kinds, storedState } from './state.js';
import { Tracing } from './tracing.js';
import { CLOSED } from './waiter.js';

const METHODS = ['delete', 'get', 'head', 'patch', 'post', 'put'];

export class APIRequestContext {
  #target;
  #base;
  #timeout;
  #disposed = false;
  /** Why it is. */
  #reason;
  #tracing;

  /** `target` is `{ api }` or `{ context }`, what the host knows it by; `timeout(options)` of a call. */
  constructor(target, base, timeout) {
    this.#target = target;
    this.#base = base;
    this.#timeout = timeout;
  }
  fetch(urlOrRequest, options = {}) {
    return urlOrRequest instanceof Request ? this._fetchRequest(urlOrRequest, options) : this.#call('fetch', urlOrRequest, options);
  }
  /** The same request once more, as far as the options leave it. */
  _fetchRequest(request, options, apiName = 'apiRequestContext.fetch') {
    const sent = options.postData ?? (options.data ?? options.form ?? options.multipart ?? request.postDataBuffer() ?? undefined);
    const body = options.data === undefined && options.form === undefined && options.multipart === undefined ? { data: sent } : {};
    return this.#call('fetch', options.url ?? request.url(), { method: request.method(), headers: request.headers(), ...options, ...body }, apiName);
  }
  _method(method, url, options) { return this.#call(method, url, options); }
  async dispose(options) {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#reason = options?.reason;
    if (this.#target.api) closedBecause({ _id: this.#target.api }, options?.reason ?? 'Request context disposed.');
    if (this.#target.api) await quiet('apiRequestContext.dispose', 'api.dispose', this.#target);
  }
  async [Symbol.asyncDispose]() { await this.dispose(); }
  storageState(options = {}) {
    const call = this.#target.api ? 'api.storageState' : 'context.storageState';
    return storedState(() => quiet('apiRequestContext.storageState', call, { ...this.#target, ...kinds(options) }), options.path, 'apiRequestContext.storageState');
  }

  get tracing() { return (this.#tracing ??= new Tracing(this.#target.api ? this.#target : { ...this.#target, requests: true }, this.#base)); }
  /** The room of the host's operations, and its name there. */
  _room() { return Object.entries(this.#target)[0]; }

  #call(method, url, options, apiName = `apiRequestContext.${method}`) {
    const verb = (options.method ?? (method === 'fetch' ? 'GET' : method)).toUpperCase();
    return apiStep(apiName, `${verb} ${url}`, { url, method: verb }, async ({ id, stack }) => {
      const call = { apiName, step: id, stack };
      let params;
      try {
        if (this.#disposed) throw new Error(this.#reason ?? CLOSED);
        params = { ...this.#target, ...this.#params(url, verb, options) };
      } catch (error) {
        error.message = `${apiName}: ${error.message}`;
        error.stack = stack;
        throw error;
      }
      return new APIResponse(await op('api.fetch', params, call));
    });
  }
  #params(url, method, options) {
    if (typeof url !== 'string') throw new Error('First argument must be either URL string or Request');
    for (const name of ['maxRedirects', 'maxRetries']) if (options[name] < 0) throw new Error(`'${name}' must be greater than or equal to '0'`);
    const list = options.headers && checked(Object.entries(options.headers).filter(([, value]) => value !== undefined).map(([name, value]) => ({ name, value })));
    const sent = payload(options, list ?? []);
    return {
      url: address(url, this.#base(), options.params), method, headers: list, base64: sent?.content.toString('base64'), contentType: sent?.contentType,
      failOnStatusCode: options.failOnStatusCode, ignoreHTTPSErrors: options.ignoreHTTPSErrors, maxRedirects: options.maxRedirects, maxRetries: options.maxRetries ?? 0,
      timeout: this.#timeout(options),
    };
  }
}
installCookies(APIRequestContext.prototype, 'apiRequestContext', context => context._room());
for (const method of METHODS) {
  const call = { [method](url, options = {}) { return this._method(method, url, options); } }[method];
  Object.defineProperty(APIRequestContext.prototype, method, { value: call, writable: true, configurable: true });
}

function checked(list) {
  list.forEach(({ value }, index) => {
    if (typeof value !== 'string') throw new Error(`headers[${index}].value: expected string, got ${typeof value}`);
  });
  return list;
}

/** The whole URL, with `params` behind its own. */
function address(given, base, params) {
  const url = new URL(given, base || undefined);
  if (!['http:', 'https:'].includes(url.protocol)) throw new TypeError(`Protocol "${url.protocol}" not supported. Expected "http:"`);
  if (typeof params === 'string' || params instanceof URLSearchParams) {
    const text = String(params).replace(/^\?/, '');
    if (text) url.search = url.search ? `${url.search}&${text}` : text;
  } else if (params) {
    for (const [name, value] of Object.entries(params)) if (value !== undefined) url.searchParams.append(name, String(value));
  }
  return url.href;
}

/** `playwright.request`; `defaults()` are the options in force for the running test. */
export class APIRequest {
  #defaults;
  constructor(defaults) { this.#defaults = defaults; }
  async newContext(options = {}) {
    const { context = {}, timeouts = {} } = this.#defaults();
    const all = { ...pick(context), ...options };
    if (all.extraHTTPHeaders) textHeaders(all.extraHTTPHeaders);
    const { api } = await quiet('apiRequest.newContext', 'api.new', { options: withCertificates(all, 'apiRequest.newContext') });
    const own = options.timeout ?? timeouts.action ?? 0;
    return new APIRequestContext({ api }, () => all.baseURL, call => call.timeout ?? own);
  }
}
const OPTIONS = ['baseURL', 'clientCertificates', 'extraHTTPHeaders', 'httpCredentials', 'ignoreHTTPSErrors', 'proxy', 'storageState', 'userAgent'];
const pick = options => Object.fromEntries(OPTIONS.filter(name => options[name] !== undefined).map(name => [name, options[name]]));
