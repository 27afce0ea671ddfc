// Events of API objects, in Node.js's manner.
export class Emitter {
  #listeners = new Map();

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
  removeAllListeners(event) {
    for (const name of event === undefined ? [...this.#listeners.keys()] : [event]) {
      if (this.#listeners.get(name)?.length) this._subscribed(name, false);
      this.#listeners.delete(name);
    }
    return this;
  }
  emit(event, ...args) {
    const list = this.#listeners.get(event) ?? [];
    for (const listener of list) {
      // An error of one listener is the test's, not the next listener's.
      try { listener.apply(this, args); } catch (error) { Promise.reject(error); }
    }
    return list.length > 0;
  }
  listenerCount(event) { return this.#listeners.get(event)?.length ?? 0; }
  listeners(event) { return (this.#listeners.get(event) ?? []).map(item => item.listener ?? item); }

  /** Called when the first listener comes and the last one goes. */
  _subscribed() {}
}
