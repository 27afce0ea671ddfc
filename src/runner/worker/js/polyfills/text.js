// TextEncoder, TextDecoder, atob, btoa over the engine's own string conversion.
import { latin1 } from './latin1.js';
const native = globalThis.__native;

const bytesOf = input => {
  if (input === undefined) return new Uint8Array(0);
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  return new Uint8Array(input);
};

globalThis.TextEncoder = class TextEncoder {
  get encoding() { return 'utf-8'; }
  encode(text = '') { return native.utf8Encode(String(text).toWellFormed()); }
  encodeInto(text, target) {
    let read = 0, written = 0;
    for (const character of String(text).toWellFormed()) {
      const bytes = native.utf8Encode(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
};

const UTF16 = ['utf-16le', 'utf-16', 'ucs-2', 'unicode'];
const LATIN1 = ['latin1', 'iso-8859-1', 'ascii', 'us-ascii', 'windows-1252'];
globalThis.TextDecoder = class TextDecoder {
  #pending = new Uint8Array(0);
  #kind;
  constructor(label = 'utf-8', options = {}) {
    label = String(label).trim().toLowerCase();
    this.#kind = ['utf-8', 'utf8', 'unicode-1-1-utf-8'].includes(label) ? 'utf-8' : UTF16.includes(label) ? 'utf-16le' : LATIN1.includes(label) ? 'windows-1252' : undefined;
    if (!this.#kind) throw new RangeError(`The "${label}" encoding is not supported`);
    this.fatal = !!options.fatal;
    this.ignoreBOM = !!options.ignoreBOM;
  }
  get encoding() { return this.#kind; }
  decode(input, options = {}) {
    let bytes = bytesOf(input);
    if (this.#pending.length) {
      const joined = new Uint8Array(this.#pending.length + bytes.length);
      joined.set(this.#pending);
      joined.set(bytes, this.#pending.length);
      bytes = joined;
      this.#pending = new Uint8Array(0);
    }
    if (options.stream) {
      const keep = this.#kind === 'utf-8' ? incomplete(bytes) : this.#kind === 'utf-16le' ? bytes.length % 2 : 0;
      this.#pending = bytes.slice(bytes.length - keep);
      bytes = bytes.subarray(0, bytes.length - keep);
    }
    let text = '';
    if (this.#kind === 'utf-8') {
      text = native.utf8Decode(latin1(bytes));
      if (this.fatal && text.includes('\uFFFD') && !sameBytes(native.utf8Encode(text), bytes)) throw new TypeError('The encoded data was not valid for encoding utf-8');
    } else if (this.#kind === 'utf-16le') {
      for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i] | (bytes[i + 1] << 8));
    } else {
      text = latin1(bytes);
    }
    return !this.ignoreBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
};

const sameBytes = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Bytes at the end that begin a character without ending it. */
function incomplete(bytes) {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}

globalThis.btoa = function btoa(text) {
  text = String(text);
  if (/[^\0-\xff]/.test(text)) throw new DOMException('The string to be encoded contains characters outside of the Latin1 range.', 'InvalidCharacterError');
  return native.base64Encode(text);
};
globalThis.atob = function atob(text) {
  const bytes = native.base64Decode(String(text).replace(/[\t\n\f\r ]/g, ''));
  if (!bytes) throw new DOMException('The string to be decoded is not correctly encoded.', 'InvalidCharacterError');
  return latin1(bytes);
};
