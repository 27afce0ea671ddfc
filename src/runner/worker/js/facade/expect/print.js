// Values as text, on one line or over several, as Jest prints them.
import { isRegExp } from '../values.js';

const tagOf = value => Object.prototype.toString.call(value).slice(8, -1);

/** On one line: `{"a": 1}`. */
export const print = value => new Printer(0, true).show(value);
/** Over several lines, with constructor names: what differences are made of. */
export const printLines = value => new Printer(2, false).show(value);

class Printer {
  constructor(indent, min) {
    this.indent = indent;
    this.min = min;
    this.seen = [];
  }

  show(value, depth = 0) {
    switch (typeof value) {
      case 'string': return `"${escape(value)}"`;
      case 'number': return Object.is(value, -0) ? '-0' : String(value);
      case 'bigint': return `${value}n`;
      case 'symbol': return value.toString();
      case 'function': return `[Function ${value.name || 'anonymous'}]`;
      case 'object': return value === null ? 'null' : this.#object(value, depth);
      default: return String(value);
    }
  }

  #object(value, depth) {
    if (this.seen.includes(value)) return '[Circular]';
    if (typeof value.asymmetricMatch === 'function') return this.#asymmetric(value, depth);
    const tag = tagOf(value);
    if (tag === 'Date') return Number.isNaN(value.getTime()) ? 'Date { NaN }' : value.toISOString();
    if (isRegExp(value)) return String(value);
    if (tag === 'Error' || value instanceof Error) return `[${value.message ? `${value.name}: ${value.message}` : value.name}]`;
    if (tag === 'Promise' || tag === 'WeakMap' || tag === 'WeakSet') return `${tag} {}`;
    if (tag === 'Boolean' || tag === 'Number' || tag === 'String') return `[${tag}: ${this.show(value.valueOf(), depth + 1)}]`;
    this.seen.push(value);
    try {
      if (Array.isArray(value) || ArrayBuffer.isView(value)) return this.#list(name(value), '[', Array.from(value, item => this.show(item, depth + 1)), ']', depth);
      if (tag === 'Map') return this.#list('Map', '{', Array.from(value, ([key, item]) => `${this.show(key, depth + 1)} => ${this.show(item, depth + 1)}`), '}', depth, true);
      if (tag === 'Set') return this.#list('Set', '{', Array.from(value, item => this.show(item, depth + 1)), '}', depth, true);
      return this.#list(name(value), '{', entries(value).map(([key, item]) => `${typeof key === 'symbol' ? key.toString() : `"${escape(key)}"`}: ${this.show(item, depth + 1)}`), '}', depth);
    } finally {
      this.seen.pop();
    }
  }

  #list(label, open, items, close, depth, always = false) {
    if (this.min) return `${always ? `${label} ` : ''}${open}${items.join(', ')}${close}`;
    const head = `${label} ${open}`;
    if (!items.length) return head + close;
    const pad = ' '.repeat(this.indent * (depth + 1));
    return `${head}\n${items.map(item => `${pad}${item},\n`).join('')}${' '.repeat(this.indent * depth)}${close}`;
  }

  #asymmetric(value, depth) {
    const label = value.toString();
    if (value.sample === undefined || value.flat) return value.toAsymmetricMatcher?.() ?? label;
    if (typeof value.sample === 'string' || isRegExp(value.sample)) return `${label} ${this.show(value.sample, depth + 1)}`;
    const shown = this.#object(value.sample, depth);
    return this.min ? `${label} ${shown}` : `${label} ${shown.slice(shown.search(/[[{]/))}`;
  }
}

const escape = text => text.replace(/["\\]/g, '\\$&');
const name = value => value.constructor?.name || 'Object';

/** Own enumerable properties, names sorted, symbols last. */
function entries(value) {
  const symbols = Object.getOwnPropertySymbols(value).filter(key => Object.prototype.propertyIsEnumerable.call(value, key));
  return [...Object.keys(value).sort(), ...symbols].map(key => [key, value[key]]);
}

export const typeName = value => (value === null ? 'null' : Array.isArray(value) ? 'array' : isRegExp(value) ? 'regexp' : tagOf(value) === 'Date' ? 'date' : tagOf(value) === 'Map' ? 'map' : tagOf(value) === 'Set' ? 'set' : typeof value);
