// What a request of a test sends: `data`, `form` or `multipart` become bytes and what kind of bytes they are.
import { RawHeaders } from './headers.js';
import { bytes } from './network.js';

/** `{ content, contentType }`, or undefined where nothing is sent. `list` are the headers as the caller has them. */
export function payload({ data, form, multipart }, list = []) {
  if ([data, form, multipart].filter(given => given !== undefined).length > 1) throw new Error(`Only one of 'data', 'form' or 'multipart' can be specified`);
  if (data !== undefined) return ofData(data, new RawHeaders(list).value('content-type'));
  if (form) return { content: bytes(new URLSearchParams(entries(form, 'form').map(([name, value]) => [name, String(value)])).toString()), contentType: 'application/x-www-form-urlencoded' };
  if (multipart) return ofParts(entries(multipart, 'multipart'));
  return undefined;
}

function ofData(data, declared) {
  const json = text => ({ content: bytes(text), contentType: 'application/json' });
  if (typeof data === 'string') {
    if (declared?.split(';')[0].trim().toLowerCase() !== 'application/json') return { content: bytes(data), contentType: 'application/octet-stream' };
    return json(isJson(data) ? data : JSON.stringify(data));
  }
  if (ArrayBuffer.isView(data)) return { content: bytes(data), contentType: 'application/octet-stream' };
  if (['object', 'number', 'boolean'].includes(typeof data)) return json(JSON.stringify(data));
  throw new Error(`Unexpected 'data' type`);
}

function isJson(text) {
  try { JSON.parse(text); return true; } catch { return false; }
}

const entries = given => (typeof given.entries === 'function' ? [...given.entries()] : Object.entries(given)).filter(([, value]) => value !== undefined);

function ofParts(parts) {
  const boundary = `----understudy${crypto.randomUUID().replaceAll('-', '')}`;
  const chunks = [];
  const escape = name => name.replace(/\r\n|\r|\n/g, '\r\n').replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
  for (const [name, value] of parts) {
    let head = `--${boundary}\r\ncontent-disposition: form-data; name="${escape(name)}"`;
    let content;
    if (value instanceof Blob) {
      head += `; filename="${escape(value.name)}"\r\ncontent-type: ${value.type || 'application/octet-stream'}`;
      content = value._bytes();
    } else if (value !== null && typeof value === 'object') {
      if (!ArrayBuffer.isView(value.buffer)) throw new Error(`Unexpected buffer type of 'data.${name}'`);
      head += `; filename="${escape(value.name)}"\r\ncontent-type: ${value.mimeType || 'application/octet-stream'}`;
      content = bytes(value.buffer);
    } else content = bytes(String(value));
    chunks.push(bytes(`${head}\r\n\r\n`), content, bytes('\r\n'));
  }
  chunks.push(bytes(`--${boundary}--\r\n`));
  return { content: Buffer.concat(chunks), contentType: `multipart/form-data; boundary=${boundary}` };
}
