// structuredClone: own enumerable data, cycles and the built-in kinds; functions and symbols are refused.
globalThis.structuredClone = function structuredClone(value, options) {
  if (options?.transfer?.length) throw new DOMException('structuredClone: transfer is not supported', 'DataCloneError');
  const seen = new Map();
  const refuse = what => { throw new DOMException(`${typeof what === 'symbol' ? what.toString() : String(what)} could not be cloned.`, 'DataCloneError'); };
  const visit = value => {
    if (typeof value === 'function' || typeof value === 'symbol') refuse(value);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const keep = copy => { seen.set(value, copy); return copy; };
    const tag = Object.prototype.toString.call(value).slice(8, -1);
    switch (tag) {
      case 'Date': return keep(new Date(value.getTime()));
      case 'RegExp': return keep(new RegExp(value.source, value.flags));
      case 'Boolean': case 'Number': case 'String': case 'BigInt': return keep(Object(value.valueOf()));
      case 'ArrayBuffer': return keep(value.slice(0));
      case 'DataView': return keep(new DataView(visit(value.buffer), value.byteOffset, value.byteLength));
      case 'Map': { const copy = keep(new Map()); for (const [key, item] of [...value]) copy.set(visit(key), visit(item)); return copy; }
      case 'Set': { const copy = keep(new Set()); for (const item of [...value]) copy.add(visit(item)); return copy; }
      case 'Promise': case 'WeakMap': case 'WeakSet': case 'WeakRef': return refuse(`#<${tag}>`);
    }
    if (ArrayBuffer.isView(value)) {
      const Kind = globalThis[tag] ?? Uint8Array;
      return keep(new Kind(visit(value.buffer), value.byteOffset, value.length));
    }
    if (value instanceof Error) {
      const Kind = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }[value.name] ?? Error;
      const copy = keep(Object.create(Kind.prototype));
      for (const key of ['message', 'stack', 'cause'])
        if (Object.hasOwn(value, key)) Object.defineProperty(copy, key, { value: visit(value[key]), configurable: true, writable: true });
      return copy;
    }
    const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) copy[key] = visit(value[key]);
    return copy;
  };
  return visit(value);
};
