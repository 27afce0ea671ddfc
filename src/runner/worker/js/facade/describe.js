// Locators as the code that makes them, for titles, errors and logs: getByRole('button', { name: 'Save' }).
import { isRegExp } from './values.js';

export function quote(text) {
  return `'${String(text).replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}'`;
}

const literal = value => (isRegExp(value) ? String(value) : quote(value));

export function getBy(name, text, options) {
  const exact = options?.exact && !isRegExp(text) ? ', { exact: true }' : '';
  return `${name}(${literal(text)}${exact})`;
}

export function getByRole(role, options = {}) {
  const parts = [];
  if (options.name !== undefined) {
    parts.push(`name: ${literal(options.name)}`);
    if (options.exact && !isRegExp(options.name)) parts.push('exact: true');
  }
  for (const key of ['checked', 'disabled', 'selected', 'expanded', 'includeHidden', 'level', 'pressed'])
    if (options[key] !== undefined) parts.push(`${key}: ${options[key]}`);
  return `getByRole(${quote(role)}${parts.length ? `, { ${parts.join(', ')} }` : ''})`;
}

/** `.filter({ … })` for what `locator(…, options)` and `filter` were given, one for each as Playwright writes it. */
export function filters(options = {}) {
  let text = '';
  for (const key of ['hasText', 'hasNotText']) if (options[key] !== undefined) text += `.filter({ ${key}: ${literal(options[key])} })`;
  for (const key of ['has', 'hasNot']) if (options[key]) text += `.filter({ ${key}: ${options[key]} })`;
  if (options.visible !== undefined) text += options.visible ? '.visible()' : '.filter({ visible: false })';
  return text;
}

/** Where a navigation goes, short: no scheme, no content. */
export function address(url) {
  if (typeof url !== 'string') return String(url);
  return url.startsWith('data:') ? 'data:' : /^https?:\/\/./.test(url) ? url.replace(/^https?:\/\//, '') : url;
}

/** A selector as the author wrote it: `#a >> text=Hi` is `locator('#a').getByText('Hi')`. */
export function selector(text) {
  return text.split(/\s*>>\s*(?=(?:[^"']|"[^"]*"|'[^']*')*$)/).map(part).join('.');
}

function part(text) {
  let match;
  if (text === 'nth=0') return 'first()';
  if (text === 'nth=-1') return 'last()';
  if ((match = /^nth=(-?\d+)$/.exec(text))) return `nth(${match[1]})`;
  if ((match = /^visible=(true|false)$/.exec(text))) return match[1] === 'true' ? 'visible()' : 'filter({ visible: false })';
  if ((match = /^text=(?:"(.*)"|'(.*)')$/.exec(text))) return `getByText(${quote(match[1] ?? match[2])}, { exact: true })`;
  if ((match = /^text=(\/.*\/[a-z]*)$/.exec(text))) return `getByText(${match[1]})`;
  if ((match = /^text=([^"'].*)$/.exec(text))) return `getByText(${quote(match[1])})`;
  return `locator(${quote(text.replace(/^css=/, ''))})`;
}
