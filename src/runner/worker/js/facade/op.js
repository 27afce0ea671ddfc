// Operations of the host: numbered, answered once, abandoned when the test they belong to has ended.
import { isGone, whyClosed } from './api/registry.js';
import { mistake } from './arguments.js';
import { capture, encode, native, send } from './native.js';
import { ABORTED, AbortError, TimeoutError } from './errors.js';
import { onAbort, signalInForce, whyAborted } from './signal.js';
import { beginStep } from './steps.js';

/** What the host says of a page that is gone. */
const CLOSED = 'Target page, context or browser has been closed';

/** Goes ahead of the operations that were begun in the same breath: who listens hears what they cause, in whatever order he wrote it. */
const SUBSCRIBING = 'page.subscribe';

let lastId = 0;
const pending = new Map();
/** Operations that the host is told of when the running piece of script is over. */
const held = [];
const abandoned = new WeakSet();
/** What may end the operations of a step, by its number. */
const signals = new Map();

/** Whether this is the error of an operation that was given up. Asks nothing of the value, which may be anything. */
export const isAbandoned = error => abandoned.has(error);

/** The host's answer to operation `name`. Rejects with an error whose message begins with `apiName: `. */
export function op(name, params, { apiName = '', step, stack = capture() } = {}) {
  const id = ++lastId;
  const signal = signalInForce() ?? signals.get(step);
  return new Promise((resolve, reject) => {
    const wrong = mistake(name, params);
    if (wrong) { reject(errorOf(typeof wrong === 'string' ? { message: wrong } : wrong, { apiName, stack })); return; }
    if (signal?.aborted) { reject(errorOf({ message: ABORTED }, { apiName, stack, signal })); return; }
    const target = params.page ?? params.frame ?? params.context ?? params.api;
    // The reason for closing is told to what it interrupts, not to what begins afterwards.
    const waiting = { resolve, reject, apiName, stack, target };
    waiting.release = onAbort(signal, () => {
      waiting.signal = signal;
      const why = whyAborted(signal);
      tell({ t: 'interrupt', id, why, line: `operation was aborted: ${why}` });
    });
    pending.set(id, Object.assign(waiting, { about: whyClosed(target) === undefined ? target : undefined }));
    const failed = error => { pending.delete(id); reject(errorOf({ message: error.message }, { apiName, stack })); };
    try {
      const text = encode({ t: 'op', id, step: step ?? null, name, params });
      if (name === SUBSCRIBING) native.send(text);
      else if (held.push({ text, failed }) === 1) queueMicrotask(beginAll);
    } catch (error) {
      failed(error);
    }
  });
}

function beginAll() {
  for (const { text, failed } of held.splice(0)) {
    try { native.send(text); } catch (error) { failed(error); }
  }
}

/** Tells the host something about operations that it knows of by then. */
function tell(message) {
  beginAll();
  send(message);
}

/** An operation that is a step of the test: `title` for people, `shown` is what it was done with. */
export function apiCall(apiName, title, name, params, shown = params) {
  return apiStep(apiName, title, shown, step => op(name, params, { apiName, step: step.id, stack: step.stack }));
}

/** An asynchronous call of the API that is a step, whatever it does. */
export function apiStep(apiName, title, shown, body) {
  const stack = capture();
  const step = beginStep({ category: 'pw:api', title, apiName, params: shown, stack });
  const signal = signalInForce();
  if (signal) signals.set(step.id, signal);
  const end = error => { signals.delete(step.id); step.end(error); };
  return Promise.resolve(body({ id: step.id, stack, signal })).then(
    value => { end(); return value; },
    error => { end(error); throw error; });
}

/** What is said by what is done to something of which is known that it is closed. */
export const closedError = apiName => errorOf({ message: CLOSED, closed: true }, { apiName, stack: capture() });

/** A call that is content when what it is about is closed; its step is not. */
export function unlessClosed(call) {
  return call.catch(error => { if (!error.isClosed) throw error; });
}

/** An operation that is no step: reads, and what the framework does on its own. */
export function quiet(apiName, name, params) {
  return op(name, params, { apiName, stack: capture() });
}

/** The host's answer to an operation, at once: nothing else happens meanwhile. For what is synchronous in Playwright. */
export function ask(name, params) {
  const { value, code, message } = JSON.parse(native.ask(name, encode(params)));
  if (code !== undefined) throw new Error(message);
  return value;
}

/** The host's answer came. */
export function answered({ id, result }) {
  const waiting = pending.get(id);
  if (!waiting) return;
  pending.delete(id);
  waiting.release();
  waiting.over?.();
  if ('Ok' in result) waiting.resolve(result.Ok);
  else waiting.reject(errorOf(result.Err, waiting));
}

function errorOf({ name, message, closed }, { apiName, stack, about, signal }) {
  const reason = closed && whyClosed(about);
  if (reason) message = message.replace(CLOSED, () => reason);
  const text = apiName ? `${apiName}: ${message}` : message;
  const error = signal ? new AbortError(text, signal) : name === 'TimeoutError' ? new TimeoutError(text) : name === 'TypeError' ? new TypeError(text) : new Error(text);
  error.stack = stack;
  if (closed) Object.defineProperty(error, 'isClosed', { value: true });
  return error;
}

/** Has the host end everything that runs, each with an error in these words and its call log; resolves when all have ended. */
export function endAll(why) {
  const over = [...pending].map(([id, waiting]) => {
    tell({ t: 'interrupt', id, why, line: null });
    return new Promise(done => { waiting.over = done; });
  });
  return Promise.all(over);
}

/** Resolves when everything has ended that was about pages and contexts that are gone: it does so in its own time. */
export function closedOnes() {
  const late = [...pending.values()].filter(({ target }) => target !== undefined && isGone(target));
  return Promise.all(late.map(waiting => new Promise(done => { waiting.over = done; })));
}

/** Gives up everything that runs; returns what it was, `{ apiName, stack }`, oldest first. */
export function abandonAll(why) {
  const left = [...pending.entries()];
  pending.clear();
  for (const [id, waiting] of left) {
    tell({ t: 'abandon', id });
    const error = errorOf({ message: why }, waiting);
    abandoned.add(error);
    waiting.reject(error);
  }
  return left.map(([, waiting]) => waiting);
}
