// Names by what stands around: the row, the list item, the card that says what it is about. For elements that Playwright's generator could
// only tell apart by their place in a list.

/** Around an element, what a person would name first. */
const UNIT_ROLES = new Set(['alert', 'alertdialog', 'article', 'dialog', 'figure', 'form', 'group', 'listitem', 'menu', 'menuitem', 'option', 'radiogroup',
  'region', 'row', 'rowgroup', 'tabpanel', 'treeitem']);
/** Elements that are alike and mean nothing by themselves. */
const MEANINGLESS_TAGS = new Set(['DIV', 'SPAN', 'P', 'BODY', 'HTML', 'SECTION', 'MAIN']);
const MOST_UNITS = 12, MOST_MARKS = 6, MOST_TEXTS = 40, MOST_TRIES = 80;
const LONGEST_MARK = 40;

/** Tokens for `element` by one of its surroundings; nothing where no text tells them apart. */
function scoped(element, options) {
  const ways = [...textCandidates(element, true, options.noText), ...plainCandidates(element, options.noText, options.usable).map(token => [token])]
    .map(padded).sort((a, b) => costOf(a) - costOf(b));
  const tries = { left: MOST_TRIES };
  let units = 0;
  const apart = [];
  for (let unit = element; unit && unit !== document.body && units < MOST_UNITS; unit = parentOrHost(unit)) {
    const kinds = kindsOf(unit, options);
    if (!kinds.length) continue;
    units++;
    const inner = unit === element ? [[]] : ways.filter(tokens => isOnlyIn(unit, tokens, element)).slice(0, 2);
    if (!inner.length) continue;
    const found = tellApart(element, [], unit, kinds, inner, tries);
    if (found || tries.left <= 0) return found;
    apart.push({ unit, kinds, inner });
  }
  return withinNamed(element, apart, options, tries);
}

/** The same below something around the unit that has a name: there may be two lists of the same things. */
function withinNamed(element, apart, options, tries) {
  for (const { unit, kinds, inner } of apart.slice(0, 2)) {
    for (let outer = parentOrHost(unit); outer && outer !== document.body; outer = parentOrHost(outer)) {
      const landmark = suggestedFor(outer, { ...options, noText: true });
      if (!isLasting(landmark) || costOf(landmark) >= COST.bareRole) continue;
      const found = tellApart(element, landmark, unit, kinds, inner, tries);
      if (found || tries.left <= 0) return found;
    }
  }
  return null;
}

function isOnlyIn(unit, tokens, element) {
  const found = queryAll(parseSelector(written(tokens)), unit);
  return found.length === 1 && found[0] === element;
}

/** What a unit may be called before its texts are: its role, a class it shares with its like, its own tag. */
function kindsOf(unit, options) {
  const kinds = [];
  const role = roleOf(unit);
  if (UNIT_ROLES.has(role)) kinds.push(['internal:role', role, COST.bareRole]);
  const like = likeOf(unit);
  if (!like.length) return kinds;
  const shared = [...unit.classList].find(name => options.usable(name) && !isLayout(name) && like.some(other => other.classList.contains(name)));
  if (shared) kinds.push(['css', `.${CSS.escape(shared)}`, COST.attribute]);
  if (!kinds.length || !MEANINGLESS_TAGS.has(unit.nodeName)) kinds.push(['css', tagName(unit), COST.tag]);
  return kinds;
}

/** Utility classes say how it looks: `p-4`, `md:flex`, `text-gray-500`. */
const isLayout = name => /[:[\]/]|^-?(m|p|w|h|gap|text|bg|border|rounded|font|flex|grid|col|row|d|shadow|items|justify|space|inset|top|left|z|min|max)[xytrbl]?(-|$)/.test(name);

const likeOf = unit => [...unit.parentNode?.children ?? []].filter(other => other !== unit && other.nodeName === unit.nodeName);

/** Tokens from `outer` by `unit` to `element`, where a text makes it the only one. */
function tellApart(element, outer, unit, kinds, inner, tries) {
  const others = likeOf(unit);
  const name = nameOf(unit);
  const means = tokens => tries.left-- > 0 && isMeant(tokens, element);
  for (const mark of [...marksOf(unit, element, others), null]) {
    const strangers = mark ? others.filter(other => says(other, mark)) : others;
    const without = absentIn(unit, strangers.length ? strangers : others.slice(0, 1));
    for (const kind of kinds) {
      for (const start of startsWith(kind, mark, name)) {
        for (const rest of inner) {
          const tokens = [...outer, ...start, ...rest];
          if (mark && means(tokens)) return tokens;
          const sharper = without && [...outer, ...start, ['internal:has-not-text', plainText(without, false), COST.text], ...rest];
          if (sharper && means(sharper)) return sharper;
        }
      }
    }
  }
  return null;
}

function isMeant(tokens, element) {
  const found = meantBy(tokens, element);
  return found.length === 1 && found[0] === element;
}

/** A unit with a text of its own: a role by its name where that says it, else any kind by what is in it. */
function startsWith(kind, mark, name) {
  if (!mark) return [[kind]];
  const [engine, body] = kind;
  const filtered = [kind, ['internal:has-text', plainText(mark, false), COST.text]];
  if (engine !== 'internal:role' || !name.toLowerCase().includes(mark.toLowerCase())) return [filtered];
  return [[['internal:role', `${body}[name=${attributeText(mark, false)}]`, COST.role]], filtered];
}

const says = (unit, text) => textOf(unit).normalized.toLowerCase().includes(text.toLowerCase());

/** A text that all of `others` have and `unit` has not. */
function absentIn(unit, others) {
  if (!others.length) return null;
  return textsIn(others[0], null).map(({ text }) => text)
    .find(text => !isVolatile(text) && !says(unit, text) && others.every(other => says(other, text))) ?? null;
}

/** Texts that say what a unit is about, the best first: those that none of its like have. */
function marksOf(unit, element, others) {
  return textsIn(unit, element)
    .map(({ text, rank }) => ({ text, rank: rank + (isVolatile(text) ? 4 : 0) + (others.some(other => says(other, text)) ? 8 : 0) }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST_MARKS)
    .map(({ text }) => text);
}

/** Prices, counts, dates and times are others tomorrow. */
const isVolatile = text => !/\p{L}{2}/u.test(text) || /\d.*\b(ago|am|pm|min|mins|hours?|days?)\b|\d[:/.]\d\d/i.test(text);

const MARKING = [['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'TH', 'LEGEND', 'CAPTION', 'FIGCAPTION', 'SUMMARY', 'DT'], ['A', 'STRONG', 'B', 'LABEL']];

/** Texts of `unit` outside `element`, each with a rank: headings, then links and what is emphasized, then the rest. */
function textsIn(unit, element) {
  const texts = new Map();
  const walk = (root, seen) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && seen.left-- > 0; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!parent || isTextless(parent) || element?.contains(parent) && element !== unit) continue;
      const text = collapse(node.nodeValue);
      if (text.length < 2 || text.length > LONGEST_MARK || texts.has(text) || !isVisible(parent)) continue;
      const rank = MARKING.findIndex(tags => parent.closest(tags.join(',')) && unit.contains(parent.closest(tags.join(','))));
      const isControl = parent.closest('button, select, [role=button]');
      texts.set(text, { text, rank: isControl ? 3 : rank === -1 ? 2 : rank });
    }
  };
  walk(unit, { left: MOST_TEXTS });
  if (unit.shadowRoot) walk(unit.shadowRoot, { left: MOST_TEXTS });
  return [...texts.values()];
}
