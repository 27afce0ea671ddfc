// The order of plain ASCII, which needs no asking: sorting asks thousands of times. It is the same in all locales listed here
// (Unicode's root collation); everything else is for the browser.

const SAME_ORDER = new Set(['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'ru', 'uk', 'el', 'ja', 'zh', 'ko', 'ar', 'he', 'fi', 'tr', 'id']);
const ORDER = '\t\n\v\f\r _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz';
const weights = new Map([...ORDER].map((character, at) => [character, at + 1]));
const PLAIN = /^[\t-\r -~]*$/;

/** Weights of its characters; a run of digits is a digit and its value where numbers count. */
function primary(text, numeric) {
  if (!numeric) return Array.from(text, character => weights.get(character));
  return (text.match(/\d+|\D/g) ?? []).flatMap(part => (/\d/.test(part) ? [weights.get('0'), Number(part)] : [weights.get(part)]));
}

/** The order of two texts, or undefined where it has to be asked for. */
export function compareHere(a, b, locale, options) {
  if (!PLAIN.test(a) || !PLAIN.test(b) || !SAME_ORDER.has(locale.split('-')[0]) || /-(u|x)-/.test(locale)) return undefined;
  const { numeric = false, sensitivity = 'variant', caseFirst = 'false', ignorePunctuation = false, usage = 'sort', collation, ...rest } = options ?? {};
  if (ignorePunctuation || caseFirst !== 'false' || usage !== 'sort' || collation || Object.keys(rest).some(key => key !== 'localeMatcher')) return undefined;
  // Beyond this a run of digits is more than a number can tell apart.
  if (numeric && /\d{16}/.test(a + b)) return undefined;
  const [left, right] = [primary(a.toLowerCase(), numeric), primary(b.toLowerCase(), numeric)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) if (left[i] !== right[i]) return left[i] < right[i] ? -1 : 1;
  if (left.length !== right.length) return left.length < right.length ? -1 : 1;
  if (sensitivity === 'base' || sensitivity === 'accent') return 0;
  // Small letters before capitals, at the first difference. Runs of digits may differ in their zeros, which are no letters.
  const [small, large] = numeric ? [a.replace(/\d/g, ''), b.replace(/\d/g, '')] : [a, b];
  for (let i = 0; i < small.length; i++) if (small[i] !== large[i]) return small[i] > large[i] ? -1 : 1;
  return 0;
}
