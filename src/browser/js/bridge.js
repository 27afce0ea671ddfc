// What `exposeFunction` leaves in every document: functions that ask the test and wait for its answer. Called with the functions of
// model/serialize.js, the name of the binding that reaches us, and the name of one function more.
({ serialize, deserialize }, binding, name) => {
  const KEY = '__understudy_bridge';

  function install() {
    const tell = globalThis[binding];
    const waiting = new Map();
    let last = 0;
    const bridge = {
      expose(name) {
        globalThis[name] = (...args) => new Promise((resolve, reject) => {
          const seq = ++last;
          waiting.set(seq, { resolve, reject });
          tell(JSON.stringify({ name, seq, args: serialize(args) }));
        });
      },
      remove(name) { delete globalThis[name]; },
      deliver(seq, value, threw) {
        const { resolve, reject } = waiting.get(seq) ?? {};
        waiting.delete(seq);
        (threw ? reject : resolve)?.(deserialize(value));
      },
    };
    Object.defineProperty(globalThis, KEY, { value: bridge });
    return bridge;
  }

  (globalThis[KEY] ?? install()).expose(name);
}
