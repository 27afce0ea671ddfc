// expect.any(…), expect.objectContaining(…) and friends.
import { contains, equals } from './equals.js';
import { isRegExp } from '../values.js';

class Asymmetric {
  constructor(sample, inverse = false) {
    this.sample = sample;
    this.inverse = inverse;
  }
  asymmetricMatch(other) { return this.accepts(other) !== this.inverse; }
  toString() { return `${this.inverse ? 'Not' : ''}${this.label}`; }
}

class Any extends Asymmetric {
  flat = true;
  constructor(sample) {
    super(sample);
    if (sample === undefined) throw new TypeError('any() expects to be passed a constructor function. Please pass one or use anything() to match any object.');
  }
  accepts(other) {
    switch (this.sample) {
      case String: return typeof other === 'string' || other instanceof String;
      case Number: return typeof other === 'number' || other instanceof Number;
      case Function: return typeof other === 'function';
      case Boolean: return typeof other === 'boolean' || other instanceof Boolean;
      case BigInt: return typeof other === 'bigint';
      case Symbol: return typeof other === 'symbol';
      case Object: return typeof other === 'object';
      case Array: return Array.isArray(other);
      default: return other instanceof this.sample;
    }
  }
  toString() { return 'Any'; }
  toAsymmetricMatcher() { return `Any<${this.sample.name}>`; }
}
class Anything extends Asymmetric {
  flat = true;
  accepts(other) { return other !== null && other !== undefined; }
  toString() { return 'Anything'; }
}
class ArrayContaining extends Asymmetric {
  label = 'ArrayContaining';
  accepts(other) { return Array.isArray(other) && this.sample.every(item => other.some(seen => equals(item, seen))); }
}
class ArrayOf extends Asymmetric {
  label = 'ArrayOf';
  accepts(other) { return Array.isArray(other) && other.every(item => equals(this.sample, item)); }
}
class ObjectContaining extends Asymmetric {
  label = 'ObjectContaining';
  accepts(other) { return typeof other === 'object' && other !== null && Object.keys(this.sample).every(key => key in other && contains(other[key], this.sample[key])); }
}
class StringContaining extends Asymmetric {
  label = 'StringContaining';
  accepts(other) { return typeof other === 'string' && other.includes(this.sample); }
}
class StringMatching extends Asymmetric {
  label = 'StringMatching';
  constructor(sample, inverse) { super(isRegExp(sample) ? new RegExp(sample.source, sample.flags.replace(/[gy]/g, '')) : new RegExp(sample), inverse); }
  accepts(other) { return typeof other === 'string' && this.sample.test(other); }
}
class CloseTo extends Asymmetric {
  flat = true;
  constructor(sample, precision = 2, inverse = false) { super(sample, inverse); this.precision = precision; }
  accepts(other) { return typeof other === 'number' && (Object.is(other, this.sample) || Math.abs(other - this.sample) < 10 ** -this.precision / 2); }
  toString() { return `${this.inverse ? 'NumberNotCloseTo' : 'NumberCloseTo'} ${this.sample} (${this.precision} digits)`; }
}

export const asymmetric = {
  any: sample => new Any(sample),
  anything: () => new Anything(),
  arrayContaining: sample => new ArrayContaining(sample),
  arrayOf: sample => new ArrayOf(sample),
  objectContaining: sample => new ObjectContaining(sample),
  stringContaining: sample => new StringContaining(sample),
  stringMatching: sample => new StringMatching(sample),
  closeTo: (sample, precision) => new CloseTo(sample, precision),
};
export const notAsymmetric = {
  arrayContaining: sample => new ArrayContaining(sample, true),
  arrayOf: sample => new ArrayOf(sample, true),
  objectContaining: sample => new ObjectContaining(sample, true),
  stringContaining: sample => new StringContaining(sample, true),
  stringMatching: sample => new StringMatching(sample, true),
  closeTo: (sample, precision) => new CloseTo(sample, precision, true),
};

/** A custom matcher inside a value: `expect.toBeEven()`. */
export function customAsymmetric(name, matcher, context) {
  const make = inverse => (...args) => {
    const made = new Asymmetric(undefined, inverse);
    made.accepts = other => Boolean(matcher.call({ ...context, isNot: inverse }, other, ...args).pass);
    made.toString = () => `${inverse ? 'not.' : ''}${name}<${args.map(String).join(', ')}>`;
    return made;
  };
  return { plain: make(false), inverse: make(true) };
}
