// URL and URLSearchParams; parsing is native (WHATWG rules), so that there is one opinion on it.
const native = globalThis.__native;

const escapeParam = text => encodeURIComponent(String(text).toWellFormed()).replace(/%20/g, '+').replace(/[!'()~]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
function unescapeParam(text) {
  const raw = text.replace(/\+/g, ' ');
  if (!raw.includes('%')) return raw;
  const bytes = [];
  for (const byte of new TextEncoder().encode(raw)) bytes.push(byte);
  const out = [];
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : '';
    if (/^[0-9a-f]{2}$/i.test(hex)) { out.push(parseInt(hex, 16)); i += 2; } else out.push(bytes[i]);
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(out));
}

class URLSearchParams {
  #pairs = [];
  #url;
  constructor(init = '', url) {
    this.#url = url;
    if (typeof init === 'object' && init !== null) {
      if (typeof init[Symbol.iterator] === 'function') for (const [name, value] of init) this.#pairs.push([String(name), String(value)]);
      else for (const name of Reflect.ownKeys(init)) this.#pairs.push([String(name), String(init[name])]);
    } else {
      this.#parse(String(init));
    }
  }
  #parse(text) {
    this.#pairs = text.replace(/^\?/, '').split('&').filter(Boolean).map(pair => {
      const at = pair.indexOf('=');
      return at < 0 ? [unescapeParam(pair), ''] : [unescapeParam(pair.slice(0, at)), unescapeParam(pair.slice(at + 1))];
    });
  }
  #changed() { this.#url?.(this.toString()); }
  /** For URL: its query was set. */
  static reset(params, text) { params.#parse(text); }
  get size() { return this.#pairs.length; }
  append(name, value) { this.#pairs.push([String(name), String(value)]); this.#changed(); }
  delete(name, value) { this.#pairs = this.#pairs.filter(pair => pair[0] !== String(name) || (value !== undefined && pair[1] !== String(value))); this.#changed(); }
  get(name) { return this.#pairs.find(pair => pair[0] === String(name))?.[1] ?? null; }
  getAll(name) { return this.#pairs.filter(pair => pair[0] === String(name)).map(pair => pair[1]); }
  has(name, value) { return this.#pairs.some(pair => pair[0] === String(name) && (value === undefined || pair[1] === String(value))); }
  set(name, value) {
    const first = this.#pairs.find(pair => pair[0] === String(name));
    if (!first) return this.append(name, value);
    this.#pairs = this.#pairs.filter(pair => pair === first || pair[0] !== String(name));
    first[1] = String(value);
    this.#changed();
  }
  sort() { this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)); this.#changed(); }
  forEach(callback, self) { for (const [name, value] of this.#pairs) callback.call(self, value, name, this); }
  *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
  *keys() { for (const [name] of this.#pairs) yield name; }
  *values() { for (const [, value] of this.#pairs) yield value; }
  [Symbol.iterator]() { return this.entries(); }
  toString() { return this.#pairs.map(([name, value]) => `${escapeParam(name)}=${escapeParam(value)}`).join('&'); }
  get [Symbol.toStringTag]() { return 'URLSearchParams'; }
}
const reset = URLSearchParams.reset;
delete URLSearchParams.reset;

class URL {
  #parts;
  #params;
  constructor(url, base) {
    const parts = native.url(String(url), base === undefined ? undefined : String(base));
    if (!parts) {
      const error = new TypeError('Invalid URL');
      error.code = 'ERR_INVALID_URL';
      error.input = String(url);
      if (base !== undefined) error.base = String(base);
      throw error;
    }
    this.#parts = JSON.parse(parts);
  }
  static canParse(url, base) { return native.url(String(url), base === undefined ? undefined : String(base)) !== undefined; }
  static parse(url, base) { return URL.canParse(url, base) ? new URL(url, base) : null; }
  #set(part, value) {
    const parts = native.setUrl(this.#parts.href, part, String(value));
    if (parts) this.#parts = JSON.parse(parts);
    else if (part === 'href') throw new TypeError('Invalid URL');
    if (this.#params && (part === 'search' || part === 'href')) reset(this.#params, this.#parts.search);
  }
  get searchParams() {
    return this.#params ??= new URLSearchParams(this.#parts.search, query => {
      const parts = native.setUrl(this.#parts.href, 'search', query);
      if (parts) this.#parts = JSON.parse(parts);
    });
  }
  get origin() { return this.#parts.origin; }
  get href() { return this.#parts.href; }
  set href(value) { this.#set('href', value); }
  get protocol() { return this.#parts.protocol; }
  set protocol(value) { this.#set('protocol', value); }
  get username() { return this.#parts.username; }
  set username(value) { this.#set('username', value); }
  get password() { return this.#parts.password; }
  set password(value) { this.#set('password', value); }
  get host() { return this.#parts.host; }
  set host(value) { this.#set('host', value); }
  get hostname() { return this.#parts.hostname; }
  set hostname(value) { this.#set('hostname', value); }
  get port() { return this.#parts.port; }
  set port(value) { this.#set('port', value); }
  get pathname() { return this.#parts.pathname; }
  set pathname(value) { this.#set('pathname', value); }
  get search() { return this.#parts.search; }
  set search(value) { this.#set('search', value); }
  get hash() { return this.#parts.hash; }
  set hash(value) { this.#set('hash', value); }
  toString() { return this.#parts.href; }
  toJSON() { return this.#parts.href; }
  get [Symbol.toStringTag]() { return 'URL'; }
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) { return `URL ${inspect({ ...this.#parts })}`; }
}

globalThis.URL = URL;
globalThis.URLSearchParams = URLSearchParams;
