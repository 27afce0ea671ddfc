// What the code will call an element. It is settled when a person touches it, before the page reacts and the element is another one.

const settled = new WeakMap();
const MOST_ALTERNATIVES = 4;

/** A person waits while an element is named: no longer than a frame of the screen. In units of `spend`, not in time, so that the same page
 *  has the same names on any machine. */
const FOR_BEST = 6_000, FOR_BETTER = 6_000, FOR_OTHERS = 1_500;

/** `{ selector, alternatives }` of an element; without its text for what is edited in place. */
function named(node, noText = false) {
  return withCaches(() => {
    const element = aimOf(node);
    const { best, official } = bestOf(element, noText);
    const selector = written(best);
    return { selector, alternatives: othersThan(selector, official && written(official), element, noText) };
  });
}

/** The choice of Playwright's generator, and what is better where that would not last, or would take too long. */
function bestOf(element, noText) {
  const official = withBudget(FOR_BEST, () => suggestedFor(element, { noText }));
  if (official && isLasting(official)) return { best: official, official };
  const options = { noText, usable: value => !isGenerated(value) };
  const better = withBudget(FOR_BETTER, () => {
    const plain = official && suggestedFor(element, options);
    return plain && isLasting(plain) ? plain : scoped(element, options) ?? plain;
  });
  return { best: better ?? [['css', wayTo(element), COST.path]], official };
}

/** Selectors of other kinds that find it, and only it; the generator's own; where it is comes last: tools that know no roles need that. */
function othersThan(selector, official, element, noText) {
  const others = [];
  withBudget(FOR_OTHERS, () => {
    const usable = value => !isGenerated(value);
    const candidates = [...textCandidates(element, true, noText), ...plainCandidates(element, noText, usable).map(token => [token])];
    for (const tokens of candidates.map(padded).sort((a, b) => costOf(a) - costOf(b))) {
      if (others.length === MOST_ALTERNATIVES) break;
      const other = written(tokens);
      if (other !== selector && !others.includes(other) && isMeant(tokens, element)) others.push(other);
    }
  });
  for (const last of [official, wayTo(element)]) if (last && last !== selector && !others.includes(last)) others.push(last);
  return others;
}

/** CSS from shadow root to shadow root: where one ends, a way for tools whose CSS does not look into them has to be cut. */
function wayTo(element) {
  const root = element.getRootNode();
  let path = '';
  for (let at = element; isElement(at); at = at.parentElement) {
    const id = at.id && !isGenerated(at.id) && idSelector(at.id);
    const classes = [...at.classList].filter(name => !isGenerated(name)).map(name => `.${CSS.escape(name)}`);
    const place = `${tagName(at)}:nth-child(${1 + [...at.parentNode.children].indexOf(at)})`;
    const steps = [...(id ? [id] : []), ...classes, tagName(at), place].map(step => step + (path && ` > ${path}`));
    const alone = steps.find(step => root.querySelectorAll(step).length === 1);
    path = alone ?? steps.at(-1);
    if (alone) break;
  }
  return root.host ? `${wayTo(root.host)} >> ${path}` : path;
}

/** Its name from now on, until it is settled anew. */
function settle(element, noText) {
  const name = named(element, noText);
  settled.set(element, name);
  return name;
}

/** A place in the window, from the corner of what the name of `element` means: a person hits what is inside of a button. */
function offsetIn(element, x, y) {
  const box = aimOf(element).getBoundingClientRect();
  return rounded(x - box.x, y - box.y);
}

const nameSettled = (element, noText) => settled.get(element) ?? settle(element, noText);
