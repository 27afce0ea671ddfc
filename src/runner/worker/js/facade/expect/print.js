// Values as text, as Jest prints them: on one line in messages, over lines in differences.
const tagOf = value => Object.prototype.toString.call(value).slice(8, -1);
const LISTS = /^(Array|Arguments|ArrayBuffer|DataView|(Big)?(Int|Uint|Float)(8|16|32|64)(Clamped)?Array)$/;
/** Beyond this many characters a value is shown less deep, then with fewer items. */
const LONG = 10_000;

/** `{"a": 1, "b": […]}`. */
export function print(value, depth = 10, width = 10) {
  const text = new Printer({ min: true, depth, width }).show(value);
  if (text.length < LONG) return text;
  if (depth > 1) return print(value, depth >> 1, width);
  return width > 1 ? print(value, depth, width >> 1) : text;
}
/** With constructor names, an item a line. `indent` 0 is for comparing. */
export const printLines = (value, indent = 2, { callToJSON = true, depth = Infinity } = {}) => new Printer({ indent, callToJSON, depth }).show(value);
/** Spaces at the end of lines are shown as dots. */
export const printVisibly = value => print(value).replace(/\s+$/gm, spaces => '·'.repeat(spaces.length));

/** `number`, `array`, `date`, …: how a value is called in messages. */
export function typeName(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'object') return typeof value;
  return { RegExp: 'regexp', Map: 'map', Set: 'set', Date: 'date' }[value.constructor?.name] ?? 'object';
}

class Printer {
  constructor({ min = false, indent = 2, depth = Infinity, width = Infinity, callToJSON = true }) {
    Object.assign(this, { min, depth, width, callToJSON });
    this.step = min ? '' : ' '.repeat(indent);
    this.open = min ? '' : '\n';
    this.between = min ? ', ' : ',\n';
    this.seen = [];
  }

  show(value, indentation = '', level = 0, jsonCalled = false) {
    if (value?.$$typeof === Symbol.for('jest.asymmetricMatcher')) return this.#asymmetric(value, indentation, level);
    switch (typeof value) {
      case 'string': return `"${escape(value)}"`;
      case 'number': return Object.is(value, -0) ? '-0' : String(value);
      case 'bigint': return `${value}n`;
      case 'symbol': return value.toString();
      case 'function': return `[Function ${value.name || 'anonymous'}]`;
      case 'object': return value === null ? 'null' : this.#object(value, indentation, level, jsonCalled);
      default: return String(value);
    }
  }

  #object(value, indentation, level, jsonCalled) {
    const tag = tagOf(value);
    switch (tag) {
      case 'WeakMap': case 'WeakSet': case 'Promise': return `${tag} {}`;
      case 'Date': return Number.isNaN(value.getTime()) ? 'Date { NaN }' : value.toISOString();
      case 'RegExp': return String(value);
    }
    if (tag === 'Error' || value instanceof Error) return `[${Error.prototype.toString.call(value)}]`;
    if (this.seen.includes(value)) return '[Circular]';
    this.seen.push(value);
    try {
      const tooDeep = level + 1 > this.depth;
      if (this.callToJSON && !tooDeep && !jsonCalled && typeof value.toJSON === 'function') return this.show(value.toJSON(), indentation, level + 1, true);
      const name = constructorName(value);
      const label = this.min ? '' : `${name} `;
      if (tag === 'Map') return tooDeep ? '[Map]' : `Map {${this.#items(value, indentation, level, ([key, item], inner) => `${this.show(key, inner, level + 1)} => ${this.show(item, inner, level + 1)}`)}}`;
      if (tag === 'Set') return tooDeep ? '[Set]' : `Set {${this.#items(value, indentation, level)}}`;
      if (LISTS.test(tag)) {
        const items = tag === 'ArrayBuffer' ? new Uint8Array(value) : tag === 'DataView' ? new Uint8Array(value.buffer) : value;
        return tooDeep ? `[${name}]` : `${label}[${this.list(items, indentation, level)}]`;
      }
      return tooDeep ? `[${name}]` : `${label}{${this.properties(value, indentation, level)}}`;
    } finally {
      this.seen.pop();
    }
  }

  /** Arrays; a hole is seen on one line only, in differences it is undefined. */
  list(items, indentation, level) {
    const all = Array.from({ length: Math.min(items.length, this.width === Infinity ? items.length : this.width + 1) }, (_, index) => ({ index }));
    return this.#items(all, indentation, level, ({ index }, inner) => (index in items || !this.min ? this.show(items[index], inner, level + 1) : ''));
  }

  properties(value, indentation, level) {
    const keys = Object.keys(value).sort();
    for (const key of Object.getOwnPropertySymbols(value)) if (Object.getOwnPropertyDescriptor(value, key).enumerable) keys.push(key);
    return this.#items(keys, indentation, level, (key, inner) => `${this.show(key, inner, level)}: ${this.show(value[key], inner, level + 1)}`, Infinity);
  }

  #items(items, indentation, level, one = (item, inner) => this.show(item, inner, level + 1), width = this.width) {
    const inner = indentation + this.step;
    const texts = [];
    let more = false;
    for (const item of items) {
      if (texts.length >= width) { more = true; break; }
      texts.push(one(item, inner));
    }
    if (!texts.length && !more) return '';
    if (more) texts.push('…');
    return `${this.open}${texts.map(text => inner + text).join(this.between)}${this.min || more ? '' : ','}${this.open}${this.open && indentation}`;
  }

  #asymmetric(value, indentation, level) {
    const label = value.toString();
    const sample = value.sample;
    const tooDeep = level + 1 > this.depth;
    if (/^Array(Not)?Containing$/.test(label)) return tooDeep ? `[${label}]` : `${label} [${this.list(sample, indentation, level)}]`;
    if (/^Object(Not)?Containing$/.test(label)) return tooDeep ? `[${label}]` : `${label} {${this.properties(sample, indentation, level)}}`;
    if (/^(String(Not)?(Matching|Containing)|(Not)?ArrayOf)$/.test(label)) return `${label} ${this.show(sample, indentation, level)}`;
    return typeof value.toAsymmetricMatcher === 'function' ? value.toAsymmetricMatcher() : label;
  }
}

const escape = text => text.replace(/["\\]/g, '\\$&');
const constructorName = value => (typeof value.constructor === 'function' && value.constructor.name) || 'Object';
