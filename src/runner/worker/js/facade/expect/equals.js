// Deep equality as Jest's matchers mean it.
const tagOf = value => Object.prototype.toString.call(value);
const isObject = value => typeof value === 'object' && value !== null;
export const isAsymmetric = value => Boolean(value) && typeof value === 'object' && typeof value.asymmetricMatch === 'function';

/**
 * `strict`: types, `undefined` properties and holes count.
 * `subset`: `a` may have more properties than `b`.
 */
export function equals(a, b, { strict = false, subset = false, testers = [] } = {}) {
  return new Comparison(strict, subset, testers).same(a, b);
}

const enumerable = (object, key) => Object.prototype.propertyIsEnumerable.call(object, key);
function keysOf(object) {
  return [...Object.keys(object), ...Object.getOwnPropertySymbols(object).filter(key => enumerable(object, key))];
}

class Comparison {
  #seen = new Map();

  constructor(strict, subset, testers) {
    this.strict = strict;
    this.subset = subset;
    this.testers = testers;
  }

  same(a, b) {
    const verdict = this.#asymmetric(a, b);
    if (verdict !== undefined) return verdict;
    for (const tester of this.testers) {
      const result = tester.call({ equals: (x, y) => this.same(x, y) }, a, b, this.testers);
      if (result !== undefined) return result;
    }
    if (Object.is(a, b)) return true;
    if (a instanceof Error && b instanceof Error) return a.message === b.message && a.name === b.name && this.same(a.cause, b.cause) && this.same(a.errors, b.errors);
    if (!isObject(a) || !isObject(b)) return false;
    const tag = tagOf(a);
    // Whatever has what a plain object asks for has it.
    const looksInside = this.subset && tagOf(b) === '[object Object]' && !(b instanceof Error);
    if (tag !== tagOf(b) && !looksInside) return false;
    switch (looksInside ? '' : tag) {
      case '[object Boolean]': case '[object Number]': case '[object String]': return Object.is(a.valueOf(), b.valueOf());
      case '[object Date]': return Object.is(a.getTime(), b.getTime());
      case '[object RegExp]': return a.source === b.source && a.flags === b.flags;
      case '[object URL]': return a.href === b.href;
      case '[object ArrayBuffer]': return this.same(new Uint8Array(a), new Uint8Array(b));
    }
    if (this.strict && a.constructor !== b.constructor) return false;
    if (this.#seen.has(a)) return this.#seen.get(a) === b;
    this.#seen.set(a, b);
    try {
      if (looksInside) return this.#within(a, b);
      if (tag === '[object Map]') return this.#maps(a, b);
      if (tag === '[object Set]') return a.size === b.size && [...a].every(item => b.has(item) || [...b].some(other => this.same(item, other)));
      if ((Array.isArray(a) || ArrayBuffer.isView(a)) && a.length !== b.length) return false;
      return this.subset && !Array.isArray(a) ? this.#within(a, b) : this.#properties(a, b);
    } finally {
      this.#seen.delete(a);
    }
  }

  #asymmetric(a, b) {
    const [left, right] = [isAsymmetric(a), isAsymmetric(b)];
    if (left && right) return undefined;
    if (left) return Boolean(a.asymmetricMatch(b));
    if (right) return Boolean(b.asymmetricMatch(a));
    return undefined;
  }

  #maps(a, b) {
    return a.size === b.size && [...a].every(([key, value]) => (b.has(key)
      ? this.same(value, b.get(key))
      : [...b].some(([otherKey, otherValue]) => this.same(key, otherKey) && this.same(value, otherValue))));
  }

  #properties(a, b) {
    const keys = keysOf(a);
    const has = (object, key) => Object.hasOwn(object, key) && (this.strict || object[key] !== undefined);
    const known = key => has(b, key) || (!this.strict && a[key] === undefined);
    if (this.strict && keys.length !== keysOf(b).length) return false;
    if (!this.strict && keysOf(b).some(key => has(b, key) && !has(a, key))) return false;
    return keys.every(key => known(key) && this.same(a[key], b[key]));
  }

  /** Whether `a` has what `b` has. */
  #within(a, b) {
    return keysOf(b).every(key => hasPath(a, key) && this.same(a[key], b[key]));
  }
}

const hasPath = (object, key) => isObject(object) && key in object && !(Object.prototype[key] === object[key] && !Object.hasOwn(object, key));

/** The part of `received` that `expected` speaks of: what `toMatchObject` shows. */
export function part(received, expected, seen = new Map()) {
  if (Array.isArray(received)) {
    if (!Array.isArray(expected) || expected.length !== received.length) return received;
    return received.map((item, index) => part(item, expected[index], seen));
  }
  if (received instanceof Date || !isObject(received) || !isObject(expected)) return received;
  if (seen.has(received)) return seen.get(received);
  const made = {};
  seen.set(received, made);
  for (const key of keysOf(received)) if (key in expected) made[key] = part(received[key], expected[key], seen);
  return Object.keys(made).length || Object.getOwnPropertySymbols(made).length ? made : received;
}
