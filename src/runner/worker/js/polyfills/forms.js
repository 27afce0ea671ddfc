// FormData, with the Blob and the File that it may hold.
import './url.js';

class Blob {
  #bytes;
  #type;
  constructor(parts = [], { type = '' } = {}) {
    const bytes = part => (part instanceof Blob ? part._bytes() : typeof part === 'string' ? Buffer.from(part) : Buffer.from(part.buffer ?? part, part.byteOffset, part.byteLength));
    this.#bytes = Buffer.concat([...parts].map(bytes));
    this.#type = String(type).toLowerCase();
  }
  get size() { return this.#bytes.length; }
  get type() { return this.#type; }
  _bytes() { return this.#bytes; }
  async text() { return this.#bytes.toString('utf8'); }
  async arrayBuffer() { return Uint8Array.from(this.#bytes).buffer; }
  async bytes() { return Uint8Array.from(this.#bytes); }
  slice(start, end, type) { return new Blob([this.#bytes.subarray(start, end)], { type }); }
}

class File extends Blob {
  #name;
  #changed;
  constructor(parts, name, options = {}) {
    super(parts, options);
    this.#name = String(name);
    this.#changed = options.lastModified ?? Date.now();
  }
  get name() { return this.#name; }
  get lastModified() { return this.#changed; }
}

class FormData {
  #entries = [];
  append(name, value, filename) { this.#entries.push([String(name), kept(value, filename)]); }
  set(name, value, filename) {
    const at = this.#entries.findIndex(([other]) => other === String(name));
    const rest = this.#entries.filter(([other], index) => index === at || other !== String(name));
    if (at < 0) rest.push([String(name), kept(value, filename)]);
    else rest[at] = [String(name), kept(value, filename)];
    this.#entries = rest;
  }
  delete(name) { this.#entries = this.#entries.filter(([other]) => other !== String(name)); }
  get(name) { return this.getAll(name)[0] ?? null; }
  getAll(name) { return this.#entries.filter(([other]) => other === String(name)).map(([, value]) => value); }
  has(name) { return this.getAll(name).length > 0; }
  forEach(callback, self) { for (const [name, value] of this) callback.call(self, value, name, this); }
  *keys() { for (const [name] of this.#entries) yield name; }
  *values() { for (const [, value] of this.#entries) yield value; }
  *entries() { for (const [name, value] of this.#entries) yield [name, value]; }
  [Symbol.iterator]() { return this.entries(); }
}

const kept = (value, filename) => (value instanceof Blob ? (value instanceof File && filename === undefined ? value : new File([value], filename ?? 'blob', { type: value.type })) : String(value));

for (const [name, value] of Object.entries({ Blob, File, FormData })) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
