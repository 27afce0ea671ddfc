// Answers out of a HAR file: `routeFromHAR`.
import { quiet } from '../op.js';
import { RawHeaders } from './headers.js';

const REDIRECTS = [301, 302, 303, 307, 308];

export class Archive {
  #entries;
  #folder;
  #apiName;
  #contents = new Map();

  static async open(path, apiName) {
    if (String(path).endsWith('.zip')) throw new Error(`${apiName}: archives in .zip files are not supported yet: record to a .har file`);
    const text = (await read(path, apiName)).toString('utf8');
    return new Archive(JSON.parse(text).log.entries, String(path).replace(/[^/]*$/, ''), apiName);
  }
  constructor(entries, folder, apiName) {
    this.#entries = entries;
    this.#folder = folder;
    this.#apiName = apiName;
  }

  /** A route's handler; `otherwise` is `abort` or `fallback`. */
  handler(otherwise) {
    return async route => {
      const request = route.request();
      const entry = await this.#find(request);
      if (!entry) return otherwise === 'fallback' ? route.fallback() : route.abort();
      // It never had an answer.
      if (entry.response.status === -1) return undefined;
      const headers = new RawHeaders(entry.response.headers).object();
      return route.fulfill({ status: entry.response.status, headers, body: await this.#content(entry.response.content) });
    };
  }

  async #find(request) {
    let [url, method, body] = [request.url(), request.method(), request.postDataBuffer()];
    const sent = await request.headersArray();
    for (const seen = new Set(); !seen.has(`${method} ${url}`);) {
      seen.add(`${method} ${url}`);
      const entry = await this.#closest(url, method, body, sent);
      const { status, redirectURL } = entry?.response ?? {};
      const location = redirectURL || new RawHeaders(entry?.response.headers ?? []).value('location');
      if (!entry || !REDIRECTS.includes(status) || !location) return entry;
      url = new URL(location, url).href;
      if (((status === 301 || status === 302) && method === 'POST') || (status === 303 && !['GET', 'HEAD'].includes(method))) [method, body] = ['GET', null];
    }
    return undefined;
  }

  /** Of the entries for this request the one that was asked with most of the same headers; the first of equals. */
  async #closest(url, method, body, headers) {
    let best;
    let most = -1;
    for (const entry of this.#entries) {
      const { request } = entry;
      if (request.url !== url || request.method !== method) continue;
      if (method === 'POST' && body && request.postData && !same(await this.#content(request.postData), body, request.headers, headers)) continue;
      const asked = new Set(request.headers.map(({ name, value }) => `${name.toLowerCase()}:${value}`));
      const matches = headers.filter(({ name, value }) => asked.has(`${name.toLowerCase()}:${value}`)).length;
      if (matches > most) [best, most] = [entry, matches];
    }
    return best;
  }

  #content({ _file: file, text, encoding }) {
    if (!file) return Buffer.from(text ?? '', encoding === 'base64' ? 'base64' : 'utf8');
    if (file.startsWith('/') || file.split('/').includes('..')) throw new Error(`HAR entry _file escapes base directory: ${file}`);
    if (!this.#contents.has(file)) this.#contents.set(file, read(this.#folder + file, this.#apiName));
    return this.#contents.get(file);
  }
}

const read = async (path, apiName) => Buffer.from((await quiet(apiName, 'files.read', { path: String(path) })).base64, 'base64');

/** Parts are sent between other boundaries each time. */
function same(recorded, body, recordedHeaders, headers) {
  if (recorded.equals(body)) return true;
  const [before, now] = [recordedHeaders, headers].map(list => /boundary=(.*)$/.exec(new RawHeaders(list).value('content-type') ?? '')?.[1]);
  return Boolean(before && now) && recorded.toString().replaceAll(before, '') === body.toString().replaceAll(now, '');
}
