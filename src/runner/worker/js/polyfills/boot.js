// The worker's event loop as scripts see it: timers, messages, rejections, loading. Callbacks stay here under a number;
// native code sends `(kind, number or text)` to `__dispatch`.
const native = globalThis.__native;

const hidden = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
const global = (name, value) => hidden(name, value);

// What is local time the system reads from a file, once; later there are no files.
new Date().getTimezoneOffset();

// --- timers: an object, as in Node.js, that is a number where one is wanted
class Timeout {
  #id;
  constructor(id) { this.#id = id; }
  ref() { return this; }
  unref() { return this; }
  hasRef() { return true; }
  refresh() { const timer = timers.get(this.#id); if (timer) native.setTimeout(this.#id, timer.delay, timer.repeat); return this; }
  close() { clear(this); return this; }
  [Symbol.toPrimitive]() { return this.#id; }
  [Symbol.dispose ?? Symbol('dispose')]() { clear(this); }
}
let lastTimer = 0;
const timers = new Map();

function start(callback, delay, args, repeat, least = 1) {
  if (typeof callback !== 'function')
    throw new TypeError(`The "callback" argument must be of type function. Received ${callback === null ? 'null' : typeof callback}`);
  const id = ++lastTimer;
  delay = Number(delay);
  // As browsers and Node.js have it: what does not fit 31 bits is 1.
  if (!(delay >= least && delay <= 0x7fffffff)) delay = least;
  timers.set(id, { callback, args, delay, repeat });
  native.setTimeout(id, delay, repeat);
  return new Timeout(id);
}
function clear(timer) {
  if (timer === undefined || timer === null) return;
  const id = Number(timer);
  if (timers.delete(id)) native.clearTimeout(id);
}
global('setTimeout', function setTimeout(callback, delay, ...args) { return start(callback, delay, args, false); });
global('setInterval', function setInterval(callback, delay, ...args) { return start(callback, delay, args, true); });
global('setImmediate', function setImmediate(callback, ...args) { return start(callback, 0, args, false, 0); });
global('clearTimeout', function clearTimeout(timer) { clear(timer); });
global('clearInterval', function clearInterval(timer) { clear(timer); });
global('clearImmediate', function clearImmediate(timer) { clear(timer); });
if (typeof queueMicrotask !== 'function')
  global('queueMicrotask', function queueMicrotask(callback) { Promise.resolve().then(callback); });

// --- what native code calls
hidden('__dispatch', (kind, value) => {
  if (kind === 'message') return globalThis.__onMessage(value);
  if (value === CHECK) return tell();
  const timer = timers.get(value);
  if (!timer) return;
  if (!timer.repeat) timers.delete(value);
  try {
    timer.callback.apply(undefined, timer.args);
  } catch (error) {
    uncaught.push(error);
    tell();
  }
});

// --- rejections nobody handled and errors nobody caught: told to who listens (`native.onUncaught`) when what waits has run, or kept
// until somebody asks
const CHECK = 0;
const rejected = new Map();
const uncaught = [];
hidden('__rejection', (promise, reason, handled) => {
  if (handled) { rejected.delete(promise); return; }
  if (!rejected.size) native.setTimeout(CHECK, 0, false);
  rejected.set(promise, reason);
});
function tell() {
  if (native.onUncaught) for (const reason of native.collectRejections()) native.onUncaught(reason);
}
native.collectRejections = () => {
  const reasons = [...uncaught.splice(0), ...rejected.values()];
  rejected.clear();
  return reasons;
};

// --- loading: the host's answer is `loaded` (or `configLoaded`, `hooksLoaded`) or `loadFailed`, never both
function load(config, entry, loaded) {
  const { env, root } = JSON.parse(config);
  Object.assign(process.env, env);
  setFolder(root);
  const facade = globalThis.__facade;
  const failed = error => native.send(JSON.stringify({ t: 'loadFailed', error: JSON.parse(facade.loadError(error)) }));
  facade.begin(config, entry);
  return import(entry).then(module => loaded(facade, module)).then(text => { native.send(text); }, failed).then(() => native.loadEnded());
}
hidden('__load', (config, entry) => load(config, entry, facade => facade.loaded()));
hidden('__loadConfig', (config, entry) => load(config, entry, (facade, module) => facade.config(module)));
hidden('__loadHooks', (config, entry) => load(config, entry, (facade, module) => facade.hooks(module)));

// --- where files are: modules go by their path from the run's folder
let folder = '/';
function setFolder(root) {
  folder = root || '/';
  process.cwd = () => folder;
}
/** The full path of a module. */
hidden('__fileOf', path => {
  const parts = [];
  for (const part of `${folder}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
});
hidden('__folderOf', path => __fileOf(path).replace(/\/[^/]*$/, '') || '/');
