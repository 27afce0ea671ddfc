// toThrow: what a function throws, or a promise rejects with.
import { explain } from 'understudy:polyfills/explain.js';
import { isAsymmetric } from './equals.js';
import { misuse, rows } from './misuse.js';
import { print, printVisibly } from './print.js';
import { lineage } from './plain.js';

/** What is known of a thrown value. */
class Thrown {
  constructor(value) {
    this.value = explain(value);
    this.hasMessage = typeof value === 'object' && value !== null && typeof value.message === 'string';
    this.isError = this.hasMessage && typeof value.name === 'string' && typeof value.stack === 'string';
    this.message = this.hasMessage ? value.message : value;
  }
  get text() { return this.hasMessage ? this.message : String(this.value?.message ?? this.value); }
  row(label = 'Received') { return [this.hasMessage ? `${label} message` : `${label} value`, printVisibly(this.message)]; }
}

/** `frame(error)` is the code frame and stack of a thrown error, with a line break in front. */
export function toThrow(received, args, { isNot, hint, fromPromise, frame }) {
  const [expected] = args;
  const first = hint(args.length && expected !== undefined ? 'expected' : '');
  let thrown = null;
  if (fromPromise && (received instanceof Error || !isFunction(received))) thrown = new Thrown(received);
  else if (!isFunction(received)) throw misuse(hint(''), 'received value must be a function', 'Received', received);
  else try { received(); } catch (value) { thrown = new Thrown(value); }
  const place = () => (thrown?.isError ? `\n${frame(thrown.value)}` : thrown ? '\n' : '');
  const result = judge(thrown, expected, isNot, first);
  return {
    pass: result.pass,
    message: () => {
      if (!thrown) return `${first}\n\n${result.wanted ? `${result.wanted}\n\n` : ''}Received function did not throw`;
      return `${first}\n\n${result.words()}${place()}`;
    },
  };
}

const isFunction = value => typeof value === 'function';

function judge(thrown, expected, isNot, first) {
  if (expected === undefined) {
    const words = () => (thrown.hasMessage ? `Error name:    ${print(thrown.value.name)}\nError message: ${printVisibly(thrown.message)}` : `Thrown value: ${printVisibly(thrown.value)}`);
    return { pass: thrown !== null, words };
  }
  if (isFunction(expected)) return byClass(thrown, expected, isNot);
  if (typeof expected === 'string') return byText('Expected substring', expected, () => thrown.text.includes(expected), thrown, isNot);
  if (expected instanceof RegExp) return byText('Expected pattern', expected, () => new RegExp(expected).test(thrown.text), thrown, isNot);
  if (isAsymmetric(expected)) {
    const label = 'Expected asymmetric matcher: ';
    const seen = () => (thrown.hasMessage ? `Received name:    ${print(thrown.value.name)}\nReceived message: ${printVisibly(thrown.message)}` : `Thrown value: ${printVisibly(thrown.value)}`);
    return { pass: thrown !== null && expected.asymmetricMatch(thrown.value), wanted: `${label}${isNot ? 'not ' : ''}${print(expected)}`, words: () => `${label}${isNot ? 'not ' : ''}${print(expected)}\n\n${seen()}` };
  }
  if (typeof expected === 'object' && expected !== null) return byMessage(thrown, expected, isNot);
  throw misuse(first, 'expected value must be a string or regular expression or class or error', 'Expected', expected);
}

function byText(label, expected, accepts, thrown, isNot) {
  return {
    pass: thrown !== null && accepts(),
    wanted: `${label}: ${isNot ? 'not ' : ''}${print(expected)}`,
    words: () => rows([[label, print(expected)], thrown.row()], isNot),
  };
}

function byMessage(thrown, expected, isNot) {
  const wanted = expected.message;
  const same = thrown !== null && thrown.message === wanted;
  return {
    pass: same && causes(thrown.value) === causes(expected),
    wanted: `Expected message: ${isNot ? 'not ' : ''}${print(wanted)}`,
    words: () => {
      if (isNot) return `Expected message: not ${print(wanted)}`;
      return rows([['Expected message', print(wanted)], thrown.row()]);
    },
  };
}

const causes = error => (error?.cause instanceof Error ? `${error.cause.message}\n${causes(error.cause)}` : String(error?.cause));

function byClass(thrown, expected, isNot) {
  const seen = thrown?.value?.constructor;
  const name = kind => kind?.name || '(anonymous class)';
  return {
    pass: thrown !== null && thrown.value instanceof expected,
    wanted: `Expected constructor: ${isNot ? 'not ' : ''}${name(expected)}`,
    words: () => {
      const head = `Expected constructor: ${isNot ? 'not ' : ''}${name(expected)}`;
      const other = isNot
        ? (seen && seen !== expected ? `\nReceived constructor:     ${lineage(seen, expected)}` : '')
        : (seen ? `\nReceived constructor: ${name(seen)}` : '\nReceived value has no prototype');
      const [label, value] = thrown.row();
      return `${head}${other}\n\n${label}: ${value}`;
    },
  };
}
