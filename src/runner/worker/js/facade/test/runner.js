// The worker's side of a run: which suites are entered, worker fixtures, tests in the order the host planned.
import { send } from '../native.js';
import { plainError, SkipError, testError } from '../errors.js';
import { annotationOf, Attempt } from './attempt.js';
import { BUILTIN } from './builtin.js';
import { Fixtures } from './fixtures.js';
import { declaresOption, parameterNames, Pool } from './registration.js';
import { selectTests } from './suite.js';
import { endGap, Slot, TimedOut } from './timing.js';

class Worker {
  constructor(config) {
    this.config = config;
    this.fixtures = new Fixtures('worker');
    /** Suites whose `beforeAll` ran. */
    this.entered = new Set();
    this.pools = new Map();
    this.given = new Map();
    this.running = undefined;
    this.tests = new Map();
  }

  poolOf(test) {
    let pools = this.pools.get(test.suite);
    if (!pools) this.pools.set(test.suite, pools = new Map());
    if (!pools.has(test.type)) pools.set(test.type, this.#makePool(test));
    return pools.get(test.type);
  }
  #makePool(test) {
    const lists = [BUILTIN, ...test.type.lists].flatMap(list => [list, this.#given(list)]);
    return new Pool([...lists, ...test.suite.chain().flatMap(suite => suite.uses)]);
  }

  /** The run's `use` options, as far as the list declares options of these names: what later lists say counts for more. */
  #given(list) {
    if (!this.given.has(list)) {
      const options = Object.entries(this.config.use ?? {}).filter(([name]) => declaresOption(list.fixtures[name]));
      this.given.set(list, { fixtures: Object.fromEntries(options), isGiven: true });
    }
    return this.given.get(list);
  }

  /** `beforeAll` of the suites around the attempt's test that were not entered yet. */
  async enter(attempt) {
    for (const suite of attempt.test.suite.chain()) {
      if (this.entered.has(suite)) continue;
      this.entered.add(suite);
      const before = new Set(attempt.info.annotations);
      try {
        for (const hook of suite.hooks.beforeAll) await this.#hookOfAll(attempt, hook);
      } catch (error) {
        if (!(error instanceof SkipError)) this.brokenSuite = suite;
        throw error;
      } finally {
        suite.gained = attempt.info.annotations.filter(annotation => !before.has(annotation));
      }
    }
  }

  /** `afterAll` of the suites that `next` is not part of. */
  async leave(attempt, next) {
    // After a failure nothing more runs here, so every suite ends with the failed test.
    const goesOn = attempt.info.status === attempt.info.expectedStatus && !attempt.interrupted && !attempt.stopped;
    const ahead = next && goesOn ? next.suite.chain() : [];
    for (const suite of attempt.test.suite.chain().reverse()) {
      if (!this.entered.has(suite) || ahead.includes(suite)) continue;
      this.entered.delete(suite);
      suite.gained = [];
      for (const hook of suite.hooks.afterAll) {
        try { await this.#hookOfAll(attempt, hook); } catch (error) { attempt.fail(error); }
      }
    }
  }

  /** Test fixtures of such a hook live as long as the hook. */
  async #hookOfAll(attempt, hook) {
    const fixtures = new Fixtures('test', this.fixtures);
    attempt.info._hookOfAll = hook.kind;
    await attempt.inOwnSlot(async () => {
      try {
        await attempt.hook(hook, fixtures);
      } finally {
        await fixtures.tearDown(attempt.runner, error => attempt.fail(error));
        attempt.info._hookOfAll = undefined;
      }
    }, hook.kind, hook.location);
  }

  /** Runs what the host planned; says `done` at the end. */
  async run(planned) {
    let spent = false;
    let left = planned;
    while (left.length) {
      const [{ test: id, retry, repeat }, ...rest] = left;
      left = rest;
      globalThis.__remaining = JSON.stringify(left.map(({ test }) => test));
      const test = this.tests.get(id);
      const attempt = this.running = new Attempt(this, test, { retry, repeat });
      const expected = await attempt.run(left.length ? this.tests.get(left[0].test) : undefined);
      this.running = undefined;
      if (expected && !attempt.interrupted) continue;
      spent = true;
      if (this.brokenSuite) left = this.#skipRest(left, this.brokenSuite);
      break;
    }
    if (spent || !left.length) await this.#end(spent);
    send({ t: 'done', remaining: left.map(({ test }) => test), spent });
  }

  /** Tests of a suite whose `beforeAll` failed are not run. */
  #skipRest(left, suite) {
    this.brokenSuite = undefined;
    return left.filter(({ test: id, retry }) => {
      const test = this.tests.get(id);
      if (!test.suite.chain().includes(suite)) return true;
      send({ t: 'testEnd', attempt: { test: id, retry, status: 'skipped', expectedStatus: test.expectedStatus(), durationMs: 0, errors: [], annotations: [], attachments: [] } });
      return false;
    });
  }

  /** `afterAll` of what is still open, and the worker's fixtures. */
  async #end(spent) {
    const report = error => send({ t: 'error', error: testError(error) });
    if (!spent && this.entered.size === 0 && this.fixtures.instances.size === 0) return;
    const slot = new Slot(this.config.timeout ?? 0);
    try {
      await slot.run(() => this.fixtures.tearDown(body => body(), report), timeout => ({ message: `Worker teardown timeout of ${timeout}ms exceeded.` }));
    } catch (error) {
      send({ t: 'error', error: TimedOut.is(error) ? plainError(error.message) : testError(error) });
    }
    endGap();
  }
}

let worker;
let root;

export function begin(config, suite) {
  worker = new Worker(config);
  root = suite;
}

/** The host's `loaded`: all tests with ids that are the same at every load of the same source. */
export function listTests() {
  const { tests, only } = selectTests(root, worker.config);
  const seen = new Map();
  const byPath = new Map();
  for (const test of root.allTests()) {
    const path = test.titlePath().join(' › ');
    const before = byPath.get(path);
    if (before) {
      const error = new Error(`duplicate test title "${path}", first declared in ${before.location.file}:${before.location.line}`);
      error.stack = `    at async ${test.location.file}:${test.location.line}:${test.location.column}\n`;
      throw error;
    }
    byPath.set(path, test);
    const ordinal = seen.get(path) ?? 0;
    seen.set(path, ordinal + 1);
    test.id = `${root.title} › ${path}${ordinal ? ` #${ordinal}` : ''}`;
    worker.tests.set(test.id, test);
  }
  validateAll(tests);
  const groups = new Map();
  const groupId = suite => {
    if (!suite) return null;
    if (!groups.has(suite)) groups.set(suite, `${root.title}#${groups.size}`);
    return groups.get(suite);
  };
  return {
    t: 'loaded', only,
    tests: tests.map(test => ({
      id: test.id, titlePath: test.titlePath(), location: test.location,
      describes: test.suite.chain().slice(1).filter(({ title }) => title).map(({ location }) => location ?? test.location), tags: test.allTags(), annotations: test.allAnnotations().map(annotationOf),
      expectedStatus: test.expectedStatus(), timeout: test.timeout(worker.config.timeout), retries: test.retries(), serialGroup: groupId(test.serialGroup()),
    })),
  };
}

/** Fixtures that are not there, or that need each other, are told before anything is run. */
function validateAll(tests) {
  const seen = new Set();
  const validate = (pool, fn, what, location) => pool.validate(parameterNames(fn, location), what, location);
  for (const test of tests) {
    const pool = worker.poolOf(test);
    validate(pool, test.fn, 'Test', test.location);
    if (seen.has(pool)) continue;
    seen.add(pool);
    for (const suite of test.suite.chain()) {
      for (const { kind, fn, location } of Object.values(suite.hooks).flat()) validate(pool, fn, `${kind} hook`, location);
      for (const { annotation, fn, location } of suite.modifiers) validate(pool, fn, `${annotation.type} modifier`, location);
    }
  }
}

export const runTests = ({ tests, workerIndex, parallelIndex }) => {
  Object.assign(worker.config, { workerIndex, parallelIndex });
  Object.assign(process.env, { TEST_WORKER_INDEX: String(workerIndex), TEST_PARALLEL_INDEX: String(parallelIndex) });
  return worker.run(tests);
};
export const runningAttempt = () => worker?.running;
export const cancelRun = () => worker?.running?.cancel();

