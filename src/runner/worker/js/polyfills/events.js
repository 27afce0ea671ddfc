// DOMException, Event, EventTarget, AbortController.
const CODES = { IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15,
  NetworkError: 19, AbortError: 20, QuotaExceededError: 22, TimeoutError: 23, DataCloneError: 25, InvalidCharacterError: 5 };

if (typeof globalThis.DOMException !== 'function') {
  globalThis.DOMException = class DOMException extends Error {
    #name;
    constructor(message = '', options = 'Error') {
      super(message);
      this.#name = typeof options === 'object' ? options?.name ?? 'Error' : String(options);
      if (typeof options === 'object' && options && 'cause' in options) this.cause = options.cause;
    }
    get name() { return this.#name; }
    get code() { return CODES[this.#name] ?? 0; }
  };
}

class Event {
  #type;
  #cancelled = false;
  constructor(type, options = {}) {
    this.#type = String(type);
    this.bubbles = !!options.bubbles;
    this.cancelable = !!options.cancelable;
    this.composed = !!options.composed;
    this.timeStamp = globalThis.performance.now();
    this.target = null;
    this.currentTarget = null;
    this.stopped = false;
  }
  get type() { return this.#type; }
  get defaultPrevented() { return this.#cancelled; }
  preventDefault() { if (this.cancelable) this.#cancelled = true; }
  stopPropagation() {}
  stopImmediatePropagation() { this.stopped = true; }
}
class CustomEvent extends Event {
  constructor(type, options = {}) { super(type, options); this.detail = options.detail ?? null; }
}

class EventTarget {
  #listeners = new Map();
  addEventListener(type, listener, options) {
    if (!listener) return;
    const { once = false, signal } = typeof options === 'object' && options ? options : {};
    if (signal?.aborted) return;
    const list = this.#listeners.get(type) ?? [];
    if (list.some(entry => entry.listener === listener)) return;
    list.push({ listener, once });
    this.#listeners.set(type, list);
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener));
  }
  removeEventListener(type, listener) {
    this.#listeners.set(type, (this.#listeners.get(type) ?? []).filter(entry => entry.listener !== listener));
  }
  dispatchEvent(event) {
    event.target ??= this;
    event.currentTarget = this;
    for (const { listener, once } of [...(this.#listeners.get(event.type) ?? [])]) {
      if (once) this.removeEventListener(event.type, listener);
      if (typeof listener === 'function') listener.call(this, event);
      else listener.handleEvent(event);
      if (event.stopped) break;
    }
    return !event.defaultPrevented;
  }
}

const KEY = Symbol('AbortSignal');
class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  onabort = null;
  constructor(key) {
    super();
    if (key !== KEY) throw new TypeError('Illegal constructor');
  }
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  static end(signal, reason = new DOMException('This operation was aborted', 'AbortError')) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason;
    const event = new Event('abort');
    signal.onabort?.call(signal, event);
    signal.dispatchEvent(event);
  }
  static abort(reason) { const signal = new AbortSignal(KEY); end(signal, reason); return signal; }
  static timeout(ms) {
    const signal = new AbortSignal(KEY);
    setTimeout(() => end(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms);
    return signal;
  }
  static any(signals) {
    const signal = new AbortSignal(KEY);
    for (const other of signals) {
      if (other.aborted) end(signal, other.reason);
      else other.addEventListener('abort', () => end(signal, other.reason), { once: true });
    }
    return signal;
  }
}
const end = AbortSignal.end;
delete AbortSignal.end;
class AbortController {
  #signal = new AbortSignal(KEY);
  get signal() { return this.#signal; }
  abort(reason) { end(this.#signal, reason); }
}

Object.assign(globalThis, { Event, CustomEvent, EventTarget, AbortSignal, AbortController });
