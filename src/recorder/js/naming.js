// What the code will call an element. It is settled when a person touches it, before the page reacts and the element is another one.

const settled = new WeakMap();
const MOST_ALTERNATIVES = 4;

/** `{ selector, alternatives }` of an element; without its text for what is edited in place. */
function named(element, noText = false) {
  return withCaches(() => {
    const { best, official } = bestOf(element, noText);
    const selector = written(best);
    return { selector, alternatives: othersThan(selector, written(official), aimOf(element), noText) };
  });
}

/** The choice of Playwright's generator, and what is better where that would not last. */
function bestOf(node, noText) {
  const element = aimOf(node);
  const official = suggestedFor(element, { noText });
  if (isLasting(official)) return { best: official, official };
  const options = { noText, usable: value => !isGenerated(value) };
  const plain = suggestedFor(element, options);
  return { best: isLasting(plain) ? plain : scoped(element, options) ?? plain, official };
}

/** Selectors of other kinds that find it, and only it; the generator's own; where it is comes last: tools that know no roles need that. */
function othersThan(selector, official, element, noText) {
  const others = [];
  const usable = value => !isGenerated(value);
  const candidates = [...textCandidates(element, true, noText), ...plainCandidates(element, noText, usable).map(token => [token])];
  for (const tokens of candidates.map(padded).sort((a, b) => costOf(a) - costOf(b))) {
    if (others.length === MOST_ALTERNATIVES) break;
    const other = written(tokens);
    if (other === selector || others.includes(other)) continue;
    if (isMeant(tokens, element)) others.push(other);
  }
  if (official !== selector && !others.includes(official)) others.push(official);
  const path = wayTo(element);
  return path === selector || others.includes(path) ? others : [...others, path];
}

/** CSS from shadow root to shadow root: where one ends, a way for tools whose CSS does not look into them has to be cut. */
function wayTo(element) {
  const root = element.getRootNode();
  if (!root.host) return written(pathTo(element));
  let path = '';
  for (let at = element; at; at = at.parentElement) {
    path = tagName(at) + `:nth-child(${1 + [...at.parentNode.children].indexOf(at)})` + (path && ' > ') + path;
    if (root.querySelectorAll(path).length === 1) break;
  }
  return `${wayTo(root.host)} >> ${path}`;
}

/** Its name from now on, until it is settled anew. */
function settle(element, noText) {
  const name = named(element, noText);
  settled.set(element, name);
  return name;
}

/** A person hits what is inside of a button; the code says the button. */
const meant = (selector, element) => queryAll(parseSelector(selector), element.ownerDocument)[0] ?? element;

/** A place in the window, from the corner of what the name of `element` means. */
function offsetIn(element, x, y) {
  const box = meant(nameSettled(element).selector, element).getBoundingClientRect();
  return rounded(x - box.x, y - box.y);
}

const nameSettled = (element, noText) => settled.get(element) ?? settle(element, noText);
