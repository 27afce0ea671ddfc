// Functions of the test that pages call, and init scripts: of a page or of a context.
import { quiet } from '../op.js';
import { argument, deserialize, serialize } from '../values.js';
import { Disposable } from './disposable.js';
import { textOf } from './file.js';
import { checkOptions, functionText } from './handle.js';
import { lookup } from './registry.js';

/** `owner` is a page or a context, `api` its name in messages, `of` its parameter in operations. */
export async function expose(owner, api, of, method, name, callback) {
  const apiName = `${api}.${method}`;
  if (owner._exposed.has(name)) throw new Error(`${apiName}: Function "${name}" has been already registered`);
  if (owner._context?._exposed.has(name)) throw new Error(`${apiName}: Function "${name}" has been already registered in the browser context`);
  if (owner._pages && [...owner._pages].some(page => page._exposed.has(name))) throw new Error(`${apiName}: Function "${name}" has been already registered in one of the pages`);
  owner._exposed.set(name, callback);
  const { script } = await quiet(apiName, `${of}.expose`, { [of]: owner._id, name });
  return new Disposable(async () => {
    owner._exposed.delete(name);
    await quiet('disposable.dispose', `${of}.unexpose`, { [of]: owner._id, name, script });
  });
}

/** What makes names for functions of an argument, for as long as the page has its document. */
export async function evaluateCallbacks(page) {
  if (!page) return () => { throw new Error('Passing a function is not supported as an argument here'); };
  await bridged(page, 'page');
  return callback => nameless(page, page._callbacks, callback);
}

/** Until it is, documents do not know how to ask for a function that has no name in them. */
function bridged(owner, of) {
  return (owner._bridged ??= quiet('', `${of}.expose`, { [of]: owner._id }));
}

let last = 0;
function nameless(owner, names, callback) {
  const name = `__understudy_callback_${++last}`;
  owner._exposed.set(name, withoutSource(callback));
  names.add(name);
  return name;
}

/** What was given to the document that is gone cannot be called any more. */
export function dropCallbacks(page) {
  for (const name of page._callbacks) page._exposed.delete(name);
  page._callbacks.clear();
}

/** A page calls. What the function throws is the page's to see. */
export async function exposedCalled(page, { call, frame, name, args }) {
  const callback = page._exposed.get(name) ?? page._context._exposed.get(name);
  let answer;
  try {
    if (typeof callback !== 'function') throw new TypeError('callback is not a function');
    const source = { context: page._context, page, frame: lookup(frame) ?? page._main };
    answer = { value: serialize(await callback(source, ...deserialize(args))), threw: false };
  } catch (error) {
    answer = { value: serialize(error), threw: true };
  }
  // The page may be gone.
  quiet('', 'exposed.answer', { call, ...answer }).catch(() => {});
}

/** As a binding, without the first argument. */
export const withoutSource = callback => (typeof callback === 'function' ? (source, ...args) => callback(...args) : callback);

export async function addInitScript(owner, api, of, script, arg, options) {
  checkOptions(options);
  const names = new Set();
  const source = options?.exposeFunctions ? await exposingSource(owner, of, script, arg, names) : await sourceOf(script, arg, `${api}.addInitScript`);
  const added = await quiet(`${api}.addInitScript`, `${of}.addInitScript`, { [of]: owner._id, source });
  return new Disposable(async () => {
    for (const name of names) owner._exposed.delete(name);
    await quiet('disposable.dispose', `${of}.removeInitScript`, { [of]: owner._id, script: added.script });
  });
}

async function exposingSource(owner, of, script, arg, names) {
  if (typeof script !== 'function') throw new Error('Passing functions requires the init script to be a function');
  await bridged(owner, of);
  const { value } = argument(arg, () => undefined, callback => nameless(owner, names, callback));
  return `(${functionText(script)})(globalThis.__understudy_bridge.value(${JSON.stringify(value)}))`;
}

async function sourceOf(script, arg, apiName) {
  if (typeof script === 'function') return `(${functionText(script)})(${arg === undefined ? 'undefined' : JSON.stringify(arg)})`;
  if (arg !== undefined) throw new Error('Cannot evaluate a string with arguments');
  if (typeof script === 'string') return script;
  if (typeof script?.content === 'string') return script.content;
  if (script?.path !== undefined) return `${await textOf(script.path, apiName)}\n//# sourceURL=${String(script.path).replace(/\n/g, '')}`;
  throw new Error('Either path or content property must be present');
}
