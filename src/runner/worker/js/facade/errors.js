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

/** Thrown by `test.skip()` and friends; ends the function it is thrown in and is no failure. */
export class SkipError extends Error {}

/** What is told of a thrown value: message with its name in front, stack and code frame at original positions. */
export function testError(thrown) {
  if (!isError(thrown)) return { message: inspect(thrown), stack: '', location: undefined, snippet: undefined };
  const message = headline(thrown);
  const raw = stackOf(thrown);
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
    text += `\n    [cause]: ${headline(cause)}${stack ? `\n${stack.replace(/^/gm, '    ')}` : ''}`;
  }
  return text;
}

export function isError(value) {
  return value instanceof Error || (typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Error]');
}
