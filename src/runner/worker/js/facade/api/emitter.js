// Events of API objects, in Node.js's manner.
export class Emitter {
  #listeners = new Map();
  /** Calls of listeners that go on. */
  #running = new Set();
  #most = 10;

  on(event, listener) {
    const list = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...list, listener]);
    if (!list.length) this._subscribed(event, true);
    return this;
  }
  addListener(event, listener) { return this.on(event, listener); }
  prependListener(event, listener) {
    this.on(event, listener);
    const list = this.#listeners.get(event);
    this.#listeners.set(event, [listener, ...list.slice(0, -1)]);
    return this;
  }
  once(event, listener) {
    const wrapper = (...args) => { this.off(event, wrapper); return listener.apply(this, args); };
    wrapper.listener = listener;
    return this.on(event, wrapper);
  }
  off(event, listener) {
    const list = this.#listeners.get(event) ?? [];
    const index = list.findLastIndex(item => item === listener || item.listener === listener);
    if (index < 0) return this;
    const left = list.toSpliced(index, 1);
    this.#listeners.set(event, left);
    if (!left.length) this._subscribed(event, false);
    return this;
  }
  removeListener(event, listener) { return this.off(event, listener); }
  /** With options it resolves once what runs has ended, or has whoever fails later do so unheard. */
  removeAllListeners(event, options) {
    const names = event === undefined ? [...this.#listeners.keys()] : [event];
    const running = [...this.#running].filter(({ name }) => names.includes(name));
    this.#removeAll(event);
    if (!options) return this;
    if (options.behavior === 'ignoreErrors') for (const run of running) run.isIgnored = true;
    return options.behavior === 'wait' ? Promise.all(running.map(({ over }) => over)).then(() => {}) : Promise.resolve();
  }
  #removeAll(event) {
    for (const name of event === undefined ? [...this.#listeners.keys()] : [event]) {
      if (this.#listeners.get(name)?.length) this._subscribed(name, false);
      this.#listeners.delete(name);
    }
  }
  emit(event, ...args) {
    const list = this.#listeners.get(event) ?? [];
    for (const listener of list) {
      // An error of one listener is the test's, not the next listener's.
      try { this.#follow(event, listener.apply(this, args)); } catch (error) { Promise.reject(error); }
    }
    return list.length > 0;
  }
  /** A listener that goes on is known until it ends. */
  #follow(name, result) {
    if (typeof result?.then !== 'function') return;
    const run = { name, isIgnored: false };
    run.over = Promise.resolve(result).catch(error => { if (!run.isIgnored) Promise.reject(error); }).finally(() => { this.#running.delete(run); });
    this.#running.add(run);
  }
  prependOnceListener(event, listener) {
    const wrapper = (...args) => { this.off(event, wrapper); return listener.apply(this, args); };
    wrapper.listener = listener;
    return this.prependListener(event, wrapper);
  }
  eventNames() { return [...this.#listeners.keys()].filter(name => this.listenerCount(name)); }
  rawListeners(event) { return [...this.#listeners.get(event) ?? []]; }
  getMaxListeners() { return this.#most; }
  setMaxListeners(most) { this.#most = most; return this; }
  listenerCount(event) { return this.#listeners.get(event)?.length ?? 0; }
  listeners(event) { return (this.#listeners.get(event) ?? []).map(item => item.listener ?? item); }

  /** Called when the first listener comes and the last one goes. */
  _subscribed() {}
}
