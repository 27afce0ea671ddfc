// What the code will call an element. It is settled when a person touches it, before the page reacts and the element is another one.

const settled = new WeakMap();
const MOST_ALTERNATIVES = 4;

/** `{ selector, alternatives }` of an element; without its text for what is edited in place. */
function named(element, noText = false) {
  return withCaches(() => {
    const selector = suggest(element, { noText });
    return { selector, alternatives: othersThan(selector, element, noText) };
  });
}

/** Selectors of other kinds that find it, and only it. */
function othersThan(selector, element, noText) {
  const others = [];
  const candidates = [...textCandidates(element, true, noText), ...plainCandidates(element, noText).map(token => [token])];
  for (const tokens of candidates.map(padded).sort((a, b) => costOf(a) - costOf(b))) {
    if (others.length === MOST_ALTERNATIVES) break;
    const other = written(tokens);
    if (other === selector || others.includes(other)) continue;
    const found = meantBy(tokens, element);
    if (found.length === 1 && found[0] === element) others.push(other);
  }
  return others;
}

/** Its name from now on, until it is settled anew. */
function settle(element, noText) {
  const name = named(element, noText);
  settled.set(element, name);
  return name;
}

const nameSettled = (element, noText) => settled.get(element) ?? settle(element, noText);
