// Errors of the API and their form for reports (model/run.rs, `TestError`).
import { explain } from 'understudy:polyfills/explain.js';
import { inspect } from 'understudy:polyfills/inspect.js';
import { native, locationOf } from './native.js';

export class TimeoutError extends Error {
  constructor(message) {
    super(message);
    this.name = 'TimeoutError';
  }
}

/** A call that was ended by its option `signal`. */
export class AbortError extends Error {
  constructor(message, signal) {
    super(message, { cause: signal.reason });
    this.name = 'AbortError';
  }
}
/** What is said where there is no more to say. */
export const ABORTED = 'The operation was aborted';

/** Thrown by `test.skip()` and friends; ends the function it is thrown in and is no failure. */
export class SkipError extends Error {
  #ours = true;
  /** Asks nothing of the value, which may be anything. */
  static is(value) { return typeof value === 'object' && value !== null && #ours in value; }
}

/** A longer text is cut; characters. */
const LONGEST = 1 << 18;
const clip = text => (text.length > LONGEST ? `${text.slice(0, LONGEST)}… [${text.length - LONGEST} more characters]` : text);

/** What is told of a thrown value: message with its name in front, stack and code frame at original positions. */
export function testError(thrown) {
  try {
    return told(thrown);
  } catch {
    // Its own getters or traps throw.
    return { message: 'Error: what was thrown cannot be shown', stack: '', location: undefined, snippet: undefined };
  }
}

function told(thrown) {
  if (!isError(thrown)) return { message: clip(inspect(thrown)), stack: '', location: undefined, snippet: undefined };
  const message = clip(headline(thrown));
  const raw = clip(stackOf(thrown));
  const stack = native.mapStack(raw).trimEnd() + causes(thrown);
  return { message, stack, ...place(locationOf(raw)) };
}

/** The error's stack without the constructors of its own classes: it was made where they were called. */
function stackOf(error) {
  const frames = String(error.stack ?? '').split('\n');
  for (let type = error.constructor; typeof type === 'function' && type.prototype instanceof Error; type = Object.getPrototypeOf(type)) {
    const at = frames.findIndex(frame => frame.trim().startsWith(`at ${type.name} (`));
    if (at >= 0) frames.splice(0, at + 1);
  }
  return frames.join('\n');
}

/** A report of words alone, such as a timeout's, with the place they are about. */
export function plainError(message, location) {
  return { message, stack: location ? `    at ${location.file}:${location.line}:${location.column}` : '', ...place(location) };
}

function place(location) {
  const snippet = location && native.snippet(location.file, location.line, location.column);
  return { location, snippet: snippet || undefined };
}

function headline(error) {
  const name = String(error.name ?? 'Error');
  const message = String(explain(error).message ?? '');
  return message ? `${name}: ${message}` : name;
}

function causes(error) {
  let text = '';
  for (let cause = error.cause, depth = 0; isError(cause) && depth < 5; cause = cause.cause, depth++) {
    const stack = native.mapStack(stackOf(cause)).trimEnd();
    text += `\n[cause]: ${headline(cause)}${stack ? `\n${stack}` : ''}`;
  }
  return text;
}

export function isError(value) {
  return value instanceof Error || (typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Error]');
}
