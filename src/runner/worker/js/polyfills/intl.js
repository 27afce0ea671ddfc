// `Intl` and the methods of other types that speak to people. The engine has no locale data: `intl/ask.js` asks the browser.
import { ask, localesOf, optionsOf, usualLocale } from './intl/ask.js';
import { compareHere } from './intl/collate.js';
import { Locale, Segmenter, formatters } from './intl/formatters.js';
import { formatHere } from './intl/numbers.js';

globalThis.Intl = {
  ...formatters,
  Segmenter,
  Locale,
  getCanonicalLocales: locales => (locales === undefined ? [] : ask('Intl', localesOf(locales), undefined, 'getCanonicalLocales')),
  supportedValuesOf: key => ask('Intl', [], undefined, 'supportedValuesOf', [String(key)]),
};
Object.defineProperty(Intl, Symbol.toStringTag, { value: 'Intl', configurable: true });

const method = (prototype, name, value) => Object.defineProperty(prototype, name, { value, configurable: true, writable: true });

method(String.prototype, 'localeCompare', function localeCompare(other, locales, options) {
  const [a, b] = [String(this), String(other)];
  const here = locales === undefined ? compareHere(a, b, usualLocale(), options) : undefined;
  return here ?? new Intl.Collator(locales, options).compare(a, b);
});
// Languages whose letters have capitals of their own.
const OWN_CASE = /^(az|el|hy|lt|nl|tr)\b/;
for (const name of ['toLocaleUpperCase', 'toLocaleLowerCase']) {
  const usual = String.prototype[name.replace('Locale', '')];
  method(String.prototype, name, function (locales) {
    const tags = localesOf(locales);
    if (locales === undefined && !OWN_CASE.test(tags[0])) return usual.call(this);
    return ask('String', tags, undefined, name, [String(this)]);
  });
}
for (const [{ prototype }, read] of [[Number, value => Number.prototype.valueOf.call(value)], [BigInt, value => BigInt.prototype.valueOf.call(value)]]) {
  method(prototype, 'toLocaleString', function toLocaleString(locales, options) {
    const value = read(this);
    const here = locales === undefined ? formatHere(value, usualLocale(), options) : undefined;
    return here ?? new Intl.NumberFormat(locales, options).format(value);
  });
}
for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) {
  method(Date.prototype, name, function (locales, options) {
    const time = this.getTime();
    const wishes = optionsOf(options);
    const zone = process.env.TZ;
    return ask('Date', localesOf(locales), zone && wishes !== null && !wishes?.timeZone ? { ...wishes, timeZone: zone.replace(/^:/, '') } : wishes, name, [time]);
  });
}
for (const { prototype } of [Array, Object.getPrototypeOf(Int8Array)]) {
  method(prototype, 'toLocaleString', function toLocaleString(locales, options) {
    return Array.from(this, item => (item === undefined || item === null ? '' : item.toLocaleString(locales, options))).join(',');
  });
}
