// A clock in place of a document's own: `page.clock`. Evaluated once in each document, before its scripts.
(() => {
  if (globalThis.__understudyClock) return;
  const own = {
    Date, performance, Intl, setTimeout: setTimeout.bind(globalThis), clearTimeout: clearTimeout.bind(globalThis),
    clearInterval: clearInterval.bind(globalThis), cancelAnimationFrame: cancelAnimationFrame.bind(globalThis), cancelIdleCallback: globalThis.cancelIdleCallback?.bind(globalThis),
    now: performance.now.bind(performance), wall: Date.now.bind(Date), MessageChannel,
  };
  const LONGEST = 2 ** 31 - 1;
  /** Numbers of timers begin where no browser's do: the others are the document's own. */
  const FIRST_ID = 1e12;
  /** The clock looks at the real one at least so often while it goes; ms. */
  const PULSE = 100;

  /** What the clock shows: `time` on the wall, `ticks` since it is there; `running` since which real moment. */
  const state = { time: 0, ticks: 0, origin: undefined, fixed: false, running: undefined };
  const timers = new Map();
  let lastId = FIRST_ID;
  let firing = false;
  let pulse;

  const advance = to => {
    if (to <= state.ticks) return;
    if (!state.fixed) state.time += to - state.ticks;
    state.ticks = to;
  };
  const catchUp = () => {
    if (state.running === undefined) return;
    const now = Math.ceil(own.now());
    if (now <= state.running) return;
    advance(state.ticks + now - state.running);
    state.running = now;
  };
  const wallNow = () => { replay(); catchUp(); return state.time; };
  const ticksNow = () => { replay(); catchUp(); return state.ticks; };
  const setTime = (time, fixed = false) => {
    state.time = time;
    state.fixed = fixed;
    state.origin ??= time;
  };

  // --- timers
  const schedule = (kind, callback, delay, args = []) => {
    replay();
    if (callback === undefined) throw new TypeError('Callback must be provided to timer calls');
    delay = Number(delay);
    delay = !Number.isFinite(delay) || delay < 0 ? 0 : delay > LONGEST ? 1 : delay;
    const timer = { id: lastId++, kind, callback, args, delay, at: state.ticks + (delay || (firing ? 1 : 0)), made: state.ticks };
    timers.set(timer.id, timer);
    beat();
    return timer.id;
  };
  const clear = native => id => {
    if (!timers.delete(Number(id)) && !(Number(id) >= FIRST_ID)) native?.(id);
  };
  const next = until => {
    let first;
    for (const timer of timers.values()) {
      if (timer.at > until) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && (timer.made < first.made || (timer.made === first.made && timer.id < first.id)))) first = timer;
    }
    return first;
  };
  const channel = new own.MessageChannel();
  const turns = [];
  channel.port1.onmessage = () => turns.shift()();
  /** Lets promises and messages of the document have their turn. */
  const turn = () => new Promise(resolve => { turns.push(resolve); channel.port2.postMessage(undefined); });

  /** Fires one timer; resolves to what it threw, in an array. */
  async function fire(timer) {
    advance(timer.at);
    if (timer.kind === 'interval') timer.at += timer.delay || 1;
    else timers.delete(timer.id);
    const thrown = [];
    firing = true;
    try {
      if (typeof timer.callback !== 'function') (0, eval)(String(timer.callback));
      else if (timer.kind === 'frame') timer.callback.call(globalThis, state.ticks);
      else if (timer.kind === 'idle') timer.callback.call(globalThis, { didTimeout: false, timeRemaining: () => 0 });
      else timer.callback.apply(globalThis, timer.args);
    } catch (error) {
      thrown.push(error);
    }
    await turn();
    firing = false;
    return thrown;
  }
  /** Fires what is due until then, in order; throws the first error. */
  async function runTo(ticks) {
    if (ticks < state.ticks) throw new TypeError('Negative ticks are not supported');
    ticks = Math.ceil(ticks);
    const thrown = [];
    for (let timer = next(ticks); timer; timer = next(ticks)) thrown.push(...await fire(timer));
    advance(ticks);
    if (thrown.length) throw thrown[0];
  }
  /** What is due before fires at most once. */
  async function jumpTo(ticks) {
    if (ticks < state.ticks) throw new Error('Cannot fast-forward to the past');
    for (const timer of timers.values()) if (timer.at < ticks) timer.at = ticks;
    await runTo(ticks);
  }

  // --- going by itself
  let beating;
  function beat() {
    if (state.running === undefined || beating) return;
    own.clearTimeout(pulse);
    const due = next(Infinity)?.at ?? Infinity;
    pulse = own.setTimeout(() => {
      catchUp();
      beating = runTo(state.ticks).catch(error => { console.error(error); }).then(() => { beating = undefined; beat(); });
    }, Math.max(0, Math.min(due - state.ticks, PULSE)));
  }
  async function stop() {
    catchUp();
    state.running = undefined;
    own.clearTimeout(pulse);
    await beating;
  }
  function go() {
    state.running = Math.ceil(own.now());
    beat();
  }
  async function whileStopped(act) {
    const ran = state.running !== undefined;
    if (ran) await stop();
    try { await act(); } finally { if (ran) go(); }
  }

  // --- what was told before this document: `[what, when, value]`
  const told = [];
  function replay() {
    if (!told.length) return;
    const all = told.splice(0);
    let runs = state.running !== undefined;
    let last;
    for (const [what, when, value] of all) {
      if (runs && last !== undefined) advance(state.ticks + when - last);
      last = when;
      if (what === 'install' || what === 'setSystemTime') setTime(value);
      else if (what === 'setFixedTime') setTime(value, true);
      else if (what === 'fastForward' || what === 'runFor') advance(state.ticks + value);
      else if (what === 'pauseAt') { runs = false; setTime(value); } else if (what === 'resume') runs = true;
    }
    if (runs) {
      advance(state.ticks + own.wall() - last);
      go();
    } else {
      state.running = undefined;
      own.clearTimeout(pulse);
    }
  }

  const COMMANDS = {
    install: time => { if (state.origin === undefined) state.ticks = 0; setTime(time); },
    setSystemTime: time => setTime(time),
    setFixedTime: time => setTime(time, true),
    runFor: ticks => whileStopped(() => runTo(state.ticks + ticks)),
    fastForward: ticks => whileStopped(() => jumpTo(state.ticks + Math.trunc(ticks))),
    pauseAt: async time => { await stop(); await jumpTo(state.ticks + time - state.time); },
    resume: () => go(),
  };

  // --- what scripts see
  function FakeDate(...args) {
    if (!new.target) return new own.Date(wallNow()).toString();
    return Reflect.construct(own.Date, args.length ? args : [wallNow()], new.target === FakeDate ? own.Date : new.target);
  }
  Object.defineProperty(FakeDate, 'name', { value: 'Date' });
  Object.setPrototypeOf(FakeDate, own.Date);
  FakeDate.prototype = own.Date.prototype;
  FakeDate.prototype.constructor = FakeDate;
  FakeDate.now = wallNow;

  const formats = own.Intl.DateTimeFormat.prototype;
  const format = Object.getOwnPropertyDescriptor(formats, 'format').get;
  const { formatToParts } = formats;
  Object.defineProperty(formats, 'format', { configurable: true, get() { const bound = format.call(this); return date => bound(date === undefined ? wallNow() : date); } });
  formats.formatToParts = function (date) { return formatToParts.call(this, date === undefined ? wallNow() : date); };

  const put = (name, value) => { globalThis[name] = value; };
  put('Date', FakeDate);
  put('setTimeout', (callback, delay, ...args) => schedule('timeout', callback, delay, args));
  put('setInterval', (callback, delay, ...args) => schedule('interval', callback, delay, args));
  put('requestAnimationFrame', callback => schedule('frame', callback, 16 - (ticksNow() % 16)));
  put('requestIdleCallback', (callback, options) => schedule('idle', callback, Math.min(options?.timeout || Infinity, timers.size ? 50 : 0)));
  put('clearTimeout', clear(own.clearTimeout));
  put('clearInterval', clear(own.clearInterval));
  put('cancelAnimationFrame', clear(own.cancelAnimationFrame));
  put('cancelIdleCallback', clear(own.cancelIdleCallback));
  Object.defineProperty(performance, 'now', { value: ticksNow, configurable: true, writable: true });
  Object.defineProperty(performance, 'timeOrigin', { get: () => state.origin ?? 0, configurable: true });
  Object.defineProperty(AbortSignal, 'timeout', { configurable: true, writable: true, value(delay) {
    const controller = new AbortController();
    schedule('timeout', () => controller.abort(new DOMException('signal timed out', 'TimeoutError')), delay);
    return controller.signal;
  } });

  Object.defineProperty(globalThis, '__understudyClock', { value: {
    /** Something happened before this document. */
    note: (...entry) => { told.push(entry); },
    /** Something happens now. */
    perform: (what, value) => { replay(); return COMMANDS[what](value); },
  } });
  go();
})();
//# sourceURL=understudy:clock.js
