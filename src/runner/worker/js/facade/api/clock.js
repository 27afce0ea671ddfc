// The clock of a context's pages.
import { apiStep, op } from '../op.js';

export class Clock {
  #context;
  constructor(context) { this.#context = context; }
  install(options = {}) { return this.#do('install', 'Install clock', options.time, instant); }
  fastForward(ticks) { return this.#do('fastForward', 'Fast forward clock', ticks, duration); }
  runFor(ticks) { return this.#do('runFor', 'Run clock', ticks, duration); }
  pauseAt(time) { return this.#do('pauseAt', 'Pause clock', time, instant); }
  resume() { return this.#do('resume', 'Resume clock'); }
  setFixedTime(time) { return this.#do('setFixedTime', 'Set fixed time', time, instant); }
  setSystemTime(time) { return this.#do('setSystemTime', 'Set system time', time, instant); }

  #do(command, title, given, read = () => undefined) {
    const apiName = `clock.${command}`;
    const shown = given instanceof Date ? given.getTime() : given;
    return apiStep(apiName, shown === undefined ? title : `${title} "${shown}"`, { value: shown }, async ({ id, stack }) => {
      let value;
      try {
        value = read(given);
      } catch (error) {
        if (!(given instanceof Date)) error.message = `${apiName}: ${error.message}`;
        error.stack = stack;
        throw error;
      }
      await op('context.clock', { context: this.#context._id, command, value }, { apiName, step: id, stack });
    });
  }
}

/** Milliseconds since 1970. */
function instant(time) {
  if (time === undefined) return undefined;
  const value = typeof time === 'number' ? time : new Date(time).getTime();
  if (!Number.isFinite(value)) throw new Error(`Invalid date: ${time}`);
  return value;
}

/** Milliseconds of a number, `ss`, `mm:ss` or `hh:mm:ss`. */
function duration(ticks) {
  if (typeof ticks === 'number') {
    if (!Number.isFinite(ticks)) throw new Error(`Invalid ticks: ${ticks}`);
    return ticks;
  }
  if (!ticks) return 0;
  if (!/^(\d\d:){0,2}\d\d?$/.test(ticks)) throw new Error("Clock only understands numbers, 'mm:ss' and 'hh:mm:ss'");
  return 1000 * ticks.split(':').reduce((total, part) => {
    if (Number(part) >= 60) throw new Error(`Invalid time ${ticks}`);
    return total * 60 + Number(part);
  }, 0);
}
