// `expect`: picks the matcher, makes it a step, words the failure.
import { capture } from '../native.js';
import { ABANDONED } from '../op.js';
import { beginStep, inStep } from '../steps.js';
import { Locator } from '../api/locator.js';
import { asymmetric, customAsymmetric, notAsymmetric } from './asymmetric.js';
import { equals } from './equals.js';
import { print } from './print.js';
import { contextUtils } from './utils.js';
import { expectDefaults } from './defaults.js';
import { matcherError, VALUE } from './value.js';
import { LATER, WEB, webMatch } from './web.js';

const INTERVALS = [100, 250, 500, 1000];

/** `settings`: timeout, soft, message, poll; `custom`: matchers of `expect.extend`. */
function createExpect(settings, custom) {
  const expect = (actual, messageOrOptions) => {
    const message = typeof messageOrOptions === 'string' ? messageOrOptions : messageOrOptions?.message;
    return assertion({ ...settings, message: message ?? settings.message }, custom, actual);
  };
  Object.assign(expect, asymmetric);
  expect.not = { ...notAsymmetric };
  for (const [name, matcher] of Object.entries(custom)) {
    const made = customAsymmetric(name, matcher, { utils: contextUtils, equals });
    expect[name] = made.plain;
    expect.not[name] = made.inverse;
  }
  expect.soft = (actual, messageOrOptions) => createExpect({ ...settings, soft: true }, custom)(actual, messageOrOptions);
  expect.poll = (actual, messageOrOptions) => {
    if (typeof actual !== 'function') throw new Error('`expect.poll()` accepts only function as a first argument');
    const options = typeof messageOrOptions === 'string' ? { message: messageOrOptions } : messageOrOptions ?? {};
    return assertion({ ...settings, message: options.message ?? settings.message, poll: { timeout: options.timeout ?? settings.timeout, intervals: options.intervals ?? INTERVALS } }, custom, actual);
  };
  expect.configure = ({ timeout, soft, message } = {}) => createExpect({
    ...settings, ...(timeout === undefined ? {} : { timeout }), ...(soft === undefined ? {} : { soft }), ...(message === undefined ? {} : { message }),
  }, custom);
  expect.extend = matchers => {
    const extended = createExpect(settings, { ...custom, ...matchers });
    // As `expect.extend` of Jest: the one it was called on knows them too.
    Object.assign(custom, matchers);
    return extended;
  };
  expect.getState = () => ({});
  Object.defineProperty(expect, '__custom', { value: custom });
  return expect;
}

export const expect = createExpect({}, {});

export function mergeExpects(...expects) {
  return createExpect({}, Object.assign({}, ...expects.map(item => item.__custom ?? {})));
}

function assertion(settings, custom, actual, modifiers = { isNot: false, promise: '' }) {
  const made = {};
  const add = (name, fn) => { made[name] = (...args) => fn(name, args); };
  for (const name of [...Object.keys(VALUE), ...Object.keys(WEB), ...Object.keys(custom), 'toPass']) add(name, (matcher, args) => call(settings, custom, actual, modifiers, matcher, args));
  for (const name of LATER) made[name] = () => { throw new Error(`expect(…).${name} is not supported yet. Supported matchers: ${[...Object.keys(WEB), ...Object.keys(VALUE), 'toPass'].join(', ')}`); };
  const derive = (name, changed) => Object.defineProperty(made, name, { get: () => assertion(settings, custom, actual, { ...modifiers, ...changed }) });
  if (!modifiers.isNot) derive('not', { isNot: true });
  if (!modifiers.promise && !modifiers.isNot) {
    derive('resolves', { promise: 'resolves' });
    derive('rejects', { promise: 'rejects' });
  }
  return made;
}

function call(settings, custom, actual, modifiers, name, args) {
  const stack = capture();
  const { isNot, promise } = modifiers;
  const words = `${settings.poll ? 'poll ' : ''}${settings.soft ? 'soft ' : ''}${isNot ? 'not ' : ''}${name}`;
  const subtitle = actual instanceof Locator ? ` ${actual}` : '';
  const title = `${settings.message ?? `Expect "${words}"`}${subtitle}`;
  const params = { isNot, ...(actual instanceof Locator ? { selector: actual._selector } : {}), ...(name in WEB && args.length ? { expected: shownExpected(args) } : {}) };
  const options = { category: 'expect', title, apiName: `expect.${name}`, params, stack };
  const context = { settings, custom, modifiers, stack, title };

  if (name === 'toPass') return settle(settings, inStep(options, () => toPass(actual, args[0], context)), stack);
  if (settings.poll) return settle(settings, inStep(options, () => poll(actual, name, args, context)), stack);
  if (promise) {
    const step = beginStep(options);
    return settle(settings, finish(step, viaPromise(actual, name, args, context)), stack);
  }
  if (name in WEB && !(name in custom)) {
    const step = beginStep(options);
    return settle(settings, finish(step, webFirst(name, actual, args, context, step.id)), stack);
  }
  const step = beginStep(options);
  try {
    const result = check(actual, name, args, context);
    if (typeof result?.then === 'function') return settle(settings, finish(step, result), stack);
    step.end();
    return undefined;
  } catch (error) {
    if (error?.stack !== stack && error?.isMatcherError !== false) error.stack = stack;
    step.end(error);
    return soften(settings, error);
  }
}

const shownExpected = ([first, second]) => {
  const value = typeof second === 'string' ? second : first;
  return ['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value) ? value : String(value);
};

const finish = (step, promise) => promise.then(value => { step.end(); return value; }, error => { step.end(error); throw error; });

/** A promise of the assertion whose failure is noted only, where it is soft. */
function settle(settings, promise, stack) {
  return promise.then(() => undefined, error => {
    if (error && typeof error === 'object' && !error[ABANDONED] && !error.isOwn) error.stack = stack;
    return soften(settings, error);
  });
}

function soften(settings, error) {
  const attempt = expectDefaults.attempt();
  if (!settings.soft || !attempt || error?.[ABANDONED]) throw error;
  attempt.soft(error);
  return undefined;
}

/** Applies a matcher to a value; throws when it fails. */
function check(actual, name, args, { settings, custom, modifiers }, fromPromise = '') {
  const { isNot } = modifiers;
  const judge = ({ pass, message }) => { if (Boolean(pass) === isNot) throw failure(settings, typeof message === 'function' ? message() : 'No message was specified for this matcher.'); };
  if (name in custom) {
    const self = { isNot, promise: modifiers.promise, utils: contextUtils, equals, timeout: settings.timeout ?? expectDefaults.timeout() };
    const result = custom[name].call(self, actual, ...args);
    return typeof result?.then === 'function' ? result.then(judge) : judge(result);
  }
  const hint = (expected, comment) => `expect(received)${fromPromise ? `.${fromPromise}` : ''}${isNot ? '.not' : ''}.${name}(${expected})${comment ? ` // ${comment}` : ''}`;
  return judge(VALUE[name](actual, args, { isNot, hint, fromPromise }));
}

function failure(settings, message) {
  return new Error(settings.message === undefined ? message : `${settings.message}\n\n${message}`);
}

async function webFirst(name, actual, args, { settings, modifiers, stack, title }, step) {
  const timeout = settings.timeout ?? expectDefaults.timeout();
  const result = await webMatch(name, actual, args, { isNot: modifiers.isNot, timeout, title, step, stack });
  if (result.pass === modifiers.isNot) throw failure(settings, result.message());
}

async function viaPromise(actual, name, args, context) {
  const { settings, modifiers } = context;
  const promise = typeof actual === 'function' && modifiers.promise === 'rejects' ? actual() : actual;
  const hint = `expect(received).${modifiers.promise}${modifiers.isNot ? '.not' : ''}.${name}()`;
  if (typeof promise?.then !== 'function') throw matcherError(hint, 'received value must be a promise', 'Received', actual);
  let outcome;
  try { outcome = { resolved: await promise }; } catch (reason) { outcome = { rejected: reason }; }
  if (modifiers.promise === 'resolves') {
    if ('rejected' in outcome) throw failure(settings, `${hint}\n\nReceived promise rejected instead of resolved\nRejected to value: ${print(outcome.rejected)}`);
    return name in WEB ? webFirst(name, outcome.resolved, args, context) : check(outcome.resolved, name, args, context, 'resolves');
  }
  if ('resolved' in outcome) throw failure(settings, `${hint}\n\nReceived promise resolved instead of rejected\nResolved to value: ${print(outcome.resolved)}`);
  return check(outcome.rejected, name, args, context, 'rejects');
}

/** Tries `attempt` until it goes well or the time is up; the last error is told. */
async function untilItPasses(attempt, timeout, intervals) {
  const began = performance.now();
  const delays = [...intervals];
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (error?.[ABANDONED] || error?.isOwn) throw error;
      const delay = delays.length > 1 ? delays.shift() : delays[0] ?? 0;
      const left = timeout > 0 ? timeout - (performance.now() - began) : Infinity;
      if (left <= delay) {
        if (left > 0) await new Promise(done => { setTimeout(done, left); });
        error.message = `${error.message}\n\nCall Log:\n- Timeout ${timeout}ms exceeded while waiting on the predicate`;
        throw error;
      }
      await new Promise(done => { setTimeout(done, delay); });
    }
  }
}

async function poll(actual, name, args, { settings, custom, modifiers, stack }) {
  const { timeout = expectDefaults.timeout(), intervals } = settings.poll;
  const inner = { ...settings, poll: undefined, soft: false };
  try {
    await untilItPasses(async () => {
      let value;
      // What the function itself throws is no failed expectation: it ends the poll.
      try { value = await actual(); } catch (error) { if (error && typeof error === 'object') Object.defineProperty(error, 'isOwn', { value: true, configurable: true }); throw error; }
      const result = call(inner, custom, value, modifiers, name, args);
      await result;
    }, timeout, intervals);
  } catch (error) {
    if (error?.isOwn || error?.[ABANDONED]) throw error;
    throw withStack(settings.message === undefined ? error : Object.assign(new Error(`${settings.message}\n\n${error.message}`)), stack);
  }
}

async function toPass(actual, options = {}, { settings, modifiers, stack }) {
  const timeout = options.timeout ?? expectDefaults.toPassTimeout();
  try {
    await untilItPasses(async () => {
      if (!modifiers.isNot) { await actual(); return; }
      let threw = false;
      try { await actual(); } catch { threw = true; }
      if (!threw) throw new Error('expect(received).not.toPass()\n\nThe function did not throw');
    }, timeout, options.intervals ?? INTERVALS);
  } catch (error) {
    if (error?.[ABANDONED]) throw error;
    throw withStack(settings.message === undefined ? error : failure(settings, error.message), stack);
  }
}

function withStack(error, stack) {
  error.stack = stack;
  return error;
}
