// The part of Node.js's `crypto` that makes up test data.
import { native } from '../native.js';
const { crypto } = globalThis;
export const webcrypto = crypto;
export const randomUUID = () => crypto.randomUUID();
export const getRandomValues = array => crypto.getRandomValues(array);
export const randomBytes = size => crypto.getRandomValues(Buffer.alloc(size));
export function randomInt(min, max) {
  if (max === undefined) [min, max] = [0, min];
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return min + ((high & 0xffff) * 2 ** 32 + low) % (max - min);
}
const ALGORITHMS = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];
export const getHashes = () => [...ALGORITHMS];

/** What is hashed comes in pieces; `key` makes it an HMAC. */
class Hash {
  #pieces = [];
  #algorithm;
  #key;
  constructor(algorithm, key) {
    this.#algorithm = String(algorithm).toLowerCase().replace('-', '');
    if (!ALGORITHMS.includes(this.#algorithm)) throw new Error(`Digest method not supported: ${algorithm}. Supported: ${ALGORITHMS.join(', ')}`);
    this.#key = key;
  }
  update(data, encoding) {
    if (!this.#pieces) throw Object.assign(new Error('Digest already called'), { code: 'ERR_CRYPTO_HASH_FINALIZED' });
    this.#pieces.push(bytes(data, encoding));
    return this;
  }
  digest(encoding) {
    if (!this.#pieces) throw Object.assign(new Error('Digest already called'), { code: 'ERR_CRYPTO_HASH_FINALIZED' });
    const key = this.#key === undefined ? null : bytes(this.#key).toString('base64');
    const result = Buffer.from(native.digest(this.#algorithm, Buffer.concat(this.#pieces).toString('base64'), key), 'base64');
    this.#pieces = undefined;
    return encoding && encoding !== 'buffer' ? result.toString(encoding) : result;
  }
}
const bytes = (data, encoding) => (typeof data === 'string' ? Buffer.from(data, encoding) : Buffer.from(data.buffer, data.byteOffset, data.byteLength));
export const createHash = algorithm => new Hash(algorithm);
export const createHmac = (algorithm, key) => new Hash(algorithm, key);
export const hash = (algorithm, data, encoding = 'hex') => createHash(algorithm).update(data).digest(encoding);
export const randomFillSync = array => crypto.getRandomValues(array);
export function timingSafeEqual(a, b) {
  if (a.byteLength !== b.byteLength) throw new RangeError('Input buffers must have the same byte length');
  return bytes(a).equals(bytes(b));
}
export default { webcrypto, randomUUID, getRandomValues, randomBytes, randomInt, getHashes, createHash, createHmac, hash, randomFillSync, timingSafeEqual };
