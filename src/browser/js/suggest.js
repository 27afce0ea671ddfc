// The selector a person would write for an element: what names it best and means only it. Weights are Playwright's, so that error
// messages and recordings read the same. A candidate is a list of `[engine, body, cost]`; an earlier token costs more.

const COST = { testId: 1, otherTestId: 2, frameAttribute: 10, role: 100, placeholder: 120, label: 140, alt: 160, text: 180, title: 200, pattern: 250,
  id: 500, bareRole: 510, attribute: 520, tag: 530, nth: 10_000, path: 10_000_000 };
/** Exact matching is a little less robust than a part of the text. */
const EXACT = 5;
const TEST_IDS = ['data-testid', 'data-test-id', 'data-test'];
let testIdAttribute = 'data-testid';

function suggest(node, options = {}) {
  return written(suggestedFor(aimOf(node), options));
}

/** What a person who touches `node` means: the button around its icon. */
function aimOf(node) {
  const element = retarget(node, 'none');
  if (element.matches(CONTROL) || element.isContentEditable) return element;
  const outer = closestAcross(element, 'button, select, input, [role=button], [role=checkbox], [role=radio], a, [role=link]');
  return outer && isVisible(outer) ? outer : element;
}

/** Tokens of an element. `usable` says which ids, classes and values of attributes may be in them. */
function suggestedFor(element, { noText = false, usable = () => true } = {}) {
  const memory = { text: new Map(), plain: new Map(), usable };
  return bestFor(element, memory, { noText }) ?? pathTo(element, usable);
}

const written = tokens => tokens
  .map(([engine, body], i) => (engine === 'css' ? body : `${engine}=${body}`).replace(/^/, i && !(engine === 'css' && tokens[i - 1][0] === 'css') ? '>> ' : ''))
  .join(' ');
const costOf = tokens => tokens.reduce((sum, [, , cost], i) => sum + cost * (tokens.length - i), 0);
const meantBy = (tokens, element) => queryAll(parseSelector(written(tokens)), element.ownerDocument);

function bestFor(element, memory, { inner = false, noText = false }) {
  if (element === element.ownerDocument.documentElement) return [['css', 'html', 1]];
  let best = null;
  const offer = tokens => {
    if (!best || costOf(tokens) < costOf(best)) best = tokens;
  };
  const candidates = [
    ...textCandidates(element, !inner, noText).map(tokens => ({ tokens: padded(tokens), text: true })),
    ...plainCandidates(element, noText, memory.usable).map(token => ({ tokens: padded([token]), text: false })),
  ].sort((a, b) => costOf(a.tokens) - costOf(b.tokens));
  for (const { tokens, text } of candidates) {
    const found = meantBy(tokens, element);
    const index = found.indexOf(element);
    if (index === -1) continue;
    if (found.length === 1) {
      offer(tokens);
      break;
    }
    if (index > 5) continue;
    offer([...tokens, ['nth', String(index), COST.nth]]);
    if (!inner) offerWithin(element, { tokens, text, found, index }, memory, noText, () => best, offer);
  }
  return best;
}

/** The same candidate below an ancestor that is named itself. */
function offerWithin(element, { tokens, text, found, index }, memory, noText, best, offer) {
  for (let parent = parentOrHost(element); parent; parent = parentOrHost(parent)) {
    const inside = found.filter(other => other !== parent && isInside(parent, other));
    const at = inside.indexOf(element);
    if (inside.length > 5 || at === -1 || (at === index && inside.length > 1)) continue;
    const rest = inside.length === 1 ? tokens : [...tokens, ['nth', String(at), COST.nth]];
    if (best() && costOf([['', '', 1], ...rest]) >= costOf(best())) continue;
    const plain = noText || text;
    const known = plain ? memory.plain : memory.text;
    if (!known.has(parent)) known.set(parent, bestFor(parent, memory, { inner: true, noText: plain }) ?? pathTo(parent, memory.usable));
    offer([...known.get(parent), ...rest]);
  }
}

/** Long texts cost more. */
function padded(tokens) {
  return tokens.map(([engine, body, cost]) => [engine, body, cost > 50 && cost < 300 ? cost + Math.min(10, Math.floor(body.length / 10)) : cost]);
}

const attributeText = (text, exact) => `"${text.replace(/["\\]/g, '\\$&')}"${exact ? 's' : 'i'}`;
const plainText = (text, exact) => JSON.stringify(text) + (exact ? 's' : 'i');
const tagName = element => element.nodeName.toLowerCase().replace(/[:.]/g, '\\$&');

/** Exact text, and the parts of it that are likely to stay: `[body, cost]`. */
function wordings(text, cost, write) {
  return [[write(text, true), cost + EXACT], ...excerpts(text).map(([part, bonus]) => [write(part, false), cost - bonus])];
}

function plainCandidates(element, noText, usable = () => true) {
  const tag = tagName(element);
  const name = element.nodeName;
  const attribute = key => {
    const value = element.getAttribute(key);
    return value && usable(value) ? value : null;
  };
  const candidates = [];
  for (const id of TEST_IDS) if (id !== testIdAttribute && attribute(id)) candidates.push(['css', `[${id}=${cssString(attribute(id))}]`, COST.otherTestId]);
  const id = attribute('id');
  if (id && !looksGenerated(id)) candidates.push(['css', idSelector(id), COST.id]);
  candidates.push(['css', tag, COST.tag]);
  if (name === 'IFRAME' || name === 'FRAME') {
    for (const key of ['name', 'title']) if (attribute(key)) candidates.push(['css', `${tag}[${key}=${cssString(attribute(key))}]`, COST.frameAttribute]);
    if (attribute(testIdAttribute)) candidates.push(['css', `[${testIdAttribute}=${cssString(attribute(testIdAttribute))}]`, COST.testId]);
    return candidates;
  }
  const testId = attribute(testIdAttribute);
  if (testId) candidates.push(['internal:testid', `[${testIdAttribute}=${attributeText(testId, true)}]`, COST.testId]);
  const field = name === 'INPUT' || name === 'TEXTAREA';
  if (field && element.placeholder) {
    for (const [body, cost] of wordings(element.placeholder, COST.placeholder, attributeText)) candidates.push(['internal:attr', `[placeholder=${body}]`, cost]);
  }
  for (const label of labelsOf(element, noText)) {
    if (!label.normalized) continue;
    for (const [body, cost] of wordings(label.normalized, COST.label, plainText)) candidates.push(['internal:label', body, cost]);
  }
  const role = roleOf(element);
  if (role && role !== 'none' && role !== 'presentation') candidates.push(['internal:role', role, COST.bareRole]);
  const nameable = ['BUTTON', 'FORM', 'FIELDSET', 'INPUT', 'OBJECT', 'OUTPUT', 'SELECT', 'TEXTAREA', 'MAP', 'META', 'PARAM'];
  if (attribute('name') && nameable.includes(name)) candidates.push(['css', `${tag}[name=${cssString(attribute('name'))}]`, COST.attribute]);
  if (attribute('type') !== 'hidden') {
    if (field && attribute('type')) candidates.push(['css', `${tag}[type=${cssString(attribute('type'))}]`, COST.attribute]);
    if (field || name === 'SELECT') candidates.push(['css', tag, COST.attribute + 1]);
  }
  return candidates;
}

function textCandidates(element, target, noText) {
  if (element.nodeName === 'SELECT') return [];
  const candidates = [];
  const tag = ['css', tagName(element), COST.tag];
  const text = noText ? '' : textOf(element).normalized;
  const whole = !noText && target && text.length <= 80 ? `/^${escapeRegex(text).replaceAll('/', '\\/')}$/` : '';
  if (!noText) {
    const attributes = [['title', COST.title], ...(['AREA', 'IMG', 'INPUT'].includes(element.nodeName) ? [['alt', COST.alt]] : [])];
    for (const [key, cost] of attributes) {
      const value = element.getAttribute(key);
      if (value) for (const [body, each] of wordings(value, cost, attributeText)) candidates.push([['internal:attr', `[${key}=${body}]`, each]]);
    }
  }
  if (text) {
    if (target) {
      for (const [body, cost] of wordings(text, COST.text, plainText)) if (text.length <= 80 || body.endsWith('i')) candidates.push([['internal:text', body, cost]]);
    }
    for (const [part, bonus] of excerpts(text)) candidates.push([tag, ['internal:has-text', plainText(part, false), COST.text - bonus]]);
    if (whole) candidates.push([tag, ['internal:has-text', whole, COST.pattern]]);
  }
  const role = roleOf(element);
  if (!role || role === 'none' || role === 'presentation') return candidates;
  const naming = namingOf(element);
  const name = noText && naming.fromContent ? '' : naming.name;
  const described = noText && referenced(element, 'aria-describedby').some(from => element.contains(from)) ? '' : descriptionOf(element);
  if (name && !/^\p{Co}+$/u.test(name)) {
    for (const [body, cost] of wordings(name, COST.role, attributeText)) candidates.push([['internal:role', `${role}[name=${body}]`, cost]]);
    if (described) {
      const both = (body, exact) => `${role}[name=${body}][description=${attributeText(described, exact)}]`;
      for (const [body, cost] of wordings(name, COST.role + 1, attributeText)) candidates.push([['internal:role', both(body, body.endsWith('s')), cost]]);
    }
    return candidates;
  }
  if (described) candidates.push([['internal:role', `${role}[description=${attributeText(described, true)}]`, COST.bareRole + 1]]);
  if (text) {
    for (const [part, bonus] of excerpts(text)) candidates.push([['internal:role', role, COST.bareRole], ['internal:has-text', plainText(part, false), COST.text - bonus]]);
  }
  if (whole) candidates.push([['internal:role', role, COST.bareRole], ['internal:has-text', whole, COST.pattern]]);
  return candidates;
}

const idSelector = id => (/^[a-zA-Z][\w-]+$/.test(id) ? `#${id}` : `[id=${cssString(id)}]`);

/** Letters and digits change all the time in ids that a machine made. */
function looksGenerated(id) {
  const kindOf = c => (/[a-z]/.test(c) ? 'lower' : /[A-Z]/.test(c) ? 'upper' : /\d/.test(c) ? 'digit' : 'other');
  let last = '', changes = 0;
  for (const c of id.replace(/[-_]/g, '')) {
    const kind = kindOf(c);
    if (last && last !== kind && !(kind === 'lower' && last === 'upper')) changes++;
    last = kind;
  }
  return changes >= id.length / 4;
}

/** Parts of a text without the numbers at its ends, and not too long: `[text, bonus]`. */
function excerpts(text) {
  const parts = [];
  const short = (value, length) => {
    if (value.length <= length) return value;
    return /^(.*)\b(.+?)$/s.exec(value.slice(0, length))?.[1].trimEnd() ?? '';
  };
  const leading = /^([\d.,]+)[^.,\w]/.exec(text)?.[1].length ?? 0;
  const trailing = /[^.,\w]([\d.,]+)$/.exec(text)?.[1].length ?? 0;
  for (const part of [leading && text.slice(leading).trimStart(), trailing && text.slice(0, -trailing).trimEnd()]) {
    if (part) parts.push([short(part, 80), short(part, 80).length <= 30 ? 2 : 1]);
  }
  if (text.length <= 30) parts.push([text, 0]);
  else parts.push([short(text, 80), 0], [short(text, 30), 1]);
  const kept = parts.filter(([part]) => part);
  return kept.length ? kept : [[text.slice(0, 80), 0]];
}

/** CSS by ids, classes and positions, as short as it gets. */
function pathTo(target, usable = () => true) {
  const path = [];
  const root = target.ownerDocument;
  const unique = first => {
    const css = [first, ...path].join(' > ');
    return queryAll(parseSelector(css), root)[0] === target ? css : '';
  };
  const strict = css => {
    const found = queryAll(parseSelector(css), root);
    const token = ['css', css, COST.path];
    return found.length === 1 ? [token] : [token, ['nth', String(found.indexOf(target)), COST.nth]];
  };
  for (let element = target; element; element = parentOrHost(element)) {
    const parent = element.parentNode;
    const classes = [...element.classList].filter(usable).map(name => CSS.escape(name));
    const siblings = parent ? [...parent.children] : [element];
    const first = siblings.find(sibling => sibling.nodeName === element.nodeName) === element;
    const tag = first ? tagName(element) : `${tagName(element)}:nth-child(${1 + siblings.indexOf(element)})`;
    const tokens = [element.id && usable(element.id) && idSelector(element.id), ...classes.map((_, i) => '.' + classes.slice(0, i + 1).join('.')), tag].filter(Boolean);
    for (const token of tokens) {
      const css = unique(token);
      if (css) return strict(css);
    }
    const alone = tokens.find(token => token[0] !== '.' || parent?.querySelectorAll(token).length === 1);
    path.unshift(alone ?? tag);
  }
  return strict(path.join(' > '));
}
