// Evaluates what parse_css.js parsed: native matching for compounds, our own walk for combinators (through shadow roots) and for
// the pseudo-classes no browser has. A scope is `{ root, anchor, pierce }`: search below `root`, `:scope` is `anchor`.

function queryCss(list, root, pierce = true) {
  const scores = new Map();
  const found = queryComplexes(list, { root, anchor: root, pierce, scores });
  if (!scores.size) return found;
  return found.sort((a, b) => (scores.get(a) ?? 0) - (scores.get(b) ?? 0));
}

function queryComplexes(list, scope) {
  if (list.length === 1) return queryComplex(list[0], scope);
  return inDocumentOrder(list.flatMap(complex => queryComplex(complex, scope)));
}

function queryComplex(complex, scope) {
  const inner = widened(complex, scope);
  const last = complex.length - 1;
  return candidates(complex[last], inner).filter(element => compoundMatches(element, complex[last], inner) && restMatches(element, complex, last, inner));
}

/** With `:scope` inside, siblings and parents of the scope take part. */
function widened(complex, scope) {
  const named = complex.some(compound => compound.functions.some(f => f.name === 'scope'));
  const parent = named && isElement(scope.root) ? parentOrHost(scope.root) : null;
  return parent ? { ...scope, root: parent } : scope;
}

function candidates(compound, scope) {
  if (!compound.css && compound.functions.some(f => f.name === 'scope')) {
    const anchor = scope.anchor.nodeType === DOCUMENT ? scope.anchor.documentElement : scope.anchor;
    return isElement(anchor) ? [anchor] : [];
  }
  const css = compound.css || '*';
  return scope.pierce ? selectPiercing(scope.root, css) : [...scope.root.querySelectorAll(css)];
}

function matchesAny(element, list, scope) {
  return list.some(complex => {
    const inner = widened(complex, scope);
    const last = complex.length - 1;
    return compoundMatches(element, complex[last], inner) && restMatches(element, complex, last, inner);
  });
}

/** Whether the compounds before `index` match around `element`. */
function restMatches(element, complex, index, scope) {
  if (index === 0) return true;
  const before = complex[index - 1];
  const fits = other => compoundMatches(other, before, scope) && restMatches(other, complex, index - 1, scope);
  switch (before.combinator) {
    case '>': {
      const parent = parentWithin(element, scope);
      return !!parent && fits(parent);
    }
    case '+': {
      const sibling = siblingWithin(element, scope);
      return !!sibling && fits(sibling);
    }
    case '~':
      for (let other = siblingWithin(element, scope); other; other = siblingWithin(other, scope)) if (fits(other)) return true;
      return false;
    default:
      for (let other = parentWithin(element, scope); other; other = parentWithin(other, scope)) if (fits(other)) return true;
      return false;
  }
}

function parentWithin(element, scope) {
  if (element === scope.root) return null;
  return scope.pierce ? parentOrHost(element) : element.parentElement;
}

function siblingWithin(element, scope) {
  return element === scope.root ? null : element.previousElementSibling;
}

function compoundMatches(element, compound, scope) {
  if (compound.css && !element.matches(compound.css)) return false;
  return compound.functions.every(f => CSS_MATCHERS[f.name](element, f.args, scope));
}

function oneText(name, args) {
  if (args.length !== 1 || typeof args[0] !== 'string') throw new EngineError(`"${name}" engine expects a single string`);
  return collapse(args[0]);
}

function someSelectors(name, args) {
  if (!args.length) throw new EngineError(`"${name}" engine expects non-empty selector list`);
  return args;
}

const CSS_MATCHERS = {
  is: (element, args, scope) => matchesAny(element, someSelectors('is', args), scope),
  where: (element, args, scope) => matchesAny(element, someSelectors('is', args), scope),
  not: (element, args, scope) => !matchesAny(element, someSelectors('not', args), scope),
  has: (element, args, scope) => queryComplexes(someSelectors('has', args), { ...scope, root: element, anchor: element }).length > 0,
  light: (element, args, scope) => matchesAny(element, args, { ...scope, pierce: false }),
  scope: (element, args, { anchor }) => element === (anchor.nodeType === DOCUMENT ? anchor.documentElement : anchor),
  visible(element, args) {
    if (args.length) throw new EngineError('"visible" engine expects no arguments');
    return isVisible(element);
  },
  'has-text'(element, args) {
    const text = oneText('has-text', args).toLowerCase();
    return !isTextless(element) && textOf(element).normalized.toLowerCase().includes(text);
  },
  text(element, args) {
    const text = oneText('text', args).toLowerCase();
    return matchText(element, found => found.normalized.toLowerCase().includes(text)) === 'self';
  },
  'text-is'(element, args) {
    return matchText(element, exactRun(oneText('text-is', args))) !== 'none';
  },
  'text-matches'(element, args) {
    if (!args.length || args.length > 2 || args.some(arg => typeof arg !== 'string')) {
      throw new EngineError('"text-matches" engine expects a regexp body and optional regexp flags');
    }
    const regex = new RegExp(args[0], args[1]);
    return matchText(element, found => found.full.match(regex)) === 'self';
  },
  'nth-match'(element, args, scope) {
    const index = args.at(-1);
    if (args.length < 2) throw new EngineError('"nth-match" engine expects non-empty selector list and an index argument');
    if (typeof index !== 'number' || index < 1) throw new EngineError('"nth-match" engine expects a one-based index as the last argument');
    return cached('nth-match', args, () => queryComplexes(args.slice(0, -1), scope))[index - 1] === element;
  },
};

/** How far `a` is on that side of `b`, pixels; undefined when it is not. */
const DISTANCES = {
  'right-of': (a, b, limit) => withinLimit(a.left - b.right, limit, Math.max(b.bottom - a.bottom, 0) + Math.max(a.top - b.top, 0)),
  'left-of': (a, b, limit) => withinLimit(b.left - a.right, limit, Math.max(b.bottom - a.bottom, 0) + Math.max(a.top - b.top, 0)),
  above: (a, b, limit) => withinLimit(b.top - a.bottom, limit, Math.max(a.left - b.left, 0) + Math.max(b.right - a.right, 0)),
  below: (a, b, limit) => withinLimit(a.top - b.bottom, limit, Math.max(a.left - b.left, 0) + Math.max(b.right - a.right, 0)),
  near(a, b, limit = 50) {
    const gaps = [a.left - b.right, b.left - a.right, b.top - a.bottom, a.top - b.bottom];
    const distance = gaps.reduce((sum, gap) => sum + Math.max(gap, 0), 0);
    return distance > limit ? undefined : distance;
  },
};

function withinLimit(distance, limit, offset) {
  return distance < 0 || (limit !== undefined && limit < distance) ? undefined : distance + offset;
}

function distanceTo(side, element, others, limit) {
  const box = element.getBoundingClientRect();
  let best;
  for (const other of others) {
    if (other === element) continue;
    const distance = DISTANCES[side](box, other.getBoundingClientRect(), limit);
    if (distance !== undefined && (best === undefined || distance < best)) best = distance;
  }
  return best;
}

for (const side of POSITIONAL) {
  CSS_MATCHERS[side] = (element, args, scope) => {
    const limit = typeof args.at(-1) === 'number' ? args.at(-1) : undefined;
    const selectors = limit === undefined ? args : args.slice(0, -1);
    const others = cached(side, args, () => queryComplexes(someSelectors(side, selectors), scope));
    const distance = distanceTo(side, element, others, limit);
    if (distance !== undefined) scope.scores?.set(element, distance);
    return distance !== undefined;
  };
}
