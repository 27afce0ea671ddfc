// Plain numbers in English, which need no asking: tests write `total.toLocaleString()` without a page anywhere.

const ENGLISH = new Set(['en', 'en-US', 'en-GB', 'en-CA', 'en-AU', 'en-NZ', 'en-IE']);

/** A number without any wish, or undefined where it has to be asked for. */
export function formatHere(value, locale, options) {
  if (!ENGLISH.has(locale) || (options !== undefined && (options === null || Object.keys(options).length))) return undefined;
  if (typeof value !== 'number' || !(Math.abs(value) < 1e21)) return undefined;
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [whole, fraction] = rounded(String(Math.abs(value)));
  const rest = fraction.replace(/0+$/, '');
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${rest && `.${rest}`}`;
}

/** To three places, by the digits people see: 1.0005 is 1.001. */
function rounded(text) {
  // Less than a thousandth of a thousandth.
  if (text.includes('e')) return ['0', ''];
  const [whole, fraction = ''] = text.split('.');
  if (fraction.length <= 3) return [whole, fraction];
  const thousandths = String(BigInt(whole + fraction.slice(0, 3)) + (fraction[3] >= '5' ? 1n : 0n)).padStart(4, '0');
  return [thousandths.slice(0, -3), thousandths.slice(-3)];
}
