// Formatting and comparing for people. The engine has no locale data and its own versions are wrong: here is English (United States)
// for every locale, which is what tests run with unless somebody sets up more.

// --- comparing: letters without case and accents first, then accents, then small before capital; digits before letters
const rank = character => (/\s/u.test(character) ? 0 : /[\p{P}\p{S}]/u.test(character) ? 1 : /\p{N}/u.test(character) ? 2 : 3);
function compareBy(a, b, numeric) {
  const split = text => (numeric ? text.match(/\d+|\D/gsu) ?? [] : [...text]);
  const left = split(a), right = split(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y) continue;
    if (numeric && /^\d/.test(x) && /^\d/.test(y)) {
      const difference = Number(x) - Number(y);
      if (difference) return Math.sign(difference);
      continue;
    }
    return rank(x) - rank(y) || (x < y ? -1 : 1);
  }
  return left.length - right.length;
}
const bare = text => text.normalize('NFD').replace(/\p{M}/gu, '');
function compare(a, b, { sensitivity = 'variant', numeric = false } = {}) {
  const base = compareBy(bare(a).toLowerCase(), bare(b).toLowerCase(), numeric);
  if (base) return Math.sign(base);
  if (sensitivity === 'accent' || sensitivity === 'variant') {
    const accents = compareBy(a.normalize('NFD').toLowerCase(), b.normalize('NFD').toLowerCase(), numeric);
    if (accents) return Math.sign(accents);
  }
  if (sensitivity === 'case' || sensitivity === 'variant') {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      if (a[i] !== b[i]) return a[i] === a[i].toLowerCase() ? -1 : 1;
    }
  }
  return 0;
}

class Collator {
  #options;
  constructor(locales, options = {}) { this.#options = options; this.compare = (a, b) => compare(String(a), String(b), this.#options); }
  resolvedOptions() { return { locale: 'en-US', usage: 'sort', sensitivity: 'variant', ignorePunctuation: false, numeric: false, caseFirst: 'false', ...this.#options }; }
  static supportedLocalesOf(locales) { return [locales ?? []].flat(); }
}

// --- numbers
const SYMBOLS = { USD: '$', EUR: '€', GBP: '£', JPY: '¥', INR: '₹', CNY: 'CN¥', KRW: '₩', BRL: 'R$', CAD: 'CA$', AUD: 'A$', MXN: 'MX$', NZD: 'NZ$', ILS: '₪', VND: '₫' };
const WITHOUT_CENTS = ['JPY', 'KRW', 'VND', 'CLP', 'ISK'];
const SCALES = [[1e12, 'T', ' trillion'], [1e9, 'B', ' billion'], [1e6, 'M', ' million'], [1e3, 'K', ' thousand']];

class NumberFormat {
  #options;
  constructor(locales, options = {}) {
    const { style = 'decimal', currency, notation = 'standard' } = options;
    if (style === 'currency' && !currency) throw new TypeError('Currency code is required with currency style.');
    const cents = style === 'currency' && !WITHOUT_CENTS.includes(currency?.toUpperCase()) ? 2 : 0;
    const least = options.minimumFractionDigits ?? (style === 'currency' ? Math.min(cents, options.maximumFractionDigits ?? cents) : 0);
    const most = options.maximumFractionDigits ?? Math.max(least, style === 'currency' ? cents : style === 'percent' || notation === 'compact' ? 0 : 3);
    if (least > most || most > 100 || least < 0) throw new RangeError('maximumFractionDigits value is out of range.');
    this.#options = { style, notation, useGrouping: true, ...options, minimumFractionDigits: least, maximumFractionDigits: most };
    this.format = value => this.formatToParts(value).map(part => part.value).join('');
  }
  formatToParts(value) {
    const { style, currency, currencyDisplay, unit, unitDisplay, notation, compactDisplay, signDisplay } = this.#options;
    let number = typeof value === 'bigint' ? value : Number(value);
    if (style === 'percent') number *= 100;
    const negative = number < 0 || Object.is(number, -0);
    const parts = [];
    const add = (type, text) => { if (text) parts.push({ type, value: text }); };
    let size = negative ? -number : number;
    let scale;
    if (notation === 'compact') {
      scale = SCALES.find(([from]) => size >= from);
      if (scale) size /= scale[0];
    }
    const sign = signDisplay === 'never' ? '' : negative && !(signDisplay === 'exceptZero' && size === 0) ? '-' : signDisplay === 'always' || (signDisplay === 'exceptZero' && size) ? '+' : '';
    add(sign === '-' ? 'minusSign' : 'plusSign', sign);
    const code = currency?.toUpperCase();
    if (style === 'currency' && currencyDisplay !== 'name') {
      const symbol = currencyDisplay === 'code' ? code : currencyDisplay === 'narrowSymbol' ? (SYMBOLS[code] ?? code).replace(/^[A-Z]+(?=\W)/, '') : SYMBOLS[code] ?? code;
      add('currency', symbol);
      if (/[A-Z]$/.test(symbol)) add('literal', '\u00a0');
    }
    if (Number.isNaN(size)) add('nan', 'NaN');
    else if (size === Infinity) add('infinity', '∞');
    else this.#digits(size, scale, add);
    if (scale) add('compact', compactDisplay === 'long' ? scale[2] : scale[1]);
    if (style === 'percent') add('percentSign', '%');
    if (style === 'currency' && currencyDisplay === 'name') add('currency', ` ${code}`);
    if (style === 'unit') add('unit', unitDisplay === 'narrow' ? unit[0] : ` ${unitDisplay === 'long' && size !== 1 ? `${unit}s` : unitDisplay === 'long' ? unit : UNITS[unit] ?? unit}`);
    return parts;
  }
  #digits(size, scale, add) {
    const { minimumFractionDigits: least, maximumFractionDigits: most, minimumIntegerDigits = 1, minimumSignificantDigits, maximumSignificantDigits, useGrouping } = this.#options;
    let text;
    if (typeof size === 'bigint') text = size.toString() + (least ? `.${'0'.repeat(least)}` : '');
    else if (maximumSignificantDigits || minimumSignificantDigits) text = significant(size, minimumSignificantDigits ?? 1, maximumSignificantDigits ?? 21);
    else if (scale && this.#options.maximumFractionDigits === 0) text = significant(size, 1, Math.max(2, String(Math.round(size)).length));
    else text = trim(rounded(size, most), least);
    let [whole, fraction] = text.split('.');
    whole = whole.padStart(minimumIntegerDigits, '0');
    const groups = useGrouping === false || useGrouping === 'false' ? [whole] : whole.replace(/\B(?=(\d{3})+$)/g, ',').split(',');
    groups.forEach((group, i) => { if (i) add('group', ','); add('integer', group); });
    if (fraction) { add('decimal', '.'); add('fraction', fraction); }
  }
  formatRange(from, to) { return `${this.format(from)} – ${this.format(to)}`; }
  resolvedOptions() { return { locale: 'en-US', numberingSystem: 'latn', ...this.#options }; }
  static supportedLocalesOf(locales) { return [locales ?? []].flat(); }
}
const UNITS = { kilometer: 'km', meter: 'm', centimeter: 'cm', kilogram: 'kg', gram: 'g', liter: 'L', celsius: '°C', fahrenheit: '°F', percent: '%', byte: 'byte', kilobyte: 'kB', megabyte: 'MB', gigabyte: 'GB', second: 'sec', minute: 'min', hour: 'hr', day: 'day', mile: 'mi' };
/** Half away from zero in decimal, as people round: 1.005 is a little less than that and stays so. */
const rounded = (size, most) => (size >= 1e21 ? BigInt(size).toString() : size.toFixed(Math.min(most, 100)));
function trim(text, least) {
  if (!text.includes('.')) return least ? `${text}.${'0'.repeat(least)}` : text;
  let [whole, fraction] = text.split('.');
  while (fraction.length > least && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  return fraction ? `${whole}.${fraction}` : whole;
}
function significant(size, least, most) {
  if (size === 0) return least > 1 ? `0.${'0'.repeat(least - 1)}` : '0';
  const exponent = Math.floor(Math.log10(size));
  const shown = Number(size.toPrecision(Math.min(most, 21)));
  return trim(rounded(shown, Math.max(0, Math.min(100, most - 1 - exponent))), Math.max(0, least - 1 - exponent));
}

// --- dates
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const DATE_STYLES = { full: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }, long: { year: 'numeric', month: 'long', day: 'numeric' }, medium: { year: 'numeric', month: 'short', day: 'numeric' }, short: { year: '2-digit', month: 'numeric', day: 'numeric' } };
const TIME_STYLES = { full: { hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName: 'long' }, long: { hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName: 'short' }, medium: { hour: 'numeric', minute: '2-digit', second: '2-digit' }, short: { hour: 'numeric', minute: '2-digit' } };
const two = number => String(number).padStart(2, '0');

class DateTimeFormat {
  #options;
  constructor(locales, options = {}, defaults = 'date') {
    const parts = ['weekday', 'year', 'month', 'day', 'hour', 'minute', 'second', 'dayPeriod', 'fractionalSecondDigits'];
    let chosen = { ...options };
    if (options.dateStyle || options.timeStyle) chosen = { ...chosen, ...DATE_STYLES[options.dateStyle], ...TIME_STYLES[options.timeStyle] };
    else if (!parts.some(part => options[part] !== undefined)) {
      if (defaults !== 'time') chosen = { ...chosen, year: 'numeric', month: 'numeric', day: 'numeric' };
      if (defaults !== 'date') chosen = { ...chosen, hour: 'numeric', minute: '2-digit', second: '2-digit' };
    }
    this.#options = chosen;
    this.format = date => this.#text(date === undefined ? new Date() : new Date(date));
  }
  #text(date) {
    if (Number.isNaN(date.getTime())) throw new RangeError('Invalid time value');
    const o = this.#options;
    // The engine's own zone is UTC: there is no other data here.
    const month = date.getUTCMonth(), day = date.getUTCDate();
    const year = o.year === '2-digit' ? two(date.getUTCFullYear() % 100) : o.year && String(date.getUTCFullYear());
    const weekday = o.weekday && (o.weekday === 'long' ? DAYS[date.getUTCDay()] : DAYS[date.getUTCDay()].slice(0, o.weekday === 'narrow' ? 1 : 3));
    const dayText = o.day && (o.day === '2-digit' ? two(day) : String(day));
    let text = '';
    if (o.month === 'long' || o.month === 'short' || o.month === 'narrow') {
      const name = o.month === 'long' ? MONTHS[month] : MONTHS[month].slice(0, o.month === 'narrow' ? 1 : 3);
      const named = [name, dayText].filter(Boolean).join(' ');
      text = [weekday, dayText && year ? `${named}, ${year}` : [named, year].filter(Boolean).join(' ')].filter(Boolean).join(', ');
    } else {
      const monthText = o.month && (o.month === '2-digit' ? two(month + 1) : String(month + 1));
      text = [weekday, [monthText, dayText, year].filter(Boolean).join('/')].filter(Boolean).join(', ');
    }
    const time = this.#time(date);
    if (!text || !time) return text || time;
    return `${text}${o.dateStyle === 'full' || o.dateStyle === 'long' ? ' at' : ','} ${time}`;
  }
  #time(date) {
    const o = this.#options;
    if (!o.hour && !o.minute && !o.second) return '';
    const half = o.hour12 ?? (o.hourCycle ? o.hourCycle === 'h12' || o.hourCycle === 'h11' : true);
    const hour = half ? date.getUTCHours() % 12 || 12 : date.getUTCHours();
    const clock = [o.hour && (o.hour === '2-digit' || !half ? two(hour) : String(hour)), o.minute && (o.hour || o.second ? two(date.getUTCMinutes()) : String(date.getUTCMinutes())),
      o.second && (o.minute ? two(date.getUTCSeconds()) : String(date.getUTCSeconds()))].filter(Boolean).join(':');
    const fraction = o.fractionalSecondDigits ? `.${String(date.getUTCMilliseconds()).padStart(3, '0').slice(0, o.fractionalSecondDigits)}` : '';
    return `${clock}${fraction}${half && o.hour ? `\u202f${date.getUTCHours() < 12 ? 'AM' : 'PM'}` : ''}${o.timeZoneName ? (o.timeZoneName === 'long' ? ' Coordinated Universal Time' : ' UTC') : ''}`;
  }
  formatToParts(date) { return [{ type: 'literal', value: this.format(date) }]; }
  formatRange(from, to) { return `${this.format(from)} – ${this.format(to)}`; }
  resolvedOptions() { return { locale: 'en-US', calendar: 'gregory', numberingSystem: 'latn', timeZone: 'UTC', ...this.#options }; }
  static supportedLocalesOf(locales) { return [locales ?? []].flat(); }
}

class PluralRules {
  #ordinal;
  constructor(locales, options = {}) { this.#ordinal = options.type === 'ordinal'; }
  select(number) {
    if (!this.#ordinal) return number === 1 ? 'one' : 'other';
    const last = number % 10, lastTwo = number % 100;
    return last === 1 && lastTwo !== 11 ? 'one' : last === 2 && lastTwo !== 12 ? 'two' : last === 3 && lastTwo !== 13 ? 'few' : 'other';
  }
}
class ListFormat {
  #word;
  constructor(locales, options = {}) { this.#word = options.type === 'disjunction' ? 'or' : options.type === 'unit' ? '' : 'and'; }
  format(list) {
    const items = [...list];
    if (items.length < 2 || !this.#word) return items.join(', ');
    return items.length === 2 ? items.join(` ${this.#word} `) : `${items.slice(0, -1).join(', ')}, ${this.#word} ${items.at(-1)}`;
  }
}
class RelativeTimeFormat {
  #auto;
  constructor(locales, options = {}) { this.#auto = options.numeric === 'auto'; }
  format(value, unit) {
    unit = unit.replace(/s$/, '');
    const words = { '-1day': 'yesterday', '0day': 'today', '1day': 'tomorrow' };
    if (this.#auto && words[`${value}${unit}`]) return words[`${value}${unit}`];
    const size = new NumberFormat().format(Math.abs(value));
    const named = `${size} ${unit}${Math.abs(value) === 1 ? '' : 's'}`;
    return value < 0 || Object.is(value, -0) ? `${named} ago` : `in ${named}`;
  }
}

const callable = Kind => new Proxy(Kind, { apply: (target, self, args) => new Kind(...args) });
globalThis.Intl = { Collator: callable(Collator), NumberFormat: callable(NumberFormat), DateTimeFormat: callable(DateTimeFormat), PluralRules, ListFormat, RelativeTimeFormat, getCanonicalLocales: locales => [locales ?? []].flat() };

const method = (prototype, name, value) => Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
method(String.prototype, 'localeCompare', function localeCompare(other, locales, options) { return compare(String(this), String(other), options); });
method(Number.prototype, 'toLocaleString', function toLocaleString(locales, options) { return new NumberFormat(locales, options).format(Number(this)); });
method(BigInt.prototype, 'toLocaleString', function toLocaleString(locales, options) { return new NumberFormat(locales, options).format(BigInt(this)); });
for (const [name, defaults] of [['toLocaleString', 'both'], ['toLocaleDateString', 'date'], ['toLocaleTimeString', 'time']]) {
  method(Date.prototype, name, function (locales, options) {
    return Number.isNaN(this.getTime()) ? 'Invalid Date' : new DateTimeFormat(locales, options, defaults).format(this);
  });
}
