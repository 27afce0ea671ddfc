// Waiting for an event on this side of the pipe.
import { ABORTED, AbortError, TimeoutError } from '../errors.js';
import { onAbort } from '../signal.js';
import { apiStep } from '../op.js';
import { whyClosed } from './registry.js';

export const CLOSED = 'Target page, context or browser has been closed';

/** `waitForEvent` of a page or a context, as a step. `line` is what the log says, if there is one. */
export function eventStep(emitter, apiName, event, optionsOrPredicate = {}, line = undefined) {
  const options = typeof optionsOrPredicate === 'function' ? { predicate: optionsOrPredicate } : optionsOrPredicate;
  const timeout = emitter._timeouts.forAction(options);
  return apiStep(apiName, `Wait for event "${event}"`, { event }, ({ stack, signal }) =>
    waitForEvent(emitter, event, { predicate: options.predicate, timeout, apiName, stack, signal, log: line ? [line] : [] }));
}

/** A promise of the first `event` of `emitter` that `predicate` accepts; fails when the emitter closes or the time is up. */
function waitForEvent(emitter, event, { predicate, timeout, apiName, stack, signal, log }) {
  return new Promise((resolve, reject) => {
    let timer;
    const cleanups = [];
    const settle = (act, value) => {
      clearTimeout(timer);
      for (const cleanup of cleanups) cleanup();
      act(value);
    };
    const fail = (Kind, words) => {
      const error = new Kind(`${apiName}: ${words}${framed(log)}`, signal);
      error.stack = stack;
      settle(reject, error);
    };
    const listen = (name, listener) => {
      emitter.on(name, listener);
      cleanups.push(() => emitter.off(name, listener));
    };
    const abort = () => fail(AbortError, ABORTED);
    if (signal?.aborted) { abort(); return; }
    cleanups.push(onAbort(signal, abort));
    listen(event, async value => {
      try {
        if (!predicate || await predicate(value)) settle(resolve, value);
      } catch (error) {
        fail(Error, error?.message ?? String(error));
      }
    });
    if (event !== 'close') listen('close', () => fail(Error, whyClosed(emitter._id) ?? CLOSED));
    if (event !== 'crash') listen('crash', () => fail(Error, 'Page crashed'));
    if (timeout > 0) timer = setTimeout(() => fail(TimeoutError, `Timeout ${timeout}ms exceeded while waiting for event "${event}"`), timeout);
  });
}

/** A log as calls show it that wait on this side. */
export function framed(lines) {
  if (!lines.length) return '';
  return `\n${'='.repeat(27)} logs ${'='.repeat(27)}\n${lines.join('\n')}\n${'='.repeat(60)}`;
}
