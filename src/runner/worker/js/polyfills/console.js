// `console`: text to the host through the facade, which knows the running test.
import { format, inspect } from './inspect.js';
const native = globalThis.__native;

const counts = new Map();
const times = new Map();
let indent = '';

/** A longer text is cut; characters. */
const LONGEST = 1 << 20;

function log(level, text) {
  if (text.length > LONGEST) text = `${text.slice(0, LONGEST)}… [${text.length - LONGEST} more characters]`;
  if (indent) text = text.split('\n').map(line => indent + line).join('\n');
  if (typeof globalThis.__log === 'function') globalThis.__log(level, text);
  else native.send(JSON.stringify({ t: 'log', test: null, level, text }));
}
const elapsed = label => `${label}: ${(native.now() - times.get(label)).toFixed(3)}ms`;

globalThis.console = {
  log: (...args) => log('info', format(...args)),
  info: (...args) => log('info', format(...args)),
  debug: (...args) => log('info', format(...args)),
  warn: (...args) => log('warn', format(...args)),
  error: (...args) => log('error', format(...args)),
  trace: (...args) => {
    const holder = {};
    Error.captureStackTrace(holder, globalThis.console.trace);
    log('error', `Trace: ${format(...args)}\n${native.mapStack(holder.stack)}`.trimEnd());
  },
  dir: (value, options) => log('info', inspect(value, options)),
  dirxml: (...args) => log('info', format(...args)),
  assert: (condition, ...args) => { if (!condition) log('error', args.length ? `Assertion failed: ${format(...args)}` : 'Assertion failed'); },
  count: (label = 'default') => { counts.set(label, (counts.get(label) ?? 0) + 1); log('info', `${label}: ${counts.get(label)}`); },
  countReset: (label = 'default') => { counts.delete(label); },
  time: (label = 'default') => { times.set(label, native.now()); },
  timeLog: (label = 'default', ...args) => { if (times.has(label)) log('info', [elapsed(label), ...args.map(arg => format(arg))].join(' ')); },
  timeEnd: (label = 'default') => { if (times.has(label)) { log('info', elapsed(label)); times.delete(label); } },
  group: (...args) => { if (args.length) log('info', format(...args)); indent += '  '; },
  groupCollapsed: (...args) => { if (args.length) log('info', format(...args)); indent += '  '; },
  groupEnd: () => { indent = indent.slice(2); },
  table: (data) => log('info', table(data)),
  clear: () => {},
};

function table(data) {
  if (data === null || typeof data !== 'object') return format(data);
  const rows = Object.entries(data);
  const columns = [];
  let plain = false;
  for (const [, row] of rows) {
    if (row === null || typeof row !== 'object') plain = true;
    else for (const key of Object.keys(row)) if (!columns.includes(key)) columns.push(key);
  }
  const head = ['(index)', ...columns, ...(plain ? ['Values'] : [])];
  const lines = rows.map(([index, row]) => {
    const object = row !== null && typeof row === 'object';
    return [index, ...columns.map(key => (object && key in row ? inspect(row[key]) : '')), ...(plain ? [object ? '' : inspect(row)] : [])];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map(line => line[i].length)) + 2);
  const rule = (left, middle, right) => left + widths.map(width => '─'.repeat(width)).join(middle) + right;
  const draw = cells => '│' + cells.map((cell, i) => ` ${cell}`.padEnd(widths[i])).join('│') + '│';
  return [rule('┌', '┬', '┐'), draw(head), rule('├', '┼', '┤'), ...lines.map(draw), rule('└', '┴', '┘')].join('\n');
}
