// Deep equality, as `toEqual` and `toStrictEqual` mean it.
const tagOf = value => Object.prototype.toString.call(value);
const isObject = value => typeof value === 'object' && value !== null;

/** `strict`: types, `undefined` properties and holes count. */
export function equals(a, b, { strict = false } = {}) {
  return same(a, b, strict, [], []);
}

function same(a, b, strict, seenA, seenB) {
  const left = typeof a?.asymmetricMatch === 'function';
  const right = typeof b?.asymmetricMatch === 'function';
  if (left !== right) return left ? Boolean(a.asymmetricMatch(b)) : Boolean(b.asymmetricMatch(a));
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  const tag = tagOf(a);
  if (tag !== tagOf(b)) return false;
  if (a instanceof Error && b instanceof Error) return a.message === b.message && a.name === b.name && same(a.cause, b.cause, strict, seenA, seenB);
  switch (tag) {
    case '[object Boolean]': case '[object Number]': case '[object String]': return Object.is(a.valueOf(), b.valueOf());
    case '[object Date]': return Object.is(a.getTime(), b.getTime());
    case '[object RegExp]': return a.source === b.source && a.flags === b.flags;
    case '[object URL]': return a.href === b.href;
    case '[object ArrayBuffer]': return same(new Uint8Array(a), new Uint8Array(b), strict, seenA, seenB);
  }
  if (strict && Object.getPrototypeOf(a)?.constructor !== Object.getPrototypeOf(b)?.constructor) return false;
  const again = seenA.indexOf(a);
  if (again >= 0) return seenB[again] === b;
  seenA.push(a);
  seenB.push(b);
  try {
    if (tag === '[object Map]') return sameEntries(a, b, strict, seenA, seenB);
    if (tag === '[object Set]') return a.size === b.size && [...a].every(item => b.has(item) || [...b].some(other => same(item, other, strict, seenA, seenB)));
    if ((Array.isArray(a) || ArrayBuffer.isView(a)) && a.length !== b.length) return false;
    return sameProperties(a, b, strict, seenA, seenB);
  } finally {
    seenA.pop();
    seenB.pop();
  }
}

function sameEntries(a, b, strict, seenA, seenB) {
  if (a.size !== b.size) return false;
  return [...a].every(([key, value]) => (b.has(key) ? same(value, b.get(key), strict, seenA, seenB)
    : [...b].some(([otherKey, otherValue]) => same(key, otherKey, strict, seenA, seenB) && same(value, otherValue, strict, seenA, seenB))));
}

function sameProperties(a, b, strict, seenA, seenB) {
  const keys = object => [...Object.keys(object), ...Object.getOwnPropertySymbols(object).filter(key => Object.prototype.propertyIsEnumerable.call(object, key))]
    .filter(key => strict || object[key] !== undefined);
  const [keysA, keysB] = [keys(a), keys(b)];
  if (strict && Array.isArray(a) && keysA.length !== keysB.length) return false;
  return keysA.length === keysB.length && keysA.every(key => (strict ? Object.hasOwn(b, key) : true) && same(a[key], b[key], strict, seenA, seenB));
}

/** Whether `received` has everything `expected` has, deeply; arrays by their whole length. */
export function contains(received, expected) {
  if (typeof expected?.asymmetricMatch === 'function') return Boolean(expected.asymmetricMatch(received));
  if (Array.isArray(expected)) return Array.isArray(received) && received.length === expected.length && expected.every((item, index) => contains(received[index], item));
  if (!isObject(expected) || !isObject(received) || ['[object Date]', '[object RegExp]', '[object Map]', '[object Set]', '[object URL]'].includes(tagOf(expected)) || expected instanceof Error)
    return equals(received, expected);
  return Object.keys(expected).every(key => key in received && contains(received[key], expected[key]));
}

/** The part of `received` that `expected` speaks of: what `toMatchObject` shows. */
export function subset(received, expected) {
  if (Array.isArray(received) && Array.isArray(expected) && received.length === expected.length) return received.map((item, index) => subset(item, expected[index]));
  if (!isObject(received) || !isObject(expected) || Array.isArray(received) || tagOf(received) !== '[object Object]') return received;
  const part = Object.create(Object.getPrototypeOf(received));
  for (const key of Object.keys(received)) if (key in expected) part[key] = subset(received[key], expected[key]);
  return part;
}
