// The classes of `Intl`: what they are made of stays here, what they say is the browser's.
import { ask, localesOf, optionsOf } from './ask.js';
import { compareHere } from './collate.js';
import { formatHere } from './numbers.js';

const number = value => (typeof value === 'bigint' || typeof value === 'string' ? value : Number(value));
const date = value => (value === undefined ? Date.now() : Number(value));
const text = value => String(value);
const list = items => Array.from(items, item => { if (typeof item !== 'string') throw new TypeError('Iterable yielded ' + String(item) + ' which is not a string'); return item; });
const range = of => (from, to) => {
  if (from === undefined || to === undefined) throw new TypeError('Invalid time value');
  return [of(from), of(to)];
};

/** By kind: its methods, each with what it makes of its arguments; `bound` is the one that is a getter of a function. */
const KINDS = {
  Collator: { bound: ['compare', (a, b) => [text(a), text(b)]], plain: true },
  DateTimeFormat: { bound: ['format', value => [date(value)]], formatToParts: value => [date(value)], formatRange: range(date), formatRangeToParts: range(date), plain: true },
  NumberFormat: { bound: ['format', value => [number(value)]], formatToParts: value => [number(value)], formatRange: range(number), formatRangeToParts: range(number), plain: true },
  PluralRules: { select: value => [Number(value)], selectRange: range(Number) },
  RelativeTimeFormat: { format: (value, unit) => [Number(value), text(unit)], formatToParts: (value, unit) => [Number(value), text(unit)] },
  ListFormat: { format: items => [list(items)], formatToParts: items => [list(items)] },
  DisplayNames: { of: code => [text(code)] },
  DurationFormat: { format: duration => [{ ...duration }], formatToParts: duration => [{ ...duration }] },
};

/** What is known of a formatter: its first locale by its resolved name, and what it was made of. */
const made = new WeakMap();
const known = (formatter, kind, method) => {
  const parts = made.get(formatter);
  if (parts?.kind !== kind) throw new TypeError(`Method Intl.${kind}.prototype.${method} called on incompatible receiver ${formatter !== null && typeof formatter === 'object' ? `#<${formatter.constructor?.name ?? 'Object'}>` : String(formatter)}`);
  return parts;
};

/** Tests run in the zone of their environment unless they name another. */
const withZone = options => {
  const zone = process.env.TZ;
  return !zone || options === null || options?.timeZone !== undefined ? options : { ...options, timeZone: zone.replace(/^:/, '') };
};

function parts(kind, locales, options) {
  const plain = optionsOf(options);
  const it = { kind, locales: localesOf(locales), options: kind === 'DateTimeFormat' ? withZone(plain) : plain };
  if (!isFine(it, plain)) it.resolved = ask(kind, it.locales, it.options);
  return it;
}
/** Whether nothing can be wrong with it: what is wrong is said when the formatter is made, what is fine need not be asked for. */
function isFine({ kind, locales }, options) {
  // What names are to be displayed has to be said.
  if (kind === 'DisplayNames' || !locales.every(locale => /^[a-z]{2}(-[A-Z]{2})?$/.test(locale))) return false;
  const wishes = options === undefined ? [] : options === null || typeof options !== 'object' ? [['']] : Object.entries(options);
  return wishes.every(([key, value]) => kind === 'Collator' && (key === 'numeric' ? typeof value === 'boolean' : key === 'sensitivity' && SENSITIVITIES.includes(value)));
}
const SENSITIVITIES = ['base', 'accent', 'case', 'variant'];
const resolved = it => (it.resolved ??= ask(it.kind, it.locales, it.options));

/** What can be told without asking. */
function here(it, args) {
  const locale = it.resolved?.locale ?? it.locales[0];
  if (it.kind === 'Collator') return compareHere(...args, locale, it.options);
  return it.kind === 'NumberFormat' ? formatHere(args[0], locale, it.options) : undefined;
}
const say = (it, method, args) => ask(it.kind, it.locales, it.options, method, args);

function define(kind, { bound, plain, ...methods }) {
  // As in every engine: some may be called without `new`.
  const Kind = {
    [kind]: function (locales, options) {
      if (!new.target && !plain) throw new TypeError(`Constructor Intl.${kind} requires 'new'`);
      const self = new.target ? this : Object.create(Kind.prototype);
      made.set(self, parts(kind, locales, options));
      return self;
    },
  }[kind];
  Object.defineProperty(Kind, 'length', { value: 0, configurable: true });
  const member = (name, value) => Object.defineProperty(Kind.prototype, name, { value, configurable: true, writable: true });
  for (const [name, argumentsOf] of Object.entries(methods))
    member(name, { [name](...args) { return say(known(this, kind, name), name, argumentsOf(...args)); } }[name]);
  member('resolvedOptions', function resolvedOptions() { return { ...resolved(known(this, kind, 'resolvedOptions')) }; });
  if (bound) {
    const [name, argumentsOf] = bound;
    Object.defineProperty(Kind.prototype, name, {
      configurable: true,
      get() {
        const it = known(this, kind, name);
        return it.bound ??= (...given) => {
          const args = argumentsOf(...given);
          return here(it, args) ?? say(it, name, args);
        };
      },
    });
  }
  Object.defineProperty(Kind.prototype, Symbol.toStringTag, { value: `Intl.${kind}`, configurable: true });
  Object.defineProperty(Kind.prototype, 'constructor', { value: Kind, configurable: true, writable: true });
  Object.defineProperty(Kind, 'supportedLocalesOf', {
    value: function supportedLocalesOf(locales, options) { return locales === undefined ? [] : ask(kind, localesOf(locales), optionsOf(options), 'supportedLocalesOf'); },
    configurable: true, writable: true,
  });
  return Kind;
}

export const formatters = Object.fromEntries(Object.entries(KINDS).map(([kind, methods]) => [kind, define(kind, methods)]));

/** `Intl.Segmenter`: a text is cut at once. */
export class Segmenter {
  #it;
  constructor(locales, options) { this.#it = parts('Segmenter', locales, options); }
  segment(input) {
    const segments = ask('Segmenter', this.#it.locales, this.#it.options, 'segment', [String(input)]);
    return {
      containing: (at = 0) => segments.findLast(segment => segment.index <= at && at < segment.index + segment.segment.length),
      [Symbol.iterator]: () => segments.map(segment => ({ ...segment }))[Symbol.iterator](),
    };
  }
  resolvedOptions() { return { ...resolved(this.#it) }; }
  static supportedLocalesOf(locales, options) { return ask('Segmenter', localesOf(locales), optionsOf(options), 'supportedLocalesOf'); }
  get [Symbol.toStringTag]() { return 'Intl.Segmenter'; }
}

/** `Intl.Locale`: what there is to know about it is asked once. */
export class Locale {
  #facts;
  constructor(tag, options) {
    if (typeof tag !== 'string' && !(tag instanceof Locale)) throw new TypeError('First argument to Intl.Locale constructor can\'t be empty or missing');
    this.#facts = ask('Locale', [String(tag)], optionsOf(options), 'facts');
  }
  toString() { return this.#facts.name; }
  maximize() { return new Locale(this.#facts.maximized); }
  minimize() { return new Locale(this.#facts.minimized); }
  get [Symbol.toStringTag]() { return 'Intl.Locale'; }
  static {
    for (const fact of ['baseName', 'calendar', 'caseFirst', 'collation', 'hourCycle', 'language', 'numberingSystem', 'numeric', 'region', 'script'])
      Object.defineProperty(this.prototype, fact, { get() { return this.#facts[fact]; }, configurable: true });
    for (const fact of ['calendars', 'collations', 'hourCycles', 'numberingSystems', 'textInfo', 'timeZones', 'weekInfo']) {
      const get = function () { return structuredClone(this.#facts[fact]); };
      Object.defineProperty(this.prototype, fact, { get, configurable: true });
      Object.defineProperty(this.prototype, `get${fact[0].toUpperCase()}${fact.slice(1)}`, { value: get, configurable: true, writable: true });
    }
  }
}
