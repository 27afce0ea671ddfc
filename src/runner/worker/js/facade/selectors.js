// Selector texts in Playwright's private notation (model/locator.rs reads them), and options checked on the way.
import { isRegExp } from './values.js';

let testIdAttribute = 'data-testid';
export function setTestIdAttribute(name) { testIdAttribute = name || 'data-testid'; }

function pattern(re) {
  if (re.unicode || re.unicodeSets) return String(re);
  return String(re).replace(/(^|[^\\])(\\\\)*(["'`])/g, '$1$2\\$3').replace(/>>/g, '\\>\\>');
}

function textValue(text, exact) {
  if (isRegExp(text)) return pattern(text);
  return `${JSON.stringify(text)}${exact ? 's' : 'i'}`;
}

function attributeValue(value, exact) {
  if (isRegExp(value)) return pattern(value);
  return `"${String(value).replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"${exact ? 's' : 'i'}`;
}

const attribute = (name, value, options) => `internal:attr=[${name}=${attributeValue(value, options?.exact)}]`;

export const byText = (text, options) => `internal:text=${textValue(text, options?.exact)}`;
export const byLabel = (text, options) => `internal:label=${textValue(text, options?.exact)}`;
export const byAltText = (text, options) => attribute('alt', text, options);
export const byPlaceholder = (text, options) => attribute('placeholder', text, options);
export const byTitle = (text, options) => attribute('title', text, options);
export const byTestId = id => `internal:testid=[${testIdAttribute}=${attributeValue(id, true)}]`;

export function byRole(role, options = {}) {
  const properties = [];
  const add = (name, value) => { if (value !== undefined) properties.push(`[${name}=${value}]`); };
  for (const name of ['checked', 'disabled', 'selected', 'expanded']) add(name, options[name]);
  add('include-hidden', options.includeHidden);
  add('level', options.level);
  if (options.name !== undefined) add('name', attributeValue(options.name, options.exact));
  if (options.description !== undefined) add('description', attributeValue(options.description, options.exact));
  add('pressed', options.pressed);
  return `internal:role=${role}${properties.join('')}`;
}

/** The ` >> …` that `filter` and `locator(…, options)` add. `inner(locator, name)` gives the selector of another locator. */
export function filters(options = {}, inner) {
  let text = '';
  if (options.hasText !== undefined) text += ` >> internal:has-text=${textValue(options.hasText, false)}`;
  if (options.hasNotText !== undefined) text += ` >> internal:has-not-text=${textValue(options.hasNotText, false)}`;
  if (options.has) text += ` >> internal:has=${JSON.stringify(inner(options.has, 'has'))}`;
  if (options.hasNot) text += ` >> internal:has-not=${JSON.stringify(inner(options.hasNot, 'hasNot'))}`;
  if (options.visible !== undefined) text += ` >> visible=${options.visible ? 'true' : 'false'}`;
  return text;
}
