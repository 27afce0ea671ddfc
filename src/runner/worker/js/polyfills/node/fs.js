// Node.js's `fs`, as far as tests and pure packages use it: every call is done by the host, which says what may be written.
import { native } from '../native.js';
import { Readable, Writable } from './stream.js';

const pathOf = path => {
  if (path instanceof URL) return decodeURIComponent(path.pathname);
  if (path instanceof Uint8Array) return Buffer.from(path).toString();
  if (typeof path !== 'string') throw Object.assign(new TypeError(`The "path" argument must be of type string or an instance of Buffer or URL. Received ${path === null ? 'null' : typeof path}`), { code: 'ERR_INVALID_ARG_TYPE' });
  return path.startsWith('/') ? path : `${process.cwd()}/${path}`;
};

function call(name, syscall, params) {
  const { value, code, message } = JSON.parse(native.file(name, JSON.stringify(params)));
  if (code === undefined) return value;
  const dest = params.to === undefined ? '' : ` -> '${params.to}'`;
  throw Object.assign(new Error(`${code}: ${message}, ${syscall} '${params.path}'${dest}`), { code, syscall, path: params.path, ...(params.to === undefined ? {} : { dest: params.to }) });
}

const encodingOf = options => (typeof options === 'string' ? options : options?.encoding) ?? undefined;
const bytesOf = (data, options) => {
  if (typeof data === 'string') return Buffer.from(data, encodingOf(options) ?? 'utf8');
  if (data instanceof Uint8Array) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw Object.assign(new TypeError(`The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${data === null ? 'null' : typeof data}`), { code: 'ERR_INVALID_ARG_TYPE' });
};

class Stats {
  constructor({ kind, size, modified, mode }) {
    Object.assign(this, { size, mode, mtimeMs: modified, ctimeMs: modified, atimeMs: modified, birthtimeMs: modified });
    for (const name of ['mtime', 'ctime', 'atime', 'birthtime']) this[name] = new Date(modified);
    Object.defineProperty(this, '_kind', { value: kind });
  }
  isFile() { return this._kind === 'file'; }
  isDirectory() { return this._kind === 'folder'; }
  isSymbolicLink() { return this._kind === 'link'; }
}
class Dirent extends Stats {
  constructor(parentPath, { name, kind }) {
    super({ kind, size: 0, modified: 0, mode: 0 });
    for (const key of Object.keys(this)) delete this[key];
    Object.assign(this, { name, parentPath, path: parentPath });
  }
}

export function readFileSync(path, options) {
  const bytes = Buffer.from(call('read', 'open', { path: pathOf(path) }), 'base64');
  const encoding = encodingOf(options);
  return encoding ? bytes.toString(encoding) : bytes;
}
const write = (path, data, options, append) => { call('write', 'open', { path: pathOf(path), base64: bytesOf(data, options).toString('base64'), append, fresh: String(options?.flag ?? '').includes('x') }); };
export function writeFileSync(path, data, options) { write(path, data, options, String(options?.flag ?? '').startsWith('a')); }
export function appendFileSync(path, data, options) { write(path, data, options, true); }
export function existsSync(path) { try { call('stat', 'stat', { path: pathOf(path), follow: true }); return true; } catch { return false; } }
export function accessSync(path) { call('stat', 'access', { path: pathOf(path), follow: true }); }
const stat = (path, options, follow, syscall) => {
  try { return new Stats(call('stat', syscall, { path: pathOf(path), follow })); } catch (error) {
    if (options?.throwIfNoEntry === false && error.code === 'ENOENT') return undefined;
    throw error;
  }
};
export function statSync(path, options) { return stat(path, options, true, 'stat'); }
export function lstatSync(path, options) { return stat(path, options, false, 'lstat'); }
export function readdirSync(path, options) {
  const full = pathOf(path);
  const entries = call('list', 'scandir', { path: full, recursive: Boolean(options?.recursive) });
  return options?.withFileTypes ? entries.map(entry => new Dirent(full, entry)) : entries.map(({ name }) => name);
}
export function mkdirSync(path, options) { return call('mkdir', 'mkdir', { path: pathOf(path), recursive: Boolean(options?.recursive) }) ?? undefined; }
export function mkdtempSync(prefix) {
  const path = pathOf(prefix) + Math.random().toString(36).slice(2, 8).padEnd(6, '0');
  mkdirSync(path);
  return path;
}
export function rmSync(path, options) { call('remove', 'rm', { path: pathOf(path), recursive: Boolean(options?.recursive), force: Boolean(options?.force) }); }
export function unlinkSync(path) { call('remove', 'unlink', { path: pathOf(path) }); }
export function rmdirSync(path, options) { call('remove', 'rmdir', { path: pathOf(path), folder: true, recursive: Boolean(options?.recursive) }); }
export function renameSync(path, to) { call('rename', 'rename', { path: pathOf(path), to: pathOf(to) }); }
export function copyFileSync(path, to) { call('copy', 'copyfile', { path: pathOf(path), to: pathOf(to) }); }
export function realpathSync(path) { return call('real', 'realpath', { path: pathOf(path) }); }
realpathSync.native = realpathSync;
export const constants = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, COPYFILE_EXCL: 1 };

const SYNC = { readFile: readFileSync, writeFile: writeFileSync, appendFile: appendFileSync, access: accessSync, stat: statSync, lstat: lstatSync, readdir: readdirSync, mkdir: mkdirSync,
  mkdtemp: mkdtempSync, rm: rmSync, unlink: unlinkSync, rmdir: rmdirSync, rename: renameSync, copyFile: copyFileSync, realpath: realpathSync };

/** `fs/promises` */
export const promises = { constants };
/** With a callback at the end. */
const called = {};
for (const [name, sync] of Object.entries(SYNC)) {
  promises[name] = async (...args) => sync(...args);
  called[name] = (...args) => {
    const callback = args.pop();
    if (typeof callback !== 'function') throw new TypeError('The "cb" argument must be of type function. Received undefined');
    promises[name](...args).then(value => callback(null, value), error => callback(error));
  };
}
called.exists = (path, callback) => { queueMicrotask(() => callback(existsSync(path))); };
export const { readFile, writeFile, appendFile, access, stat: statLater, lstat, readdir, mkdir, mkdtemp, rm, unlink, rmdir, rename, copyFile, realpath, exists } = called;
export { statLater as stat };

const unavailable = name => () => { throw new Error(`fs.${name} is not available: test code has whole files only. \`--runner node\` runs these tests with Node.js`); };
/** A whole file in one piece, or the part of it that is asked for. */
export function createReadStream(path, options = {}) {
  const { start = 0, end = Infinity } = Object(options);
  const stream = new Readable({
    encoding: encodingOf(options),
    read() {
      try {
        this.push(readFileSync(path).subarray(start, end + 1));
        this.push(null);
      } catch (error) { this.destroy(error); }
    },
  });
  return Object.assign(stream, { path });
}
/** What is written is there at once. */
export function createWriteStream(path, options = {}) {
  const flag = Object(options).flags ?? 'w';
  const stream = new Writable({
    write(chunk, encoding, done) { done(attempt(() => appendFileSync(path, chunk))); },
  });
  const error = attempt(() => writeFileSync(path, '', { flag }));
  if (error) stream.destroy(error);
  return Object.assign(stream, { path });
}
const attempt = work => { try { work(); return undefined; } catch (error) { return error; } };
export const openSync = unavailable('openSync');
export const open = unavailable('open');
export const watch = unavailable('watch');
export const watchFile = unavailable('watchFile');
export const symlinkSync = unavailable('symlinkSync');

export default {
  readFileSync, writeFileSync, appendFileSync, existsSync, accessSync, statSync, lstatSync, readdirSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, rmdirSync, renameSync, copyFileSync,
  realpathSync, constants, promises, createReadStream, createWriteStream, openSync, open, watch, watchFile, symlinkSync, ...called,
};
