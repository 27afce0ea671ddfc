// Values as text, in the manner of Node.js's util.inspect: what people expect of console.log.
import { explain } from './explain.js';

const native = globalThis.__native;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const WIDTH = 72;

export function inspect(value, options = {}) {
  const depth = options?.depth === null ? Infinity : options?.depth ?? 2;
  return show(value, { depth, seen: [] }, 0);
}

/** `console.log`'s: %s %d %i %f %j %o %O %c %% in the first argument, the rest joined by spaces. */
export function format(...args) {
  let text = '';
  let next = 0;
  if (typeof args[0] === 'string') {
    next = 1;
    text = args[0].replace(/%[sdifjoOc%]/g, token => {
      if (token === '%%') return args.length > 1 ? '%' : token;
      if (next >= args.length) return token;
      const value = args[next++];
      switch (token) {
        case '%s': return typeof value === 'string' ? value : typeof value === 'object' && value !== null ? inspect(value, { depth: 0 }) : plain(value);
        case '%d': return typeof value === 'bigint' ? `${value}n` : typeof value === 'symbol' ? 'NaN' : String(Number(value));
        case '%i': return typeof value === 'bigint' ? `${value}n` : typeof value === 'symbol' ? 'NaN' : String(Number.parseInt(value));
        case '%f': return typeof value === 'symbol' ? 'NaN' : String(Number.parseFloat(value));
        case '%j': try { return JSON.stringify(value); } catch { return '[Circular]'; }
        case '%c': return '';
        default: return inspect(value, { depth: 4 });
      }
    });
  }
  for (let first = next === 0; next < args.length; next++, first = false) {
    if (!first) text += ' ';
    text += typeof args[next] === 'string' ? args[next] : inspect(args[next]);
  }
  return text;
}

function plain(value) {
  if (typeof value === 'bigint') return `${value}n`;
  return Object.is(value, -0) ? '-0' : String(value);
}

export function quote(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes('`') ? '`' : "'";
  const inner = text.replace(/[\\\n\r\t\b\f\v]|[\0-\x1f\x7f]/g, c => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f', '\v': '\\v' }[c]
    ?? `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`));
  return mark + (mark === "'" ? inner.replace(/'/g, "\\'") : inner) + mark;
}

function show(value, state, level) {
  switch (typeof value) {
    case 'string': return quote(value);
    case 'symbol': return value.toString();
    case 'function': return functionName(value);
    case 'object': return value === null ? 'null' : showObject(value, state, level);
    default: return plain(value);
  }
}

function functionName(value) {
  const isClass = Function.prototype.toString.call(value).startsWith('class');
  const kind = isClass ? 'class' : value.constructor?.name || 'Function';
  return `[${kind}${isClass ? ` ${value.name || '(anonymous)'}` : value.name ? `: ${value.name}` : ' (anonymous)'}]`;
}

function showObject(value, state, level) {
  if (state.seen.includes(value)) return '[Circular *1]';
  const custom = value[Symbol.for('nodejs.util.inspect.custom')];
  if (typeof custom === 'function') {
    const result = custom.call(value, state.depth - level, {}, inspect);
    if (typeof result === 'string') return result;
    if (result !== value) return show(result, state, level);
  }
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const prototype = Object.getPrototypeOf(value);
  const name = prototype === null ? '[Object: null prototype]' : prototype.constructor?.name ?? 'Object';
  if (value instanceof Error || tag === 'Error') return showError(value, state, level);
  if (tag === 'RegExp') return String(value);
  if (tag === 'Date') return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (tag === 'Promise') return 'Promise {}';
  if (tag === 'WeakMap' || tag === 'WeakSet' || tag === 'WeakRef') return `${tag} { <items unknown> }`;
  if (tag === 'Number' || tag === 'String' || tag === 'Boolean') return `[${tag}: ${show(value.valueOf(), state, level)}]`;
  if (level > state.depth) return Array.isArray(value) ? '[Array]' : `[${name}]`;
  state.seen.push(value);
  try {
    const inner = item => show(item, state, level + 1);
    const list = items => items.length > 100 ? [...items.slice(0, 100).map(inner), `... ${items.length - 100} more item${items.length > 101 ? 's' : ''}`] : items.map(inner);
    if (Array.isArray(value)) {
      const extra = Object.keys(value).filter(key => !/^\d+$/.test(key)).map(key => entry(value, key, inner));
      return wrap(name === 'Array' ? '' : `${name}(${value.length}) `, '[', [...list([...value]), ...extra], ']', level);
    }
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return wrap(`${name}(${value.length}) `, '[', list([...value.subarray(0, 101)]), ']', level);
    if (tag === 'ArrayBuffer') return `ArrayBuffer { byteLength: ${value.byteLength} }`;
    if (tag === 'Map') return wrap(`Map(${value.size}) `, '{', [...value].map(([key, item]) => `${inner(key)} => ${inner(item)}`), '}', level);
    if (tag === 'Set') return wrap(`Set(${value.size}) `, '{', [...value].map(inner), '}', level);
    const prefix = name === 'Object' ? (tag === 'Object' ? '' : `Object [${tag}] `) : `${name} `;
    const keys = [...Object.keys(value), ...Object.getOwnPropertySymbols(value).filter(key => Object.prototype.propertyIsEnumerable.call(value, key))];
    return wrap(prefix, '{', keys.map(key => entry(value, key, inner)), '}', level);
  } finally {
    state.seen.pop();
  }
}

function entry(value, key, inner) {
  const label = typeof key === 'symbol' ? `[${key.toString()}]` : IDENTIFIER.test(key) ? key : quote(key);
  const property = Object.getOwnPropertyDescriptor(value, key);
  if (property?.get) return `${label}: ${property.set ? '[Getter/Setter]' : '[Getter]'}`;
  if (property?.set) return `${label}: [Setter]`;
  return `${label}: ${inner(property ? property.value : value[key])}`;
}

function wrap(prefix, open, items, close, level) {
  if (!items.length) return `${prefix}${open}${close}`;
  const pad = open === '[' ? ' ' : ' ';
  const single = `${prefix}${open}${pad}${items.join(', ')}${pad}${close}`;
  if (single.length + level * 2 <= WIDTH && !single.includes('\n')) return single;
  const indent = '  '.repeat(level + 1);
  return `${prefix}${open}\n${indent}${items.join(`,\n${indent}`)}\n${'  '.repeat(level)}${close}`;
}

function showError(error, state, level) {
  const stack = typeof error.stack === 'string' ? native.mapStack(error.stack).trimEnd() : '';
  let head;
  try { head = Error.prototype.toString.call(explain(error)); } catch { head = '[Error]'; }
  const text = stack ? `${head}\n${stack}` : `[${head}]`;
  const extra = Object.keys(error).filter(key => key !== 'stack' && key !== 'message' && key !== 'name');
  if (error.cause !== undefined && !extra.includes('cause')) extra.push('cause');
  if (!extra.length || state.seen.includes(error) || level > state.depth) return text;
  state.seen.push(error);
  try {
    const inner = item => show(item, state, level + 1);
    const indent = '  '.repeat(level + 1);
    return `${text} {\n${extra.map(key => indent + (key === 'cause' ? `[cause]: ${inner(error.cause)}` : entry(error, key, inner))).join(',\n')}\n${'  '.repeat(level)}}`;
  } finally {
    state.seen.pop();
  }
}
