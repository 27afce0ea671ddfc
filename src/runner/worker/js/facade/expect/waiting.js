// Trying again until it goes well: expect.poll and toPass.
import { isAbandoned } from '../op.js';
import { native } from '../native.js';

/** Milliseconds between attempts; the last repeats. Same schedule as Playwright. */
const INTERVALS = [100, 250, 500, 1000];

const pause = ms => new Promise(done => { setTimeout(done, ms); });

/** Thrown by an attempt that went wrong without an error of its own. */
export class NotYet extends Error {}

/** What a test keeps for itself after the last attempt; ms. */
const RESERVE = 250;

/** When the waiting ends, and what is said then: at its own timeout (0 is never), or shortly before the test's. */
function limits(timeout, slot) {
  const own = timeout > 0 ? timeout : Infinity;
  const left = slot?.left() ?? Infinity;
  if (left - RESERVE >= own) return [own, `Timeout ${timeout}ms exceeded while waiting on the predicate`];
  return left === Infinity ? [Infinity, ''] : [Math.max(0, left - RESERVE), `Test timeout of ${slot.timeout}ms exceeded`];
}

/** Runs `attempt` until it does not throw; the last error is told when the time is up. `slot` is the running test's time. */
export async function untilItPasses(attempt, timeout, { intervals = INTERVALS, slot } = {}) {
  const began = native.now();
  const [limit, words] = limits(timeout, slot);
  const delays = [...intervals];
  const hung = Symbol();
  let last;
  for (;;) {
    const left = limit - (native.now() - began);
    let timer;
    const over = new Promise(done => { if (left !== Infinity) timer = setTimeout(() => done(hung), Math.max(0, left)); });
    try {
      const running = attempt();
      running.catch(() => {});
      if (await Promise.race([running, over]) !== hung) return;
      throw outOfTime(last, words);
    } catch (error) {
      if (isAbandoned(error) || error?.isOwn || error?.isLast) throw error;
      last = error;
    } finally {
      clearTimeout(timer);
    }
    const delay = delays.length > 1 ? delays.shift() : delays[0] ?? 0;
    const rest = limit - (native.now() - began);
    if (rest > delay) { await pause(delay); continue; }
    if (rest > 0) await pause(rest);
    throw outOfTime(last, words);
  }
}

function outOfTime(error, words) {
  const silent = error === undefined || error instanceof NotYet;
  const told = new Error(silent ? words : `${error?.message ?? error}\n\nCall Log:\n- ${words}`);
  told.stack = error?.stack ?? told.stack;
  Object.defineProperty(told, 'isLast', { value: true });
  return told;
}
