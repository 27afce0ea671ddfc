// Node.js's `stream`, as far as tests use it: what is read in pieces (downloads, files), and what takes pieces. Nobody is held back: who
// writes faster than another reads has it in memory.
import { EventEmitter } from './events.js';

const later = work => { Promise.resolve().then(work); };
const aborted = () => Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' });

class Stream extends EventEmitter {
  destroyed = false;
  errored = null;
  destroy(error) {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.errored = error ?? null;
    later(() => {
      if (error) this.emit('error', error);
      this.emit('close');
    });
    return this;
  }
}

export class Readable extends Stream {
  #chunks = [];
  #encoding = null;
  #flowing = null;
  #ended = false;
  #told = false;
  #reading = false;
  #objects;
  constructor({ read, objectMode = false, encoding } = {}) {
    super();
    if (read) this._read = read;
    this.#objects = objectMode;
    if (encoding) this.setEncoding(encoding);
  }
  static from(source) {
    const chunks = typeof source === 'string' || ArrayBuffer.isView(source) ? [source] : source;
    const made = new Readable({ objectMode: true });
    (async () => {
      for await (const chunk of chunks) made.push(chunk);
      made.push(null);
    })().catch(error => made.destroy(error));
    return made;
  }
  get readable() { return !this.destroyed && !this.#told; }
  get readableEnded() { return this.#told; }
  get readableFlowing() { return this.#flowing; }
  get readableLength() { return this.#chunks.reduce((sum, chunk) => sum + (this.#objects ? 1 : chunk.length), 0); }
  get readableEncoding() { return this.#encoding; }
  /** Overridden by whoever has something to say; `push` says it, `push(null)` is its end. */
  _read() {}
  push(chunk, encoding) {
    this.#reading = false;
    if (chunk === null) this.#ended = true;
    else if (typeof chunk === 'string' && !this.#objects) this.#chunks.push(Buffer.from(chunk, encoding));
    else if (this.#objects || chunk.length) this.#chunks.push(chunk);
    this.#move();
    return true;
  }
  setEncoding(encoding) { this.#encoding = encoding; return this; }
  on(name, listener) {
    super.on(name, listener);
    if (name === 'data' && this.#flowing !== false) this.resume();
    else if (name === 'readable') this.#move();
    return this;
  }
  addListener(name, listener) { return this.on(name, listener); }
  pause() { this.#flowing = false; return this; }
  resume() { this.#flowing = true; this.#move(); return this; }
  isPaused() { return this.#flowing === false; }
  /** All that is there, or so many bytes of it; null where there is not enough. */
  read(size) {
    this.#fill();
    if (!this.#chunks.length) return null;
    if (this.#objects) return this.#shown(this.#chunks.shift());
    const all = Buffer.concat(this.#chunks);
    if (size > all.length && !this.#ended) return null;
    this.#chunks = size < all.length ? [all.subarray(size)] : [];
    this.#move();
    return this.#shown(size < all.length ? all.subarray(0, size) : all);
  }
  pipe(target, { end = true } = {}) {
    this.on('data', chunk => { target.write(chunk); });
    if (end) this.on('end', () => { target.end(); });
    target.emit('pipe', this);
    return target;
  }
  unpipe() { this.removeAllListeners('data'); return this.pause(); }
  async *[Symbol.asyncIterator]() {
    this.#flowing = false;
    // Whoever goes through it has its error in its hands.
    this.on('error', () => {});
    try {
      for (;;) {
        this.#fill();
        if (this.errored) throw this.errored;
        if (this.#chunks.length) yield this.#shown(this.#chunks.shift());
        else if (this.#ended || this.destroyed) return;
        else await new Promise(resolve => { this.once('_moved', resolve); });
      }
    } finally {
      this.#told ||= this.#ended;
      this.destroy();
    }
  }
  async toArray() {
    const all = [];
    for await (const chunk of this) all.push(chunk);
    return all;
  }
  destroy(error) {
    super.destroy(error);
    this.emit('_moved');
    return this;
  }
  #shown(chunk) { return this.#encoding && !this.#objects ? Buffer.from(chunk).toString(this.#encoding) : chunk; }
  #fill() {
    if (this.#ended || this.#reading || this.#chunks.length || this.destroyed) return;
    this.#reading = true;
    this._read(65_536);
  }
  /** Tells what there is, once whoever listens has had the time to say so. */
  #move() {
    later(() => {
      this.emit('_moved');
      if (this.destroyed) return;
      if (this.listenerCount('readable') && (this.#chunks.length || (this.#ended && !this.#told))) this.emit('readable');
      while (this.#flowing && !this.destroyed) {
        this.#fill();
        if (!this.#chunks.length) break;
        this.emit('data', this.#shown(this.#chunks.shift()));
      }
      if (!this.#listened()) return;
      this.#fill();
      if (this.#ended && !this.#chunks.length && !this.#told) {
        this.#told = true;
        this.emit('end');
        this.destroy();
      }
    });
  }
  #listened() { return this.#flowing || this.listenerCount('readable') > 0; }
}

export class Writable extends Stream {
  writableEnded = false;
  writableFinished = false;
  #work = Promise.resolve();
  constructor({ write, final, objectMode = false } = {}) {
    super();
    if (write) this._write = write;
    if (final) this._final = final;
    this.writableObjectMode = objectMode;
  }
  get writable() { return !this.destroyed && !this.writableEnded; }
  _write(chunk, encoding, done) { done(); }
  _final(done) { done(); }
  write(chunk, encoding, callback) {
    const done = typeof encoding === 'function' ? encoding : callback;
    const bytes = typeof chunk === 'string' && !this.writableObjectMode ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk;
    if (this.writableEnded) {
      this.destroy(Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' }));
      return false;
    }
    this.#do(settle => this._write(bytes, 'buffer', settle), done);
    return true;
  }
  end(chunk, encoding, callback) {
    const done = [chunk, encoding, callback].find(given => typeof given === 'function');
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') this.write(chunk, typeof encoding === 'string' ? encoding : undefined);
    if (this.writableEnded) return this;
    this.writableEnded = true;
    if (done) this.once('finish', done);
    this.#do(settle => this._final(settle), () => {
      this.writableFinished = true;
      this.emit('finish');
      this.destroy();
    });
    return this;
  }
  /** One thing after the other. */
  #do(work, done) {
    this.#work = this.#work.then(() => this.destroyed || new Promise((resolve, reject) => {
      work(error => (error ? reject(error) : resolve()));
    }).then(() => done?.())).catch(error => { this.destroy(error); });
  }
}

/** Both: what is written comes out again, changed by `transform`. */
export class Transform extends Readable {
  writableEnded = false;
  #input;
  constructor(options = {}) {
    super(options);
    if (options.transform) this._transform = options.transform;
    if (options.flush) this._flush = options.flush;
    const passed = done => (error, chunk) => {
      if (chunk !== undefined && chunk !== null) this.push(chunk);
      done(error);
    };
    this.#input = new Writable({
      objectMode: options.objectMode,
      write: (chunk, encoding, done) => { this._transform(chunk, encoding, passed(done)); },
      final: done => { this._flush(passed(error => { this.push(null); done(error); })); },
    });
    this.#input.on('error', error => { this.destroy(error); });
    this.#input.on('finish', () => { this.emit('finish'); });
  }
  _transform(chunk, encoding, done) { done(null, chunk); }
  _flush(done) { done(); }
  write(...args) { return this.#input.write(...args); }
  end(...args) {
    this.writableEnded = true;
    this.#input.end(...args);
    return this;
  }
}
export class PassThrough extends Transform {}
export { Transform as Duplex, Stream };

/** Calls back once it is over, with the error if it ended by one. */
export function finished(stream, options, callback = options) {
  const over = error => {
    for (const name of ['end', 'finish', 'error', 'close']) stream.off(name, listeners[name]);
    callback(error);
  };
  const done = () => over();
  const listeners = { end: done, finish: done, error: over, close: () => over(stream.errored ?? (stream.readableEnded || stream.writableFinished ? undefined : aborted())) };
  for (const [name, listener] of Object.entries(listeners)) stream.on(name, listener);
  return () => { for (const [name, listener] of Object.entries(listeners)) stream.off(name, listener); };
}

export function pipeline(...streams) {
  const callback = typeof streams.at(-1) === 'function' ? streams.pop() : () => {};
  piped(...streams).then(() => callback(), callback);
  return streams.at(-1);
}
export async function piped(first, ...others) {
  const source = first instanceof Stream ? first : Readable.from(first);
  const ends = [source, ...others].map(stream => new Promise((resolve, reject) => { finished(stream, error => (error ? reject(error) : resolve())); }));
  try {
    others.reduce((from, to) => from.pipe(to), source);
    await Promise.all(ends);
  } catch (error) {
    for (const stream of [source, ...others]) stream.destroy();
    throw error;
  }
}
export const promises = { pipeline: piped, finished: stream => new Promise((resolve, reject) => { finished(stream, error => (error ? reject(error) : resolve())); }) };
export default Object.assign(Stream, { Readable, Writable, Duplex: Transform, Transform, PassThrough, Stream, finished, pipeline, promises });
