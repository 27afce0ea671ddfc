// URL patterns of waitForURL and friends: globs, regular expressions, predicates.
import { isRegExp } from '../values.js';

/** `given` against the base URL, if it is one that needs it. */
export function resolveUrl(given, base) {
  if (!base || typeof given !== 'string') return given;
  try { return new URL(given, base).href; } catch { return given; }
}

/** The pattern as the host takes it, or undefined where only a predicate on this side can tell. */
export function hostPattern(pattern, base) {
  if (pattern === undefined || pattern === null || pattern === '') return { any: true };
  if (isRegExp(pattern)) return { regex: { source: pattern.source, flags: pattern.flags } };
  if (typeof pattern === 'string') return { string: pattern.startsWith('*') ? pattern : resolveUrl(pattern, base) };
  return undefined;
}

export function matchesUrl(pattern, url, base) {
  if (pattern === undefined || pattern === '') return true;
  if (isRegExp(pattern)) { pattern.lastIndex = 0; return pattern.test(url); }
  if (typeof pattern === 'function') return Boolean(pattern(new URL(url)));
  const text = pattern.startsWith('*') ? pattern : resolveUrl(pattern, base);
  return text === url || globToRegExp(text).test(url);
}

/** `*` stays within a path segment, `**` does not, `{a,b}` is a choice; everything else is itself. */
export function globToRegExp(glob) {
  let text = '^';
  let inGroup = false;
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i];
    if (c === '\\' && i + 1 < glob.length) text += escape(glob[++i]);
    else if (c === '*') {
      let stars = 1;
      while (glob[i + 1] === '*') { stars++; i++; }
      if (stars === 1) text += '[^/]*';
      else if (glob[i + 1] === '/' && (i < stars || glob[i - stars] === '/')) { text += '(?:.*/)?'; i++; } else text += '.*';
    } else if (c === '{') { inGroup = true; text += '('; } else if (c === '}' && inGroup) { inGroup = false; text += ')'; } else if (c === ',' && inGroup) text += '|';
    else text += escape(c);
  }
  return new RegExp(`${text}$`);
}
const escape = c => (/[$^+.*()|?{}[\]\\]/.test(c) ? `\\${c}` : c);

/** A pattern in a log. */
export function shortPattern(pattern) {
  const short = text => (text.length > 50 ? `${text.slice(0, 49)}…` : text);
  if (isRegExp(pattern)) return `/${short(pattern.source)}/${pattern.flags}`;
  return `"${short(String(pattern))}"`;
}
