// The part of Node.js's `crypto` that makes up test data.
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
export default { webcrypto, randomUUID, getRandomValues, randomBytes, randomInt };
