// The subset of Node.js's Buffer that tests use.
import { latin1 } from './latin1.js';
const native = globalThis.__native;
const encoder = new TextEncoder();

function bytesOf(text, encoding = 'utf8') {
  switch (String(encoding).toLowerCase()) {
    case 'utf8': case 'utf-8': return encoder.encode(text);
    case 'base64': case 'base64url': return native.base64Decode(text.replace(/[^A-Za-z0-9+/_-]/g, '').replace(/-/g, '+').replace(/_/g, '/')) ?? new Uint8Array(0);
    case 'hex': {
      const pairs = text.match(/^(?:[0-9a-f]{2})*/i)[0];
      return Uint8Array.from({ length: pairs.length / 2 }, (_, i) => parseInt(pairs.slice(2 * i, 2 * i + 2), 16));
    }
    case 'latin1': case 'binary': case 'ascii': return Uint8Array.from(text, c => c.charCodeAt(0));
    case 'utf16le': case 'utf-16le': case 'ucs2': case 'ucs-2': {
      const bytes = new Uint8Array(text.length * 2);
      for (let i = 0; i < text.length; i++) { bytes[2 * i] = text.charCodeAt(i); bytes[2 * i + 1] = text.charCodeAt(i) >> 8; }
      return bytes;
    }
    default: throw new TypeError(`Unknown encoding: ${encoding}`);
  }
}

class Buffer extends Uint8Array {
  static from(value, encodingOrOffset, length) {
    if (typeof value === 'string') return Buffer.#view(bytesOf(value, encodingOrOffset));
    if (value instanceof ArrayBuffer) return new Buffer(value, encodingOrOffset, length);
    if (value?.type === 'Buffer' && Array.isArray(value.data)) return Buffer.#view(Uint8Array.from(value.data));
    return Buffer.#view(Uint8Array.from(value));
  }
  static #view(bytes) { return new Buffer(bytes.buffer, bytes.byteOffset, bytes.byteLength); }
  static of(...bytes) { return Buffer.from(bytes); }
  static alloc(size, fill, encoding) { const buffer = new Buffer(size); return fill === undefined ? buffer : buffer.fill(fill, 0, size, encoding); }
  static allocUnsafe(size) { return new Buffer(size); }
  static isBuffer(value) { return value instanceof Buffer; }
  static isEncoding(name) { try { bytesOf('', name); return true; } catch { return false; } }
  static byteLength(value, encoding) { return typeof value === 'string' ? bytesOf(value, encoding).length : value.byteLength; }
  static compare(a, b) { return Buffer.from(a).compare(b); }
  static concat(list, total = list.reduce((sum, item) => sum + item.length, 0)) {
    const joined = Buffer.alloc(total);
    let at = 0;
    for (const item of list) {
      if (at >= total) break;
      joined.set(item.subarray(0, total - at), at);
      at += item.length;
    }
    return joined;
  }

  toString(encoding = 'utf8', start = 0, end = this.length) {
    const bytes = this.subarray(start, end);
    switch (String(encoding).toLowerCase()) {
      case 'utf8': case 'utf-8': return native.utf8Decode(latin1(bytes));
      case 'base64': return native.base64Encode(latin1(bytes));
      case 'base64url': return this.toString('base64', start, end).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
      case 'hex': return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
      case 'ascii': return Array.from(bytes, byte => String.fromCharCode(byte & 0x7f)).join('');
      case 'latin1': case 'binary': return latin1(bytes);
      case 'utf16le': case 'utf-16le': case 'ucs2': case 'ucs-2': return new TextDecoder('utf-16le').decode(bytes);
      default: throw new TypeError(`Unknown encoding: ${encoding}`);
    }
  }
  toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
  equals(other) { return this.compare(other) === 0; }
  compare(other) {
    for (let i = 0; i < Math.min(this.length, other.length); i++) if (this[i] !== other[i]) return this[i] < other[i] ? -1 : 1;
    return Math.sign(this.length - other.length);
  }
  slice(start, end) { return this.subarray(start, end); }
  write(text, offset = 0, length, encoding) {
    if (typeof offset === 'string') [encoding, offset, length] = [offset, 0, undefined];
    else if (typeof length === 'string') [encoding, length] = [length, undefined];
    const bytes = bytesOf(text, encoding).subarray(0, Math.min(length ?? Infinity, this.length - offset));
    this.set(bytes, offset);
    return bytes.length;
  }
  fill(value, start = 0, end = this.length, encoding) {
    if (typeof value !== 'string') return super.fill(value, start, end);
    const bytes = bytesOf(value, encoding);
    for (let i = start; i < end && bytes.length; i++) this[i] = bytes[(i - start) % bytes.length];
    return this;
  }
  copy(target, targetStart = 0, start = 0, end = this.length) {
    const part = this.subarray(start, Math.min(end, start + target.length - targetStart));
    target.set(part, targetStart);
    return part.length;
  }
  indexOf(value, from = 0, encoding) {
    if (typeof value === 'number') return super.indexOf(value & 255, from);
    const wanted = typeof value === 'string' ? bytesOf(value, encoding) : value;
    for (let i = from; i + wanted.length <= this.length; i++) if (wanted.every((byte, j) => this[i + j] === byte)) return i;
    return -1;
  }
  includes(value, from, encoding) { return this.indexOf(value, from, encoding) >= 0; }
  [Symbol.for('nodejs.util.inspect.custom')]() {
    const more = this.length > 50 ? ` ... ${this.length - 50} more byte${this.length > 51 ? 's' : ''}` : '';
    return `<Buffer ${Array.from(this.subarray(0, 50), byte => byte.toString(16).padStart(2, '0')).join(' ')}${more}>`;
  }
}

const view = buffer => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
for (const [name, kind, size] of [['Int8', 'Int8', 1], ['UInt8', 'Uint8', 1], ['Int16', 'Int16', 2], ['UInt16', 'Uint16', 2], ['Int32', 'Int32', 4], ['UInt32', 'Uint32', 4],
  ['Float', 'Float32', 4], ['Double', 'Float64', 8], ['BigInt64', 'BigInt64', 8], ['BigUInt64', 'BigUint64', 8]]) {
  for (const [order, little] of size === 1 ? [['', false]] : [['LE', true], ['BE', false]]) {
    const define = (method, value) => Object.defineProperty(Buffer.prototype, method, { value, configurable: true, writable: true });
    const read = function (offset = 0) { return view(this)[`get${kind}`](offset, little); };
    const write = function (value, offset = 0) { view(this)[`set${kind}`](offset, value, little); return offset + size; };
    define(`read${name}${order}`, read);
    define(`write${name}${order}`, write);
    if (name.startsWith('UInt')) {
      define(`read${name.replace('UInt', 'Uint')}${order}`, read);
      define(`write${name.replace('UInt', 'Uint')}${order}`, write);
    }
  }
}

globalThis.Buffer = Buffer;
