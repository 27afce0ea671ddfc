// Node.js's EventEmitter.
export class EventEmitter {
  #listeners = new Map();
  #add(name, listener, once, first) {
    const list = this.#listeners.get(name) ?? [];
    list[first ? 'unshift' : 'push']({ listener, once });
    this.#listeners.set(name, list);
    return this;
  }
  on(name, listener) { return this.#add(name, listener, false, false); }
  addListener(name, listener) { return this.on(name, listener); }
  once(name, listener) { return this.#add(name, listener, true, false); }
  prependListener(name, listener) { return this.#add(name, listener, false, true); }
  off(name, listener) {
    const list = this.#listeners.get(name) ?? [];
    const at = list.findLastIndex(entry => entry.listener === listener);
    if (at >= 0) this.#listeners.set(name, list.toSpliced(at, 1));
    return this;
  }
  removeListener(name, listener) { return this.off(name, listener); }
  removeAllListeners(name) { if (name === undefined) this.#listeners.clear(); else this.#listeners.delete(name); return this; }
  emit(name, ...args) {
    const list = [...(this.#listeners.get(name) ?? [])];
    if (!list.length && name === 'error') throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error. (${String(args[0])})`);
    for (const { listener, once } of list) {
      if (once) this.off(name, listener);
      listener.apply(this, args);
    }
    return list.length > 0;
  }
  listenerCount(name) { return this.#listeners.get(name)?.length ?? 0; }
  listeners(name) { return (this.#listeners.get(name) ?? []).map(entry => entry.listener); }
  eventNames() { return [...this.#listeners.keys()].filter(name => this.listenerCount(name)); }
  setMaxListeners() { return this; }
}
export const once = (emitter, name) => new Promise((resolve, reject) => {
  const failed = error => { emitter.off(name, done); reject(error); };
  const done = (...args) => { emitter.off('error', failed); resolve(args); };
  emitter.once(name, done);
  if (name !== 'error') emitter.once('error', failed);
});
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.once = once;
export default EventEmitter;
