// Time limits: a slot of time that set-up, hooks and body share, and what is said when it is used up.
import { native, send } from '../native.js';

/** How long a script that never yields may go on beyond its limit before the engine is stopped; ms. */
const BUSY_GRACE = 1000;
/** How long the host waits beyond that before it ends the process; ms. */
const HOST_GRACE = 2000;

/** Outside of slots the framework works for itself: it words errors, which may call functions of the test. For a script that never
 * yields, and for the host; ms. */
const GAP = 5000;
const HOST_GAP = 12_000;

/** Thrown when a slot is used up. Its message is told without a name in front. */
export class TimedOut extends Error {
  #ours = true;
  /** Asks nothing of the value, which may be anything. */
  static is(value) { return typeof value === 'object' && value !== null && #ours in value; }

  constructor(message, location) {
    super(message);
    this.location = location;
  }
}

export class Slot {
  constructor(timeout) {
    this.timeout = timeout;
    this.spent = 0;
    this.arm = undefined;
  }

  /** Runs `body` within what is left. `words(timeout)` gives `{ message, location }` of the end. */
  async run(body, words) {
    const expired = Promise.withResolvers();
    expired.promise.catch(() => {});
    let began = this.began = native.now();
    let timer;
    const stop = () => { clearTimeout(timer); this.spent += native.now() - began; };
    const arm = () => {
      clearTimeout(timer);
      if (!(this.timeout > 0)) { limit(0); return; }
      const left = Math.max(1, this.timeout - this.spent - (native.now() - began));
      limit(left, this.timeout);
      timer = setTimeout(() => {
        const { message, location } = words(this.timeout);
        expired.reject(new TimedOut(message, location));
      }, left);
    };
    this.arm = arm;
    this.suspend = () => { stop(); return () => { began = this.began = native.now(); arm(); }; };
    arm();
    try {
      return await Promise.race([body(), expired.promise]);
    } finally {
      stop();
      this.arm = this.suspend = this.began = undefined;
      if (this.timeout > 0) gap();
      else limit(0);
    }
  }

  /** Milliseconds that are left while it runs; Infinity where there is no limit. */
  left() { return this.timeout > 0 && this.began !== undefined ? this.timeout - this.spent - (native.now() - this.began) : Infinity; }

  /** Whether nothing is left. */
  isSpent() { return this.timeout > 0 && this.spent >= this.timeout; }

  /** A new limit, counted from the slot's start; also while it runs. */
  retime(timeout) {
    this.timeout = timeout;
    this.arm?.();
  }
}

function limit(left, timeout = 0) {
  native.deadline(left > 0 ? left + BUSY_GRACE : 0);
  send({ t: 'deadline', timeout: left > 0 ? whole(left + BUSY_GRACE + HOST_GRACE) : 0, limit: whole(timeout) });
}

/** Limits what is done outside of slots, until the next one begins or `endGap`. Who is about to wait for something outside of the
 * engine says how long that may take, ms. */
export function gap(wait = 0) {
  native.deadline(GAP + wait);
  send({ t: 'deadline', timeout: HOST_GAP + wait });
}
export function endGap() {
  native.deadline(0);
}

/** A number the host can read; as good as for ever where it is larger. */
const whole = ms => Math.min(Math.ceil(ms), Number.MAX_SAFE_INTEGER);
