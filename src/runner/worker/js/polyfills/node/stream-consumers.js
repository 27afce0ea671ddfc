// Node.js's `stream/consumers`: all of a stream at once.
export async function buffer(stream) {
  const all = [];
  for await (const chunk of stream) all.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(all);
}
export const text = async stream => (await buffer(stream)).toString('utf8');
export const json = async stream => JSON.parse(await text(stream));
export async function arrayBuffer(stream) {
  const bytes = await buffer(stream);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}
export default { arrayBuffer, buffer, json, text };
