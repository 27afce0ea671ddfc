// One call of a matcher: a step, its outcome, the words of its failure.
import { capture, native } from '../native.js';
import { isAbandoned } from '../op.js';
import { takeSignal, under } from '../signal.js';
import { beginStep, inStep } from '../steps.js';
import { Locator } from '../api/locator.js';
import { toContain, toContainEqual, toHaveProperty } from './contents.js';
import { expectDefaults } from './defaults.js';
import { equals } from './equals.js';
import { ariaMatch, isAria } from './aria.js';
import { misuse } from './misuse.js';
import { PLAIN } from './plain.js';
import { print } from './print.js';
import { toBeOK } from './response.js';
import { screenshotTitle, toHaveScreenshot } from './screenshots.js';
import { toMatchSnapshot } from './snapshots.js';
import { toThrow } from './throwing.js';
import { matcherHint, utils } from './utils.js';
import { NotYet, untilItPasses } from './waiting.js';
import { WEB, webMatch } from './web.js';

export const VALUE = { ...PLAIN, toContain, toContainEqual, toHaveProperty, toBeOK, toThrow, toThrowError: toThrow };

/** Matchers that compare with files beside the test. */
export const KEPT = { toHaveScreenshot, toMatchSnapshot };

/** `call`: { settings, custom, actual, modifiers }. Synchronous where the matcher is. */
export function callMatcher(call, name, args) {
  const { settings, custom, actual, modifiers } = call;
  const stack = capture();
  const own = name in custom;
  const words = `${settings.poll ? 'poll ' : ''}${settings.soft ? 'soft ' : ''}${modifiers.isNot ? 'not ' : ''}${name === 'toHaveScreenshot' && !own ? screenshotTitle(args) : name}`;
  const subtitle = actual instanceof Locator ? ` ${actual}` : '';
  const title = `${settings.message ?? `Expect "${words}"`}${subtitle}`;
  const params = { isNot: modifiers.isNot };
  if (actual instanceof Locator) params.selector = actual._selector;
  if (name in WEB && args.length) params.expected = shownExpected(args);
  const options = { category: 'expect', title, apiName: `expect.${name}`, params, stack };
  const outcome = new Outcome(settings, stack);

  if (name === 'toPass' && !(name in custom)) return outcome.later(inStep(options, () => toPass(call, args[0])));
  if (settings.poll) return outcome.later(inStep(options, () => poll(call, name, args)));
  const step = beginStep({ ...options, isParent: own });
  const finish = promise => outcome.later(promise.then(() => { step.end(); }, error => { outcome.word(error); step.end(error); throw error; }));
  const context = { ...call, name, args, stack, title, step: step.id };
  if (modifiers.promise) return finish(viaPromise(context));
  if (name in WEB && !own && !WEB[name].mistake?.(args)) return finish(webFirst(context));
  if (name === 'toHaveScreenshot' && !own) return outcome.awaited(finish(kept(context)));
  try {
    if (name in WEB && !own) throw new Error(WEB[name].mistake(args));
    const result = name in KEPT && !own ? matchKept(context, actual, args) : check(context, actual);
    if (typeof result?.then === 'function') return finish(result);
    step.end();
    return undefined;
  } catch (error) {
    outcome.word(error);
    step.end(error);
    return outcome.soften(error);
  }
}

const shownExpected = ([first, second]) => {
  const value = typeof second === 'string' ? second : first;
  return ['string', 'number', 'boolean'].includes(typeof value) || Array.isArray(value) ? value : String(value);
};

/** What becomes of a failure: its words, its place, whether the test goes on. */
class Outcome {
  constructor(settings, stack) {
    Object.assign(this, { settings, stack });
  }
  /** The author's own message comes first; the place is that of the call. */
  word(error) {
    if (error === null || typeof error !== 'object' || isAbandoned(error) || error.isWorded) return;
    Object.defineProperty(error, 'isWorded', { value: true, configurable: true });
    if (this.settings.message !== undefined) error.message = `${this.settings.message}\n\n${error.message}`;
    if (!error.isOwn) error.stack = this.stack;
  }
  later(promise) {
    return promise.then(() => undefined, error => { this.word(error); return this.soften(error); });
  }
  /** Whoever forgets to wait for it: the test does so at its end. */
  awaited(promise) {
    expectDefaults.attempt()?.expects(promise);
    return promise;
  }
  soften(error) {
    const attempt = expectDefaults.attempt();
    if (!this.settings.soft || !attempt || isAbandoned(error)) throw error;
    attempt.soft(error);
    return undefined;
  }
}

/** `this` of a matcher of one's own. */
export function contextOf(settings, { isNot, promise }) {
  return { isNot, promise, utils, equals: (a, b, testers) => equals(a, b, { testers: (testers ?? []).filter(Boolean) }), customTesters: [], timeout: settings.timeout ?? expectDefaults.timeout() };
}

/** Applies a matcher to a value; throws when it fails. */
function check({ name, args, settings, custom, modifiers }, actual, fromPromise = '') {
  const { isNot } = modifiers;
  const judge = result => {
    if (Boolean(result.pass) !== isNot) return;
    const message = typeof result.message === 'function' ? result.message() : result.message ?? 'No message was specified for this matcher.';
    throw failure(message, { name, expected: args[0], actual, ...result });
  };
  if (name in custom) {
    const valid = result => {
      if (typeof result !== 'object' || result === null || typeof result.pass !== 'boolean' || (result.message && typeof result.message !== 'string' && typeof result.message !== 'function'))
        throw new Error(`Unexpected return from a matcher function.\nMatcher functions should return an object in the following format:\n  {message?: string | function, pass: boolean}\n'${print(result)}' was returned`);
      return judge(result);
    };
    const result = ownError(() => custom[name].call(contextOf(settings, modifiers), actual, ...args));
    return typeof result?.then === 'function' ? result.then(valid, keepStack) : valid(result);
  }
  const hint = (expected, comment = '') => matcherHint(name, undefined, expected, { isNot, promise: fromPromise, comment });
  const result = VALUE[name](actual, args, { isNot, hint, fromPromise, frame: frameOf });
  return typeof result?.then === 'function' ? result.then(judge) : judge(result);
}

/** An error that a matcher of one's own throws itself keeps its place. */
function ownError(body) {
  try { return body(); } catch (error) { return keepStack(error); }
}
function keepStack(error) {
  if (error !== null && typeof error === 'object') Object.defineProperty(error, 'isOwn', { value: true, configurable: true });
  throw error;
}

/** Where an error was thrown: the code there and its stack, indented. */
function frameOf(error) {
  const stack = native.mapStack(String(error.stack ?? '')).trimEnd();
  const place = /\(?([^()\s]+):(\d+):(\d+)\)?$/m.exec(stack);
  const snippet = place ? native.snippet(place[1], Number(place[2]), Number(place[3])) : '';
  return `${snippet ? `\n${snippet.replace(/^/gm, '    ')}\n` : ''}${stack ? `\n${stack.replace(/^ */gm, '      ')}` : ''}`;
}

async function kept({ name, actual, args, settings, modifiers, stack, title, step }, subject = actual) {
  const before = [...expectDefaults.attempt()?.expected ?? []];
  const timeout = settings.timeout ?? expectDefaults.timeout();
  // In the order of their calls, also where nobody waits for them.
  await Promise.allSettled(before);
  const [signal, given] = takeSignal(args);
  await under(signal, () => matchKept({ name, settings: { ...settings, timeout }, modifiers, stack, title, step }, subject, given));
}

function matchKept({ name, settings: { timeout }, modifiers: { isNot }, stack, title, step }, subject, args) {
  return KEPT[name](subject, args, { isNot, timeout, title, step, stack, attempt: expectDefaults.attempt });
}

async function webFirst({ name, actual, args, settings, modifiers, stack, title, step }, subject = actual) {
  const timeout = settings.timeout ?? expectDefaults.timeout();
  const [signal, given] = takeSignal(args);
  if (isAria(name, subject, given)) {
    await under(signal, () => ariaMatch(subject, given, { isNot: modifiers.isNot, timeout, title, step, stack, attempt: expectDefaults.attempt }));
    return;
  }
  const result = await under(signal, () => webMatch(name, subject, given, { isNot: modifiers.isNot, timeout, title, step, stack }));
  if (result.pass === modifiers.isNot) throw failure(result.message(), { name, ...result });
}

/** The error of a matcher that failed. Matchers of one's own that are made of others read its `matcherResult`. */
function failure(message, { name, pass, expected, actual, timeout, log, ariaSnapshot }) {
  const error = new Error(message);
  Object.defineProperty(error, 'matcherResult', { value: { name, pass, expected, actual, message, ...(timeout === undefined ? {} : { timeout }), ...(log === undefined ? {} : { log }), ...(ariaSnapshot === undefined ? {} : { ariaSnapshot }) }, configurable: true });
  return error;
}

async function viaPromise(context) {
  const { name, actual, modifiers: { promise: kind, isNot } } = context;
  const promise = typeof actual === 'function' ? actual() : actual;
  const hint = matcherHint(name, undefined, '', { isNot, promise: kind });
  if (typeof promise?.then !== 'function') throw misuse(hint, 'received value must be a promise or a function returning a promise', 'Received', actual);
  let outcome;
  try { outcome = { resolved: await promise }; } catch (reason) { outcome = { rejected: reason }; }
  if (kind === 'resolves') {
    if ('rejected' in outcome) throw new Error(`${hint}\n\nReceived promise rejected instead of resolved\nRejected to value: ${print(outcome.rejected)}`);
    const own = name in context.custom;
    return name in WEB && !own ? webFirst(context, outcome.resolved) : name in KEPT && !own ? kept(context, outcome.resolved) : check(context, outcome.resolved, kind);
  }
  if ('resolved' in outcome) throw new Error(`${hint}\n\nReceived promise resolved instead of rejected\nResolved to value: ${print(outcome.resolved)}`);
  return check(context, outcome.rejected, kind);
}

async function poll({ settings, custom, actual, modifiers }, name, args) {
  if (typeof actual !== 'function') throw new Error('`expect.poll()` accepts only function as a first argument');
  if (modifiers.promise) throw new Error(`\`expect.poll()\` does not support "${modifiers.promise}" matcher.`);
  if (name in WEB && !(name in custom)) throw new Error(`\`expect.poll()\` does not support "${name}" matcher.`);
  const { timeout = expectDefaults.timeout(), intervals } = settings.poll;
  const once = { settings: { ...settings, poll: undefined, soft: false }, custom, modifiers };
  await untilItPasses(async () => {
    let value;
    // What the function itself throws is no failed expectation: it ends the poll.
    try { value = await actual(); } catch (error) { return keepStack(error); }
    return callMatcher({ ...once, actual: value }, name, args);
  }, timeout, { intervals, slot: expectDefaults.attempt()?.current });
}

async function toPass({ actual, modifiers }, { timeout = expectDefaults.toPassTimeout(), intervals } = {}) {
  if (typeof actual !== 'function') throw new Error('`expect().toPass()` accepts only function as a first argument');
  await untilItPasses(async () => {
    if (!modifiers.isNot) return actual();
    let threw = false;
    try { await actual(); } catch { threw = true; }
    if (!threw) throw new NotYet();
    return undefined;
  }, timeout, { intervals, slot: expectDefaults.attempt()?.current });
}
