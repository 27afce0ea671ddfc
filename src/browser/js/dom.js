// The ground the engine stands on: walking the composed tree, styles, visibility, and caches that live as long as one call.
// All files of this folder are joined into one function body (see ../injected.rs): they share one scope.

const ELEMENT = 1, TEXT = 3, DOCUMENT = 9, FRAGMENT = 11;

/** Caches by name; alive only inside `withCaches`, because the page may change between two calls. */
let caches = null;

function withCaches(body) {
  if (caches) return body();
  caches = new Map();
  try {
    return body();
  } finally {
    caches = null;
  }
}

function cached(name, key, compute) {
  if (!caches) return compute();
  let cache = caches.get(name);
  if (!cache) caches.set(name, cache = new Map());
  if (cache.has(key)) return cache.get(key);
  spend(1);
  const value = compute();
  cache.set(key, value);
  return value;
}

/** How much may still be computed: whoever is asked while a person waits sets it, see `withBudget`. */
let budget = Infinity;

class BudgetError extends Error {}

/** About a microsecond each. */
function spend(units) {
  budget -= units;
  if (budget < 0) throw new BudgetError('too much to look at');
}

/** What `body` returns; null where it would take too long. */
function withBudget(units, body) {
  const outer = budget;
  budget = units;
  try {
    return body();
  } catch (error) {
    if (error instanceof BudgetError) return null;
    throw error;
  } finally {
    budget = outer;
  }
}

/** An error that is the user's to read: its message is shown as it is, without a stack. */
class EngineError extends Error {}

const isElement = node => node?.nodeType === ELEMENT;
const tagOf = element => (element instanceof HTMLFormElement ? 'FORM' : element.tagName.toUpperCase());

function parentOrHost(element) {
  if (element.parentElement) return element.parentElement;
  const parent = element.parentNode;
  return parent?.nodeType === FRAGMENT ? parent.host ?? null : null;
}

function rootOf(node) {
  let root = node;
  while (root.parentNode) root = root.parentNode;
  return root.nodeType === FRAGMENT || root.nodeType === DOCUMENT ? root : null;
}

/** Like `closest`, but goes on outside shadow roots; stops at `scope`. */
function closestAcross(element, css, scope) {
  for (let at = element; at;) {
    const found = at.closest(css);
    if (scope && found !== scope && found?.contains(scope)) return null;
    if (found) return found;
    const root = rootOf(at);
    at = root?.host ?? null;
  }
  return null;
}

function isInside(scope, node) {
  for (let at = node; at;) {
    if (scope.contains(at)) return true;
    at = rootOf(at)?.host;
  }
  return false;
}

/** All elements below `root` that match native CSS, those of open shadow roots after those of the light tree. */
function selectPiercing(root, css) {
  const found = [];
  const visit = scope => {
    const matching = scope.querySelectorAll(css);
    spend(matching.length / 10);
    for (const element of matching) found.push(element);
    if (scope.shadowRoot) visit(scope.shadowRoot);
    for (const host of shadowHostsIn(scope)) visit(host.shadowRoot);
  };
  visit(root);
  return found;
}

/** Elements in `scope`'s own tree that have an open shadow root. */
function shadowHostsIn(scope) {
  return cached('shadowHosts', scope, () => {
    const hosts = [];
    const all = scope.querySelectorAll('*');
    spend(all.length / 20);
    for (const element of all) if (element.shadowRoot) hosts.push(element);
    return hosts;
  });
}

/** Document order over shadow boundaries: an element, its light children, its shadow tree. */
function inDocumentOrder(elements) {
  const wanted = new Set(elements);
  if (wanted.size < 2) return [...wanted];
  const children = new Map();
  const roots = new Set();
  for (const element of wanted) {
    let at = element;
    for (let parent = parentOrHost(at); ; parent = parentOrHost(at)) {
      if (!parent) {
        roots.add(at);
        break;
      }
      const known = children.get(parent);
      if (known) {
        known.add(at);
        break;
      }
      children.set(parent, new Set([at]));
      at = parent;
    }
  }
  const ordered = [];
  const visit = element => {
    if (wanted.has(element)) ordered.push(element);
    const inside = children.get(element);
    if (!inside) return;
    if (inside.size === 1) return visit(inside.values().next().value);
    for (const tree of [element, element.shadowRoot]) {
      for (let child = tree?.firstElementChild; child; child = child.nextElementSibling) if (inside.has(child)) visit(child);
    }
  };
  for (const root of roots) visit(root);
  return ordered;
}

function styleOf(element, pseudo) {
  return cached('style' + (pseudo ?? ''), element, () => element.ownerDocument.defaultView?.getComputedStyle(element, pseudo) ?? null);
}

/** What is in no box tree, as the content of <meter>, has none. */
const displayOf = element => styleOf(element)?.display || 'inline';

function isStyleVisible(element, style = styleOf(element)) {
  if (!style) return true;
  // `checkVisibility` knows what no computed style tells: content-visibility, closed <details>.
  if (!element.checkVisibility()) return false;
  return style.visibility === 'visible';
}

function isTextVisible(node) {
  const range = node.ownerDocument.createRange();
  range.selectNode(node);
  const rect = range.getBoundingClientRect();
  return rect.width > 0 && rect.height > 0;
}

/** Visible as a person sees it: it has a box, and the style does not hide it. Opacity does not count. */
/** Whether its box is shown in another shape than it has: turned, scaled, in perspective. */
function isTransformed(element) {
  for (let at = element; at; at = at.assignedSlot ?? parentOrHost(at)) {
    const style = styleOf(at);
    if (!style) continue;
    if (style.rotate !== 'none' || style.scale !== 'none' || style.offsetPath !== 'none') return true;
    if (style.transform === 'none') continue;
    const { is2D, a, b, c, d } = new DOMMatrix(style.transform);
    if (!is2D || a !== 1 || b !== 0 || c !== 0 || d !== 1) return true;
  }
  return false;
}

function isVisible(element) {
  const style = styleOf(element);
  if (!style) return true;
  if (style.display === 'contents') {
    for (let child = element.firstChild; child; child = child.nextSibling) {
      if (child.nodeType === ELEMENT && isVisible(child)) return true;
      if (child.nodeType === TEXT && isTextVisible(child)) return true;
    }
    return false;
  }
  if (!isStyleVisible(element, style)) return false;
  const rect = element.getBoundingClientRect();
  return rect.width > 0 && rect.height > 0;
}

/** Null where nothing is rendered. */
function boxOf(node) {
  const element = node.nodeType === ELEMENT ? node : node.parentElement;
  const { x, y, width, height } = element.getBoundingClientRect();
  return element.getClientRects().length ? { x, y, width, height } : null;
}

const collapse = text => text.replace(/[\u200b\u00ad]/g, '').trim().replace(/\s+/g, ' ');
const cut = (text, length) => (text.length <= length ? text : text.slice(0, length - 1) + '…');
const cssString = text => `"${text.replace(/["\\]/g, '\\$&')}"`;
const escapeRegex = text => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
