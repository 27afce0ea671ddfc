// Waiting for an event on this side of the pipe.
import { TimeoutError } from '../errors.js';

/** A promise of the first `event` of `emitter` that `predicate` accepts; fails when `gone` says that it cannot come. */
export function waitForEvent(emitter, event, { predicate, timeout, apiName, stack, closed }) {
  return new Promise((resolve, reject) => {
    let timer;
    const cleanups = [];
    const settle = (act, value) => {
      clearTimeout(timer);
      for (const cleanup of cleanups) cleanup();
      act(value);
    };
    const fail = error => {
      error.stack = stack ?? error.stack;
      settle(reject, error);
    };
    const listen = (name, listener) => {
      emitter.on(name, listener);
      cleanups.push(() => emitter.off(name, listener));
    };
    listen(event, async value => {
      try {
        if (!predicate || await predicate(value)) settle(resolve, value);
      } catch (error) {
        settle(reject, error);
      }
    });
    if (event !== 'close' && closed) listen('close', () => fail(new Error(`${apiName}: ${closed}`)));
    if (timeout > 0)
      timer = setTimeout(() => fail(new TimeoutError(`${apiName}: Timeout ${timeout}ms exceeded while waiting for event "${event}"`)), timeout);
  });
}
