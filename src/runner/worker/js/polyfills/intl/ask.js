// What `Intl` says is known to a browser: the host has one answer. Each question is one round trip, and is asked once.
import { native } from '../native.js';

const KEPT = 5000;
const answers = new Map();

/** As `linguist.js` of the host reads it: what JSON has no word for is tagged. */
const tagged = value => {
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { number: Object.is(value, -0) ? '-0' : String(value) };
  if (Array.isArray(value)) return { list: value.map(tagged) };
  if (value === undefined) return {};
  return value !== null && typeof value === 'object' ? { fields: Object.entries(value).map(([key, item]) => [key, tagged(item)]) } : value;
};

/**
 * Has the browser call `method` of the `kind` of formatter that these locales and options make; `resolvedOptions` by default.
 * Throws what it throws.
 */
export function ask(kind, locales, options, method = 'resolvedOptions', args = []) {
  const question = JSON.stringify({ kind, locales: tagged(locales), options: tagged(options), method, args: args.map(tagged) });
  let answer = answers.get(question);
  if (answer === undefined) {
    answer = native.intl(question);
    if (answers.size >= KEPT) answers.delete(answers.keys().next().value);
    answers.set(question, answer);
  }
  const { value, error } = JSON.parse(answer);
  if (error === undefined) return value;
  const Kind = { RangeError, TypeError }[error.name] ?? Error;
  throw new Kind(error.message);
}

/** What code without a wish gets, as in Node.js: the language of the environment, English where that says nothing. */
export function usualLocale() {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const named = /^([a-z]{2,3})(?:[_-]([A-Z]{2}|\d{3}))?(?=[.@]|$)/.exec(LC_ALL || LC_MESSAGES || LANG || '');
  return named ? named.slice(1).filter(Boolean).join('-') : 'en-US';
}

/** Locales as plain strings. */
export function localesOf(locales) {
  if (locales === undefined) return [usualLocale()];
  if (locales === null) throw new TypeError('Cannot convert undefined or null to object');
  const list = (typeof locales === 'string' || locales instanceof Intl.Locale ? [locales] : Array.from(locales)).map(one => {
    if (typeof one !== 'string' && (typeof one !== 'object' || one === null)) throw new TypeError('Incorrect locale information provided');
    return String(one);
  });
  return list.length ? list : [usualLocale()];
}

/** Options as plain data, with those that are inherited. */
export function optionsOf(options) {
  if (options === undefined || options === null || typeof options !== 'object') return options;
  const plain = {};
  for (const key in options) {
    const value = options[key];
    if (value !== undefined) plain[key] = value !== null && typeof value === 'object' ? String(value) : value;
  }
  return plain;
}
