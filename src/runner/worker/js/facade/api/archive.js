// HTTP archives: answers out of one (`routeFromHAR`), and how one is recorded.
import { quiet } from '../op.js';
import { RawHeaders } from './headers.js';
import { patternToRegExp } from './url.js';

const REDIRECTS = [301, 302, 303, 307, 308];

export class Archive {
  #entries;
  /** Reads a file that entries speak of. */
  #read;
  #contents = new Map();

  static async open(path, apiName) {
    if (isZip(path)) {
      const unzip = async file => base64((await quiet(apiName, 'har.unzip', { path: String(path), file })).base64);
      return new Archive(await unzip(undefined), unzip);
    }
    const read = async from => base64((await quiet(apiName, 'files.read', { path: from })).base64);
    const folder = String(path).replace(/[^/]*$/, '');
    return new Archive(await read(String(path)), file => {
      if (file.startsWith('/') || file.split('/').includes('..')) throw new Error(`HAR entry _file escapes base directory: ${file}`);
      return read(folder + file);
    });
  }
  constructor(har, read) {
    this.#entries = JSON.parse(har.toString('utf8')).log.entries;
    this.#read = read;
  }

  /** A route's handler; `otherwise` is `abort` or `fallback`. */
  handler(otherwise) {
    return async route => {
      const request = route.request();
      const entry = await this.#find(request);
      if (!entry) return otherwise === 'fallback' ? route.fallback() : route.abort();
      if (request.isNavigationRequest() && entry.request.url !== request.url()) return route._redirect(entry.request.url);
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
    if (!this.#contents.has(file)) this.#contents.set(file, this.#read(file));
    return this.#contents.get(file);
  }
}

const base64 = text => Buffer.from(text, 'base64');
export const isZip = path => /\.zip$/i.test(String(path));

/** Begins to record what a context (`target` to the host) asks for, or a page of it; a name for `har.export`. */
export async function recordArchive(target, base, apiName, path, { url, content = 'embed', mode = 'full', page, resourcesDir }) {
  const pattern = url === undefined ? undefined : patternToRegExp(url, base);
  const { har } = await quiet(apiName, 'har.start', {
    ...target, page: page?._id, path: String(path), content, mode, resourcesDir,
    url: pattern && { source: pattern.source, flags: pattern.flags },
  });
  return har;
}

/** What bodies become where nothing is said about them. */
export const defaultContent = path => (isZip(path) ? 'attach' : 'embed');

/** The option `recordHar` of a context. */
export async function recordHar(context, { path, content, omitContent, mode, urlFilter }, apiName) {
  await recordArchive({ context: context._id }, context._options.baseURL, apiName, path, { url: urlFilter, content: content ?? (omitContent ? 'omit' : defaultContent(path)), mode });
}

/** Parts are sent between other boundaries each time. */
function same(recorded, body, recordedHeaders, headers) {
  if (recorded.equals(body)) return true;
  const [before, now] = [recordedHeaders, headers].map(list => /boundary=(.*)$/.exec(new RawHeaders(list).value('content-type') ?? '')?.[1]);
  return Boolean(before && now) && recorded.toString().replaceAll(before, '') === body.toString().replaceAll(now, '');
}
