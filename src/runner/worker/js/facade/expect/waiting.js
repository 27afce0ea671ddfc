// Trying again until it goes well: expect.poll and toPass.
import { isAbandoned } from '../op.js';
import { native } from '../native.js';

/** Milliseconds between attempts; the last repeats. Same schedule as Playwright. */
const INTERVALS = [100, 250, 500, 1000];

const pause = ms => new Promise(done => { setTimeout(done, ms); });

/** Runs `attempt` until it does not throw; the last error is told when the time is up (0 is never). */
export async function untilItPasses(attempt, timeout, intervals = INTERVALS) {
  const began = native.now();
  const delays = [...intervals];
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (isAbandoned(error) || error?.isOwn) throw error;
      const delay = delays.length > 1 ? delays.shift() : delays[0] ?? 0;
      const left = timeout > 0 ? timeout - (native.now() - began) : Infinity;
      if (left > delay) { await pause(delay); continue; }
      if (left > 0) await pause(left);
      throw outOfTime(error, timeout);
    }
  }
}

function outOfTime(error, timeout) {
  const message = `${error?.message ?? error}\n\nCall Log:\n- Timeout ${timeout}ms exceeded while waiting on the predicate`;
  const told = new Error(message);
  told.stack = error?.stack ?? told.stack;
  return told;
}
