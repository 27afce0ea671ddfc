// What `exposeFunction` leaves in every document: functions that ask the test and wait for its answer. Called with the functions of
// model/serialize.js, the name of the binding that reaches us, and the name of one function more, if it has one that the page may see.
({ serialize, deserialize }, binding, name) => {
  const KEY = '__understudy_bridge';

  function install() {
    // Not all documents have it yet when they run this.
    let tell = globalThis[binding];
    const waiting = new Map();
    let last = 0;
    const bridge = {
      expose(name) { globalThis[name] = (...args) => bridge.call(name, args); },
      remove(name) { delete globalThis[name]; },
      call(name, args) {
        return new Promise((resolve, reject) => {
          const seq = ++last;
          waiting.set(seq, { resolve, reject });
          tell ??= globalThis[binding];
          tell(JSON.stringify({ name, seq, args: serialize(args) }));
        });
      },
      /** A value that the test sent, functions and all. */
      value: deserialize,
      deliver(seq, value, threw) {
        const { resolve, reject } = waiting.get(seq) ?? {};
        waiting.delete(seq);
        (threw ? reject : resolve)?.(deserialize(value));
      },
    };
    Object.defineProperty(globalThis, KEY, { value: bridge });
    return bridge;
  }

  const bridge = globalThis[KEY] ?? install();
  if (name) bridge.expose(name);
}
