// One attempt at a test: hooks before, fixtures, body, hooks after, fixtures down; never throws.
import { native, send } from '../native.js';
import { abandonAll, closedOnes, endAll, isAbandoned } from '../op.js';
import { isError, plainError, SkipError, testError } from '../errors.js';
import { failOpenSteps, inStep, stepsOf } from '../steps.js';
import { optionsInForce } from './builtin.js';
import { Fixtures } from './fixtures.js';
import { setCurrentInfo, TestInfo } from './info.js';
import { takeScreenshots } from './screenshots.js';
import { endTrace } from './tracing.js';
import { endGap, Slot, TimedOut } from './timing.js';

/** What is thrown into the parts of a test that has to end now. */
const BROKEN_OFF = new Error('The test has ended.');

/** A note as it is told; an author may have put anything into the list. */
export function annotationOf({ type, description, location }) {
  const { file, line, column } = location ?? {};
  const isPlace = typeof file === 'string' && [line, column].every(number => Number.isInteger(number) && number >= 0 && number < 2 ** 32);
  return { type: String(type), ...(description === undefined ? {} : { description: String(description) }), ...(isPlace ? { location: { file, line, column } } : {}) };
}

export class Attempt {
  /** `worker` is the state of the worker (runner.js). */
  constructor(worker, test, { retry, repeat }) {
    this.worker = worker;
    this.test = test;
    this.pool = worker.poolOf(test);
    this.slot = new Slot(test.timeout(worker.config.timeout));
    this.current = this.slot;
    this.info = new TestInfo({ test, config: worker.config, retry, repeat, timeout: this.slot.timeout });
    // Within hooks that have time of their own it is theirs; the test's is given back.
    this.info._retime = timeout => {
      this.current.retime(timeout);
      this.#leaveWord('timedOut');
      return this.slot.timeout;
    };
    this.fixtures = new Fixtures('test', worker.fixtures);
    this.doing = undefined;
    /** Assertions under way that the test may not wait for itself. */
    this.expected = [];
    this.cancelled = Promise.withResolvers();
    this.cancelled.promise.catch(() => {});
    /** What breaks off the parts that run, but for tearing down. */
    this.breaks = new Set();
  }

  /** Runs it; `next` is the test after it, for `afterAll` of suites that end here. Resolves to whether it ended as expected. */
  async run(next) {
    const { info, test } = this;
    const began = native.now();
    stepsOf(test.id);
    setCurrentInfo(info);
    native.onUncaught = error => this.#uncaught(error);
    send({ t: 'testBegin', test: test.id, retry: info.retry, timeout: 0 });
    this.#leaveWord('timedOut');
    if (info.expectedStatus === 'skipped') info.status = 'skipped';
    else await this.#whole(next);
    info.duration = Math.round(native.now() - began);
    native.onUncaught = undefined;
    const expected = info.status === info.expectedStatus && !this.stopped;
    send({ t: 'testEnd', attempt: this.#report() });
    endGap();
    globalThis.__attempt = undefined;
    setCurrentInfo(undefined);
    stepsOf(null);
    return expected;
  }

  async #whole(next) {
    await this.#guard(() => inStep({ category: 'hook', title: 'Before Hooks' }, () => this.#before()));
    if (this.ready && !this.failed) {
      await this.#guard(() => this.#timed(async () => {
        await this.test.fn(this.values, this.info);
        await Promise.all(this.expected);
      }));
    }
    await new Promise(setImmediate);
    this.#collect();
    this.info._closeReason = this.info.status === 'timedOut' ? `Test timeout of ${this.slot.timeout}ms exceeded.` : 'Test ended.';
    // What comes after has time of its own, as long as the test's.
    this.current = new Slot(Math.max(this.worker.config.timeout ?? 0, this.slot.timeout > 0 ? this.slot.timeout : 0));
    await this.#guard(() => inStep({ category: 'hook', title: 'After Hooks' }, () => this.#after(next)));
    await new Promise(setImmediate);
    this.#collect();
    await endTrace(this.info);
  }

  async #before() {
    for (const suite of this.test.suite.chain()) {
      for (const modifier of suite.modifiers) await this.#modifier(modifier);
    }
    await this.worker.enter(this);
    await this.#timed(() => this.fixtures.setUpAutos(this.pool, this.#runner, this.info));
    for (const suite of this.test.suite.chain()) {
      for (const hook of suite.hooks.beforeEach) await this.#timed(() => this.hook(hook, this.fixtures));
    }
    this.ready = this.info.status === 'passed' && this.info.expectedStatus !== 'skipped' && !this.failed;
    if (!this.ready) return;
    await this.#timed(async () => {
      this.values = await this.fixtures.forFunction(this.test.fn, this.pool, this.#runner, this.info, 'Test', this.test.location);
    });
  }

  async #after(next) {
    const pictured = new Set();
    if (this.failed) await takeScreenshots(this.info, optionsInForce().screenshot, pictured);
    for (const suite of this.test.suite.chain().reverse()) {
      if (!this.worker.entered.has(suite)) continue;
      for (const hook of suite.hooks.afterEach) await this.#guard(() => this.#timed(() => this.hook(hook, this.fixtures)));
    }
    await takeScreenshots(this.info, optionsInForce().screenshot, pictured);
    if (this.current.isSpent()) this.current = new Slot(this.current.timeout);
    await this.#guard(() => this.#timed(async () => {
      await this.fixtures.tearDown(this.#runner, error => this.fail(error));
      await closedOnes();
    }, { breaks: false }));
    await this.worker.leave(this, next);
    // The browser's end with an official worker: what a test began on pages that others use too.
    if (this.failed && this.info.status !== this.info.expectedStatus) await endAll('Test ended.');
  }

  /** A hook as a step; the caller gives it time. */
  hook(hook, fixtures) {
    const { kind, title, fn, location } = hook;
    const before = this.doing;
    this.doing = { words: ` while running "${kind}" hook`, location };
    return inStep({ category: 'hook', title, location }, async () => {
      const values = await fixtures.forFunction(fn, this.pool, this.#runner, this.info, `"${kind}" hook`, location);
      await fn(values, this.info);
    }).then(value => { this.doing = before; return value; });
  }

  async #modifier({ annotation, fn, location }) {
    await this.#timed(async () => {
      const values = await this.fixtures.forFunction(fn, this.pool, this.#runner, this.info, `"${annotation.type}" modifier`, location);
      if (fn(values)) this.info._modify(annotation.type, [true, annotation.description], annotation.location);
    });
  }

  /** In the time that is left of the running slot. */
  #timed(body, { breaks = true } = {}) {
    return this.current.run(() => (breaks ? this.#breakable(body) : Promise.race([body(), this.cancelled.promise])), timeout => ({
      message: this.doing?.instead?.(timeout) ?? `Test timeout of ${timeout}ms exceeded${this.doing?.words ?? ''}.`, location: this.doing?.location,
    }));
  }

  /** In a slot of its own, as `beforeAll` and `afterAll` have it. */
  async inOwnSlot(body, kind, location) {
    const around = this.current;
    const resume = around.suspend?.();
    const before = this.doing;
    this.doing = undefined;
    this.current = new Slot(this.test.timeout(this.worker.config.timeout));
    try {
      await this.current.run(() => this.#breakable(body), timeout => ({ message: `"${kind}" hook timeout of ${timeout}ms exceeded.`, location }));
    } finally {
      this.current = around;
      this.doing = before;
      resume?.();
    }
  }

  /** How fixtures run their parts: in their own time where they have one, else in the test's. */
  #runner = async (body, { title, phase, timeout, location }) => {
    if (timeout === undefined) {
      const before = this.doing;
      if (location) this.doing = phase === 'setup' ? { words: ` while setting up "${title}"`, location } : { instead: limit => `Tearing down "${title}" exceeded the test timeout of ${limit}ms.`, location };
      const value = await body();
      this.doing = before;
      return value;
    }
    const around = this.current;
    const resume = around.suspend?.();
    try {
      return await new Slot(timeout).run(body, limit => ({ message: `Fixture "${title}" timeout of ${limit}ms exceeded during ${phase}.`, location }));
    } finally {
      resume?.();
    }
  };
  get runner() { return this.#runner; }

  /** Runs a part of the test until it ends or is broken off; what it throws is noted, also when nobody waits for it any more. */
  async #breakable(body) {
    const broken = Promise.withResolvers();
    broken.promise.catch(() => {});
    this.breaks.add(broken.reject);
    const noted = async () => {
      try {
        return await body();
      } catch (error) {
        this.fail(error);
        this.noted = { error };
        throw error;
      }
    };
    try {
      return await Promise.race([noted(), broken.promise, this.cancelled.promise]);
    } finally {
      this.breaks.delete(broken.reject);
    }
  }

  async #guard(body) {
    try {
      await body();
    } catch (error) {
      const known = this.noted && Object.is(this.noted.error, error);
      this.noted = undefined;
      if (!known) this.fail(error);
    }
  }

  /** Notes an error; a `SkipError` is none. */
  fail(error) {
    if (this.interrupted || isAbandoned(error) || error === BROKEN_OFF) return;
    this.failed = true;
    if (SkipError.is(error)) {
      if (this.info.status === 'passed') this.info.status = 'skipped';
      return;
    }
    const timedOut = TimedOut.is(error);
    if (this.info.status === 'passed' || this.info.status === 'skipped') this.info.status = timedOut ? 'timedOut' : 'failed';
    this.note(timedOut ? plainError(error.message, error.location) : testError(error), error);
  }

  /** Nobody caught it: the test ends at once, and the process that may have been messed up with it. */
  #uncaught(error) {
    if (isAbandoned(error) || SkipError.is(error)) return;
    if (!this.hadUncaught) this.fail(error);
    this.hadUncaught = true;
    if (this.info.expectedStatus === 'failed' && isError(error) && error.matcherResult) return;
    this.stopped = true;
    for (const breakOff of this.breaks) breakOff(BROKEN_OFF);
  }

  note(report, error) {
    if (this.info.errors.some(seen => seen._thrown !== undefined && seen._thrown === error)) return;
    // As V8 writes it: what was thrown, then from where.
    const stack = [report.message, report.stack].filter(Boolean).join('\n');
    const entry = isError(error) || error === undefined ? { message: report.message, stack } : { value: report.message };
    Object.defineProperty(entry, '_report', { value: report });
    Object.defineProperty(entry, '_thrown', { value: error });
    this.info.errors.push(entry);
  }
  expects(promise) {
    promise.catch(() => {});
    this.expected.push(promise);
  }
  /** A failed `expect.soft`: the test goes on. */
  soft(error) {
    failOpenSteps(error);
    if (this.info.status === 'passed') this.info.status = 'failed';
    this.note(testError(error), error);
  }

  #collect() {
    for (const reason of native.collectRejections()) this.#uncaught(reason);
  }
  /** Ends the test now: it was cancelled from outside. */
  cancel() {
    this.interrupted = true;
    this.info.status = 'interrupted';
    const error = new Error('Test was interrupted.');
    this.cancelled.reject(error);
    abandonAll('Test was interrupted.');
  }

  #report() {
    const { info, test } = this;
    return {
      test: test.id, retry: info.retry, status: info.status, expectedStatus: info.expectedStatus, durationMs: info.duration,
      errors: info.errors.map(entry => entry._report ?? { message: String(entry.message), stack: entry.stack ?? '' }),
      annotations: info.annotations.map(annotationOf), timeout: Math.min(Math.max(0, Math.round(Number(this.slot.timeout) || 0)), Number.MAX_SAFE_INTEGER),
      attachments: info.attachments.map(({ name, contentType, body, path }) => ({ name, contentType, ...(body === undefined ? { path } : { body: Buffer.from(body).toString('base64') }) })),
    };
  }
  /** What Rust tells if the engine has to be stopped in a loop that never yields. */
  #leaveWord(status) {
    const attempt = { ...this.#report(), status, errors: [plainError(`Test timeout of ${this.slot.timeout}ms exceeded.`)] };
    globalThis.__attempt = JSON.stringify(attempt);
  }
}
