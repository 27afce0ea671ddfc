// Web-first matchers: one operation of the host each, which waits; the words are made here.
import { op } from '../op.js';
import { argument, isRegExp, deserialize } from '../values.js';
import { Locator } from '../api/locator.js';
import { Page } from '../api/page.js';
import { resolveUrl } from '../api/url.js';
import { handleId } from '../api/handle.js';
import { whyClosed } from '../api/registry.js';
import { CLOSED } from '../api/waiter.js';
import { difference, diffLines } from './diff.js';
import { addressMatch } from './address.js';
import { withType } from './misuse.js';
import { print, printVisibly } from './print.js';

const isObject = value => typeof value === 'object' && value !== null && !isRegExp(value) && !Array.isArray(value);

/** Matchers of a state: `Expected: visible`, `Received: hidden`. [host's name, expected words, options → state] */
const state = (matcher, words, choose) => ({
  subject: 'locator', expectedWord: '',
  plan: ([options = {}]) => ({ options, ...(choose ? choose(options) : { matcher, words }) }),
});
const texts = (single, list, flags = {}) => ({
  subject: 'locator', expectedWord: 'expected',
  plan: ([expected, options = {}]) => ({ options, expected, matcher: Array.isArray(expected) ? list : single, substring: flags.substring && !Array.isArray(expected),
    expectedText: items(expected, { normalizeWhiteSpace: flags.normalize, matchSubstring: flags.substring, ignoreCase: options.ignoreCase }), useInnerText: options.useInnerText }),
  /** What is wrong with what is expected, to be said at once. */
  mistake([expected]) {
    if (flags.names && isRegExp(expected)) return '"expected" argument in toContainClass cannot be a RegExp value';
    if (flags.names && Array.isArray(expected) && expected.some(isRegExp)) return '"expected" argument in toContainClass cannot contain RegExp values';
    return undefined;
  },
});
const text = (matcher, flags = {}) => ({
  subject: 'locator', expectedWord: 'expected',
  plan: ([expected, options = {}]) => ({ options, expected, matcher, expectedText: items(expected, { normalizeWhiteSpace: flags.normalize, ignoreCase: options.ignoreCase }) }),
});
const pageText = (matcher, flags = {}) => ({
  subject: 'page', expectedWord: 'expected',
  plan([expected, options = {}], page) {
    if (flags.url && typeof expected !== 'string' && !isRegExp(expected)) throw new Error(`expect(page).toHaveURL(expected) failed\n\nError: expected value must be a string or regular expression\n${withType('Expected', expected)}`);
    const resolved = flags.url && typeof expected === 'string' ? resolveUrl(expected, page._context._options.baseURL) : expected;
    return { options, expected: resolved, matcher, expectedText: items(resolved, { normalizeWhiteSpace: flags.normalize, ignoreCase: options.ignoreCase }) };
  },
});

export const WEB = {
  toBeVisible: state('to.be.visible', 'visible', ({ visible }) => (visible === false ? { matcher: 'to.be.hidden', words: 'hidden' } : { matcher: 'to.be.visible', words: 'visible' })),
  toBeHidden: state('to.be.hidden', 'hidden'),
  toBeAttached: state('to.be.attached', 'attached', ({ attached }) => (attached === false ? { matcher: 'to.be.detached', words: 'detached' } : { matcher: 'to.be.attached', words: 'attached' })),
  toBeEnabled: state('to.be.enabled', 'enabled', ({ enabled }) => (enabled === false ? { matcher: 'to.be.disabled', words: 'disabled' } : { matcher: 'to.be.enabled', words: 'enabled' })),
  toBeDisabled: state('to.be.disabled', 'disabled'),
  toBeEditable: state('to.be.editable', 'editable', ({ editable }) => (editable === false ? { matcher: 'to.be.readonly', words: 'readOnly' } : { matcher: 'to.be.editable', words: 'editable' })),
  toBeEmpty: state('to.be.empty', 'empty'),
  toBeFocused: state('to.be.focused', 'focused'),
  toBeInViewport: state('to.be.in.viewport', 'in viewport', ({ ratio }) => ({ matcher: 'to.be.in.viewport', words: 'in viewport', expectedNumber: ratio })),
  toBeChecked: state('to.be.checked', 'checked', ({ checked, indeterminate }) => ({
    matcher: 'to.be.checked', words: indeterminate ? 'indeterminate' : checked === false ? 'unchecked' : 'checked', expectedValue: { checked, indeterminate },
  })),
  toHaveText: texts('to.have.text', 'to.have.text.array', { normalize: true }),
  toContainText: texts('to.have.text', 'to.contain.text.array', { normalize: true, substring: true }),
  toHaveClass: texts('to.have.class', 'to.have.class.array'),
  toContainClass: texts('to.contain.class', 'to.contain.class.array', { names: true }),
  toHaveValue: text('to.have.value'),
  toHaveId: text('to.have.id'),
  toHaveAccessibleName: text('to.have.accessible.name', { normalize: true }),
  toHaveAccessibleDescription: text('to.have.accessible.description', { normalize: true }),
  toHaveAccessibleErrorMessage: text('to.have.accessible.error.message', { normalize: true }),
  toHaveRole: { subject: 'locator', expectedWord: 'expected', plan([expected, options = {}]) {
    if (typeof expected !== 'string') throw new Error('"role" argument in toHaveRole must be a string');
    return { options, expected, matcher: 'to.have.role', expectedText: items(expected, {}) };
  } },
  toHaveValues: { subject: 'locator', expectedWord: 'expected', plan: ([expected, options = {}]) => ({ options, expected, matcher: 'to.have.values', expectedText: items(expected, {}) }) },
  toHaveCount: { subject: 'locator', expectedWord: 'expected', plan: ([expected, options = {}]) => ({ options, expected, matcher: 'to.have.count', expectedNumber: expected }) },
  toHaveAttribute: { subject: 'locator', expectedWord: 'expected', plan(args) {
    const [name, expected, options] = args;
    if (args.length < 2 || isObject(expected)) return { options: expected ?? {}, matcher: 'to.have.attribute', expressionArg: name, words: 'have attribute' };
    return { options: options ?? {}, expected, matcher: 'to.have.attribute.value', expressionArg: name, expectedText: items(expected, { ignoreCase: options?.ignoreCase }) };
  } },
  toHaveCSS: { subject: 'locator', expectedWord: 'expected', plan: ([name, expected, options = {}]) => ({ options, expected, matcher: 'to.have.css', expressionArg: name, pseudo: options.pseudo, expectedText: items(expected, {}) }) },
  toHaveJSProperty: { subject: 'locator', expectedWord: 'expected', plan: ([name, expected, options = {}]) => ({ options, expected, matcher: 'to.have.property', expressionArg: name, expectedValue: expected }) },
  toMatchAriaSnapshot: { subject: 'locator', expectedWord: 'expected', plan: ([expected, options = {}]) => ({ options, expected, matcher: 'to.match.aria', expectedValue: expected, lines: true }) },
  toHaveTitle: pageText('to.have.title', { normalize: true }),
  toHaveURL: pageText('to.have.url', { url: true }),
};

function items(expected, { normalizeWhiteSpace, matchSubstring, ignoreCase }) {
  return (Array.isArray(expected) ? expected : [expected]).map(item => {
    if (isRegExp(item)) return { regex: { source: item.source, flags: item.flags }, matchSubstring, ignoreCase, normalizeWhiteSpace };
    if (typeof item !== 'string') throw new Error(`value ${print(item)}: expected string or regular expression`);
    return { string: item, matchSubstring, ignoreCase, normalizeWhiteSpace };
  });
}

/** Runs a matcher: resolves to `{ pass, message() }` where `pass` is what the matcher without `not` says. */
export async function webMatch(name, subject, args, { isNot, timeout: byDefault, title, step, stack }) {
  const matcher = WEB[name];
  const isPage = matcher.subject === 'page';
  if (isPage ? !(subject instanceof Page) : !(subject instanceof Locator))
    throw new Error(`${name} can be only used with ${isPage ? 'Page' : 'Locator'} object, was called with ${print(subject)}`);
  if (name === 'toHaveURL' && typeof args[0] === 'function') return addressMatch(subject, args, { isNot, timeout: args[1]?.timeout ?? byDefault });
  const plan = matcher.plan(args, subject);
  const timeout = plan.options?.timeout ?? byDefault;
  const params = {
    ...(isPage ? { page: subject._id } : { frame: subject._frame._id, selector: subject._selector }),
    matcher: plan.matcher, isNot, timeout, expectedText: plan.expectedText, expectedNumber: plan.expectedNumber,
    expectedValue: 'expectedValue' in plan ? argument(plan.expectedValue, handleId).value : undefined,
    expressionArg: plan.expressionArg, pseudo: plan.pseudo, useInnerText: plan.useInnerText,
  };
  const about = isPage ? subject._id : subject._frame._id;
  const wasOpen = whyClosed(about) === undefined;
  const result = await op(isPage ? 'expect.page' : 'expect.locator', params, { apiName: '', step, stack }).catch(error => {
    if (isPage && error.isClosed) return { matches: isNot, received: '' };
    throw error;
  });
  if (wasOpen) giveReason(result, whyClosed(about));
  return {
    pass: result.matches, expected: plan.expected ?? plan.words, actual: receivedOf(plan, result), timeout, log: result.log, ariaSnapshot: result.ariaSnapshot,
    message: () => words(name, subject, plan, result, { isNot, timeout, title, isPage }),
  };
}

/** What broke it off in place of the host's words for it. */
function giveReason(result, reason) {
  if (reason === undefined) return;
  const told = text => text?.replace(CLOSED, () => reason);
  result.errorMessage = told(result.errorMessage);
  result.log = result.log?.map(told);
}

function words(name, subject, plan, result, { isNot, timeout, title, isPage }) {
  const hint = `expect(${isPage ? 'page' : 'locator'})${isNot ? '.not' : ''}.${name}(${'expected' in plan ? 'expected' : ''}) failed`;
  const shown = compare(plan, result, isNot);
  const wide = shown.received?.startsWith('Received: ');
  const row = (label, value) => `${wide ? `${label}: `.padEnd(10) : `${label}: `}${value}`;
  const rows = [];
  if (!isPage) rows.push(row('Locator', subject));
  if (shown.expected) rows.push(shown.expected);
  if (shown.received) rows.push(shown.received);
  if (result.timedOut) rows.push(row('Timeout', `${timeout}ms`));
  if (shown.difference) rows.push(shown.difference);
  if (shown.error) rows.push(`Error: ${shown.error}`);
  if (!result.log) return `${hint}\n\n${rows.join('\n')}`;
  const log = [`${title} with timeout ${timeout}ms`, ...result.log];
  return `${hint}\n\n${rows.join('\n')}\n\nCall log:\n${log.map(line => (/^\s*(-|\d+ ×)/.test(line) ? line : `  - ${line}`)).join('\n')}\n`;
}

/** What was expected and what came, in the shape that fits the matcher. */
function compare(plan, result, isNot) {
  const not = isNot ? 'not ' : '';
  const isState = plan.words !== undefined;
  const received = receivedOf(plan, result);
  const missing = result.errorMessage ?? (received === undefined ? 'element(s) not found' : undefined);
  if (isState) return missing ? { expected: `Expected: ${not}${plan.words}`, error: missing } : { expected: `Expected: ${not}${plan.words}`, received: `Received: ${received}` };
  const one = isRegExp(plan.expected) ? 'Expected pattern' : plan.substring ? 'Expected substring' : 'Expected';
  const other = one === 'Expected' ? 'Received' : 'Received string';
  if (missing) return { expected: `${one}: ${not}${print(plan.expected)}`, error: missing };
  if (isNot) return { expected: `${one}: not ${print(plan.expected)}`, received: `${other}: ${print(received)}` };
  if (plan.lines) return { difference: diffLines(plan.expected.trim().split('\n'), String(received).split('\n')) };
  if (one !== 'Expected') return { expected: `${one}: ${print(plan.expected)}`, received: `${other}:${' '.repeat(one.length - other.length + 1)}${print(received)}` };
  const lines = difference(plan.expected, received);
  return lines ? { difference: lines } : { expected: `Expected: ${printVisibly(plan.expected)}`, received: `Received: ${printVisibly(received)}` };
}

function receivedOf(plan, result) {
  if (result.received === undefined) return undefined;
  if (plan.lines) return result.received?.raw ?? result.received ?? undefined;
  if (plan.words !== undefined) return result.received ?? undefined;
  const received = typeof result.received === 'object' && result.received !== null && !Array.isArray(result.received) ? deserialize(result.received) : result.received;
  if (received === null && plan.expectedText) return plan.matcher === 'to.have.attribute.value' ? '' : undefined;
  return received;
}
