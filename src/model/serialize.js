// Values as plain JSON and back, for `evaluate` arguments and results. Used in the page and in the worker.
//
// A serialized value is a JSON primitive (string, boolean, null, finite number but -0) as itself, or one of
//   { v: 'undefined' | 'NaN' | 'Infinity' | '-Infinity' | '-0' }
//   { bi: '123' }  BigInt        { d: 'iso' }  Date         { u: 'href' }  URL
//   { r: { p, f } }  RegExp      { e: { n, m, s } }  Error (name, message, stack)
//   { ta: { k, b } }  typed array or ArrayBuffer: constructor name, bytes in base64
//   { a: [...], id }  array      { o: [[key, value], ...], id }  object      { ref: id }  seen before
//   { h: 0 }  the n-th handle of the call      { fn: 'name' }  a function of the test, to the page only (browser/js/bridge.js)
(() => {
  const TYPED = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
    'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'];
  const tag = value => Object.prototype.toString.call(value).slice(8, -1);

  function toBase64(bytes) {
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }
  function fromBase64(text) {
    const raw = atob(text);
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return bytes;
  }

  /** What an object says of itself: `performance.timing` has nothing of its own. */
  function plainly(value) {
    try {
      return typeof value.toJSON === 'function' ? { value: value.toJSON() } : undefined;
    } catch {
      return undefined;
    }
  }

  /** `handleOf(value)` returns the number of a handle, something serialized, or undefined for a plain value. */
  function serialize(value, handleOf = () => undefined) {
    // Made when it is needed: pages that replace `Map` give primitives nevertheless.
    let seen;
    const visit = value => {
      const handle = handleOf(value);
      if (handle !== undefined) return typeof handle === 'number' ? { h: handle } : handle;
      switch (typeof value) {
        case 'undefined': case 'function': case 'symbol': return { v: 'undefined' };
        case 'string': case 'boolean': return value;
        case 'bigint': return { bi: value.toString() };
        case 'number':
          if (Object.is(value, -0)) return { v: '-0' };
          return Number.isFinite(value) ? value : { v: String(value) };
      }
      if (value === null) return null;
      // What cannot leave the page is told by name.
      if (typeof Window === 'function' && value instanceof Window) return 'ref: <Window>';
      if (typeof Document === 'function' && value instanceof Document) return 'ref: <Document>';
      if (typeof Node === 'function' && value instanceof Node) return 'ref: <Node>';
      const kind = tag(value);
      if (kind === 'Date') return Number.isNaN(value.getTime()) ? { d: 'Invalid' } : { d: value.toJSON() };
      if (kind === 'RegExp') return { r: { p: value.source, f: value.flags } };
      if (kind === 'URL') return { u: value.href };
      if (kind === 'Error' || value instanceof Error) return { e: { n: value.name, m: value.message, s: value.stack ?? '' } };
      if (TYPED.includes(kind)) return { ta: { k: kind, b: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) } };
      if (kind === 'ArrayBuffer') return { ta: { k: kind, b: toBase64(new Uint8Array(value)) } };
      seen ??= new Map();
      if (seen.has(value)) return { ref: seen.get(value) };
      const id = seen.size + 1;
      seen.set(value, id);
      if (Array.isArray(value)) {
        const a = [];
        for (let i = 0; i < value.length; i++) a[i] = visit(value[i]);
        return { a, id };
      }
      const o = [];
      for (const key of Object.keys(value)) {
        let item;
        try { item = value[key]; } catch { continue; }
        // As it would be read elsewhere: an object without anything.
        o[o.length] = [key, key === 'toJSON' && typeof item === 'function' ? { o: [] } : visit(item)];
      }
      const written = o.length ? undefined : plainly(value);
      if (written) return visit(written.value);
      return { o, id };
    };
    return visit(value);
  }

  /** `handles[n]` stands for `{ h: n }`. */
  function deserialize(value, handles = []) {
    const seen = new Map();
    const visit = value => {
      if (value === null || typeof value !== 'object') return value;
      if ('v' in value) return { undefined: undefined, NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity, '-0': -0 }[value.v];
      if ('bi' in value) return BigInt(value.bi);
      if ('d' in value) return new Date(value.d);
      if ('u' in value) return new URL(value.u);
      if ('r' in value) return new RegExp(value.r.p, value.r.f);
      if ('e' in value) {
        const error = new Error(value.e.m);
        error.name = value.e.n;
        error.stack = value.e.s;
        return error;
      }
      if ('ta' in value) {
        const bytes = fromBase64(value.ta.b);
        if (value.ta.k === 'ArrayBuffer') return bytes.buffer;
        return TYPED.includes(value.ta.k) ? new globalThis[value.ta.k](bytes.buffer) : bytes;
      }
      if ('h' in value) return handles[value.h];
      if ('fn' in value) return (...args) => globalThis.__understudy_bridge.call(value.fn, args);
      if ('ref' in value) return seen.get(value.ref);
      if ('a' in value) {
        const array = [];
        seen.set(value.id, array);
        for (const item of value.a) array.push(visit(item));
        return array;
      }
      if ('o' in value) {
        const object = {};
        seen.set(value.id, object);
        for (const [key, item] of value.o) {
          if (key === '__proto__') Object.defineProperty(object, key, { value: visit(item), configurable: true, enumerable: true, writable: true });
          else object[key] = visit(item);
        }
        return object;
      }
      return undefined;
    };
    return visit(value);
  }

  return { serialize, deserialize };
})()
