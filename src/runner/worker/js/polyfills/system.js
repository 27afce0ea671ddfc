// crypto, performance, process: what tests ask of their surroundings, and no more.
const native = globalThis.__native;

function getRandomValues(array) {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (bytes.length > 65536) throw new DOMException(`The ArrayBufferView's byte length (${bytes.length}) exceeds the number of bytes of entropy available via this API (65536)`, 'QuotaExceededError');
  bytes.set(native.base64Decode(native.randomBytes(bytes.length)));
  return array;
}
globalThis.crypto = { randomUUID: () => native.randomUUID(), getRandomValues };

const origin = native.now();
const marks = [];
const clock = () => native.now() - origin;
globalThis.performance = {
  timeOrigin: native.wallTime(),
  now: clock,
  mark: (name, options) => { const entry = { name, entryType: 'mark', startTime: options?.startTime ?? clock(), duration: 0, detail: options?.detail ?? null }; marks.push(entry); return entry; },
  measure: (name, from, to) => {
    const at = mark => marks.findLast(entry => entry.name === mark)?.startTime;
    const startTime = from === undefined ? 0 : at(from) ?? 0;
    const entry = { name, entryType: 'measure', startTime, duration: (to === undefined ? clock() : at(to) ?? clock()) - startTime, detail: null };
    marks.push(entry);
    return entry;
  },
  getEntries: () => [...marks],
  getEntriesByName: name => marks.filter(entry => entry.name === name),
  getEntriesByType: type => marks.filter(entry => entry.entryType === type),
  clearMarks: () => { marks.length = 0; },
  clearMeasures: () => {},
  toJSON: () => ({ timeOrigin: globalThis.performance.timeOrigin }),
};

const unavailable = name => () => { throw new Error(`process.${name}() is not available: tests run without a process of their own`); };
const hrtime = previous => {
  const now = native.now();
  let seconds = Math.floor(now / 1000), nanos = Math.round((now % 1000) * 1e6);
  if (previous) { seconds -= previous[0]; nanos -= previous[1]; if (nanos < 0) { seconds--; nanos += 1e9; } }
  return [seconds, nanos];
};
hrtime.bigint = () => BigInt(Math.round(native.now() * 1e6));
const stream = level => ({
  isTTY: false,
  columns: 80,
  write: text => { console[level](String(text).replace(/\n$/, '')); return true; },
});
const self = () => globalThis.process;
globalThis.process = {
  // Values are strings, as in every environment; the host's allow-list is put in when the file is loaded.
  env: new Proxy({}, {
    set: (target, key, value) => { target[key] = String(value); return true; },
    defineProperty: (target, key, property) => Reflect.defineProperty(target, key, { ...property, value: String(property.value) }),
  }),
  argv: ['understudy'],
  argv0: 'understudy',
  execArgv: [],
  execPath: 'understudy',
  title: 'understudy',
  platform: 'linux',
  arch: 'x64',
  pid: 1,
  ppid: 0,
  exitCode: undefined,
  version: 'v20.0.0',
  versions: { understudy: '1' },
  release: { name: 'understudy' },
  cwd: () => '/',
  uptime: () => clock() / 1000,
  hrtime,
  nextTick: (callback, ...args) => queueMicrotask(() => callback(...args)),
  // As it was in an earlier turn of the event loop, after the garbage was collected.
  memoryUsage: () => { const [heapUsed, heapTotal] = native.memory(); return { rss: heapTotal, heapTotal, heapUsed, external: 0, arrayBuffers: 0 }; },
  emitWarning: warning => console.warn(String(warning)),
  on: self, once: self, off: self, addListener: self, removeListener: self, removeAllListeners: self, emit: () => false, listenerCount: () => 0,
  exit: unavailable('exit'), kill: unavailable('kill'), chdir: unavailable('chdir'), abort: unavailable('abort'), binding: unavailable('binding'),
  stdout: stream('log'),
  stderr: stream('error'),
};
