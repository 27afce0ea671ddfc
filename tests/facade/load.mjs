// Loads the facade into Node.js: names as in the worker, a door to Rust that notes what is said.
import { register } from 'node:module';

const hooks = `
const root = ${JSON.stringify(new URL('../../src/', import.meta.url).href)};
const places = { 'understudy:facade/': 'runner/worker/js/facade/', 'understudy:polyfills/': 'runner/worker/js/polyfills/' };
export async function resolve(specifier, context, next) {
  for (const [name, place] of Object.entries(places)) if (specifier.startsWith(name)) return { url: root + place + specifier.slice(name.length) + '?module', shortCircuit: true };
  if (specifier === 'understudy:model/serialize.js') return { url: root + 'model/serialize.js?module', shortCircuit: true };
  if (specifier === 'understudy:model/devices.js') return { url: root + 'model/devices.json?module', shortCircuit: true };
  const found = await next(specifier, context);
  return found.url.startsWith(root) && !found.url.includes('?') ? { ...found, url: found.url + '?module' } : found;
}
const wrapped = (url, source) => url.includes('/model/serialize.js') ? 'export default ' + source : url.includes('/devices.json') ? 'export default ' + JSON.stringify(source) : source;
export async function load(url, context, next) {
  if (!url.startsWith(root)) return next(url, context);
  const { readFile } = await import('node:fs/promises');
  const source = await readFile(new URL(url.replace('?module', '')), 'utf8');
  return { format: 'module', shortCircuit: true, source: wrapped(url, source) };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

/** Messages to the host, in order. */
export const sent = [];
globalThis.__native = {
  send: text => { sent.push(JSON.parse(text)); },
  now: () => performance.now(), wallTime: () => Date.now(),
  mapStack: stack => stack.split('\n').filter(line => /^\s+at /.test(line)).join('\n'),
  explain: message => message,
  snippet: () => '', deadline: () => {}, collectRejections: () => [],
  setTimeout: () => {}, clearTimeout: () => {},
};
export const { expect } = await import('understudy:facade/expect/index.js');
