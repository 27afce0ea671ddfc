// Node.js's `timers/promises`.
const start = globalThis.setTimeout, stop = globalThis.clearTimeout;
export const setTimeout = (ms, value, options) => new Promise((resolve, reject) => {
  options?.signal?.throwIfAborted();
  const timer = start(() => resolve(value), ms);
  options?.signal?.addEventListener('abort', () => { stop(timer); reject(options.signal.reason); }, { once: true });
});
export const setImmediate = value => setTimeout(0, value);
export async function* setInterval(ms, value) { for (;;) { await setTimeout(ms); yield value; } }
export const scheduler = { wait: ms => setTimeout(ms), yield: () => setTimeout(0) };
export default { setTimeout, setImmediate, setInterval, scheduler };
