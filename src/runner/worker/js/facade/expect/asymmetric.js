// expect.any(…), expect.objectContaining(…) and friends.
import { equals } from './equals.js';

const isRegExp = value => Object.prototype.toString.call(value) === '[object RegExp]';
const isObject = value => typeof value === 'object' && value !== null;

export class Asymmetric {
  $$typeof = Symbol.for('jest.asymmetricMatcher');
  constructor(sample, inverse = false) {
    this.sample = sample;
    this.inverse = inverse;
  }
  asymmetricMatch(other) { return this.accepts(other) !== this.inverse; }
  /** `StringContaining`, `StringNotContaining`. */
  toString() { return this.inverse ? this.words[1] : this.words[0]; }
  /** The type of values that it can be compared with line by line. */
  comparable() { return undefined; }
}

class Any extends Asymmetric {
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
  toAsymmetricMatcher() { return `Any<${this.sample.name || '<anonymous>'}>`; }
}

class Anything extends Asymmetric {
  accepts(other) { return other !== null && other !== undefined; }
  toString() { return 'Anything'; }
  toAsymmetricMatcher() { return 'Anything'; }
}

const listed = (sample, who) => {
  if (!Array.isArray(sample)) throw new Error(`You must provide an array to ${who}, not '${typeof sample}'.`);
  return sample;
};

class ArrayContaining extends Asymmetric {
  words = ['ArrayContaining', 'ArrayNotContaining'];
  accepts(other) {
    const sample = listed(this.sample, this.toString());
    return sample.length === 0 || (Array.isArray(other) && sample.every(item => other.some(seen => equals(item, seen))));
  }
}

class ArrayOf extends Asymmetric {
  words = ['ArrayOf', 'NotArrayOf'];
  accepts(other) { return Array.isArray(other) && other.every(item => equals(this.sample, item)); }
}

class ObjectContaining extends Asymmetric {
  words = ['ObjectContaining', 'ObjectNotContaining'];
  accepts(other) {
    if (typeof this.sample !== 'object') throw new TypeError(`You must provide an object to ${this.toString()}, not '${typeof this.sample}'.`);
    return Reflect.ownKeys(this.sample).every(key => isObject(other) && key in other && equals(this.sample[key], other[key]));
  }
  comparable() { return 'object'; }
}

class StringContaining extends Asymmetric {
  words = ['StringContaining', 'StringNotContaining'];
  constructor(sample, inverse) {
    super(sample, inverse);
    if (typeof sample !== 'string') throw new Error('Expected is not a string');
  }
  accepts(other) { return typeof other === 'string' && other.includes(this.sample); }
}

class StringMatching extends Asymmetric {
  words = ['StringMatching', 'StringNotMatching'];
  constructor(sample, inverse) {
    if (typeof sample !== 'string' && !isRegExp(sample)) throw new Error('Expected is not a String or a RegExp');
    super(new RegExp(sample), inverse);
  }
  accepts(other) {
    this.sample.lastIndex = 0;
    return typeof other === 'string' && this.sample.test(other);
  }
}

class CloseTo extends Asymmetric {
  words = ['NumberCloseTo', 'NumberNotCloseTo'];
  constructor(sample, precision = 2, inverse = false) {
    if (typeof sample !== 'number') throw new Error('Expected is not a Number');
    if (typeof precision !== 'number') throw new Error('Precision is not a Number');
    super(sample, inverse);
    this.precision = precision;
  }
  accepts(other) { return typeof other === 'number' && (other === this.sample || Math.abs(other - this.sample) < 10 ** -this.precision / 2); }
  toAsymmetricMatcher() { return `${this} ${this.sample} (${this.precision} digit${this.precision === 1 ? '' : 's'})`; }
}

/** A matcher of one's own inside a value: `expect.toBeEven()`. */
class Custom extends Asymmetric {
  constructor(name, matcher, args, inverse, context) {
    super(args, inverse);
    Object.assign(this, { name, matcher, context });
  }
  accepts(other) { return Boolean(this.matcher.call(this.context(this.inverse), other, ...this.sample).pass); }
  toString() { return `${this.inverse ? 'not.' : ''}${this.name}`; }
  toAsymmetricMatcher() { return `${this}<${this.sample.map(String).join(', ')}>`; }
}
export const custom = (name, matcher, context) => [false, true].map(inverse => (...args) => new Custom(name, matcher, args, inverse, context));

const family = inverse => ({
  arrayContaining: sample => new ArrayContaining(sample, inverse),
  arrayOf: sample => new ArrayOf(sample, inverse),
  objectContaining: sample => new ObjectContaining(sample, inverse),
  stringContaining: sample => new StringContaining(sample, inverse),
  stringMatching: sample => new StringMatching(sample, inverse),
  closeTo: (sample, precision) => new CloseTo(sample, precision, inverse),
});
export const asymmetric = { any: sample => new Any(sample), anything: () => new Anything(), ...family(false) };
export const inverse = family(true);
