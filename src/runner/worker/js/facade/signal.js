// The option `signal`: one mechanism for every member that documents it. The operations that begin in the synchronous part of a call,
// or in its step, end when the signal is aborted, in the host too.
let current;

/** Of the call whose synchronous part runs. */
export const signalInForce = () => current;

/** Runs the beginning of a call under `signal`. */
export function under(signal, body) {
  const before = current;
  current = signal;
  try { return body(); } finally { current = before; }
}

const isSignal = value => typeof value === 'object' && value !== null && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function';

/** `[signal, arguments without it]`; the options stand last. */
export function takeSignal(args) {
  const at = args.findLastIndex(arg => typeof arg === 'object' && arg !== null && isSignal(arg.signal));
  if (at < 0) return [undefined, args];
  const { signal, ...options } = args[at];
  return [signal, args.with(at, options)];
}

/** Gives methods of a class the option. */
export function abortable(prototype, names = '') {
  for (const name of names.split(' ').filter(Boolean)) {
    const method = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (typeof method !== 'function') continue;
    const wrapped = { [name](...given) {
      const [signal, args] = takeSignal(given);
      return signal ? under(signal, () => method.apply(this, args)) : method.apply(this, given);
    } }[name];
    Object.defineProperty(prototype, name, { value: wrapped, writable: true, configurable: true });
  }
}

/** In words why it was aborted. */
export const whyAborted = ({ reason }) => String(reason?.message ?? reason);

/** Calls `stop` when the signal is aborted; what this returns forgets it. */
export function onAbort(signal, stop) {
  if (!signal) return () => {};
  signal.addEventListener('abort', stop, { once: true });
  return () => signal.removeEventListener('abort', stop);
}
