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

/** `webSocket`: the base is meant with ws: in place of http:. */
export function matchesUrl(pattern, url, base, webSocket = false) {
  if (pattern === undefined || pattern === '') return true;
  if (isRegExp(pattern)) { pattern.lastIndex = 0; return pattern.test(url); }
  if (typeof pattern === 'string') return globToRegExp(absoluteGlob(pattern, webSocket ? base?.replace(/^http/i, 'ws') : base)).test(url);
  if (typeof pattern === 'function') return Boolean(pattern(new URL(url)));
  if (typeof pattern?.test === 'function' && 'pathname' in pattern) return pattern.test(url);
  throw new Error('url parameter should be string, RegExp, URLPattern or function');
}

/** A pattern as a regular expression with the same meaning; undefined for what only a function can tell. */
export function patternToRegExp(pattern, base) {
  if (isRegExp(pattern)) return pattern;
  return typeof pattern === 'string' ? globToRegExp(absoluteGlob(pattern, base)) : undefined;
}

/** Fails for a glob that means nothing. */
export function checkGlob(pattern, apiName) {
  try {
    if (typeof pattern === 'string') globToRegExp(pattern);
  } catch (error) {
    error.message = `${apiName}: ${error.message}`;
    throw error;
  }
}

/** What a URL parser would take for something else, part by part, is put back after it has resolved the rest against `base`. */
function absoluteGlob(glob, base) {
  if (glob.startsWith('*') || /^(about|data|chrome|edge|file):/.test(glob)) return glob;
  const hidden = new Map();
  const hide = (text, by) => { if (text) hidden.set(by, text); return text && by; };
  const parts = glob.replaceAll('\\\\?', '?').split('/').map((part, index) => {
    if (index === 0 && part.endsWith(':')) return /[*{]/.test(part) ? hide(part, 'http:') : part;
    if (!/[*?{}\\]/.test(part)) return part;
    const query = part.indexOf('?');
    const own = `$_${index}_$`;
    return query < 0 ? hide(part, own) : hide(part.slice(0, query), own) + hide(part.slice(query), `?${own}`);
  });
  let text = parts.join('/');
  let origin = '';
  try {
    const url = new URL(text, base);
    text = url.href;
    origin = url.origin;
  } catch {}
  for (const [by, original] of hidden) text = text.replace(by, () => (origin.includes(by) ? original.toLowerCase() : original));
  return text;
}

/** `*` stays within a path segment, `**` does not, `{a,b}` is a choice; everything else is itself. */
export function globToRegExp(glob) {
  const wrong = words => new Error(`Invalid glob pattern ${JSON.stringify(glob)}: ${words}`);
  let text = '^';
  let inGroup = false;
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i];
    if (c === '\\' && i + 1 < glob.length) text += escape(glob[++i]);
    else if (c === '*') {
      const before = glob[i - 1];
      let stars = 1;
      while (glob[i + 1] === '*') { stars++; i++; }
      if (stars === 1) text += '[^/]*';
      else if (glob[i + 1] === '/') { text += before === '/' ? '(?:.+/)?' : '.*/'; i++; } else text += '.*';
    } else if (c === '{') {
      if (inGroup) throw wrong("nested '{' is not supported");
      inGroup = true;
      text += '(?:';
    } else if (c === '}') {
      if (!inGroup) throw wrong("unmatched '}'");
      inGroup = false;
      text += ')';
    } else if (c === ',' && inGroup) text += '|';
    else text += escape(c);
  }
  if (inGroup) throw wrong("unmatched '{'");
  return new RegExp(`${text}$`);
}
const escape = c => (/[$^+.*()|?{}[\]\\]/.test(c) ? `\\${c}` : c);

/** A pattern in a log. */
export function shortPattern(pattern) {
  const short = text => (text.length > 50 ? `${text.slice(0, 49)}…` : text);
  if (isRegExp(pattern)) return `/${short(pattern.source)}/${pattern.flags}`;
  return `"${short(String(pattern))}"`;
}
