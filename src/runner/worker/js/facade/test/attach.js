// Attachments of a test: texts and bytes stay with the report, files are copied into the attempt's folder.
import { op } from '../op.js';
import { native } from '../native.js';
import { plain } from './folder.js';

const TYPES = {
  css: 'text/css', csv: 'text/csv', gif: 'image/gif', htm: 'text/html', html: 'text/html', jpeg: 'image/jpeg', jpg: 'image/jpeg', js: 'application/javascript',
  json: 'application/json', log: 'text/plain', md: 'text/markdown', mp4: 'video/mp4', pdf: 'application/pdf', png: 'image/png', svg: 'image/svg+xml', txt: 'text/plain',
  webm: 'video/webm', webp: 'image/webp', xml: 'application/xml', zip: 'application/zip',
};

/** `{ name, contentType, body }` or `{ name, contentType, path }`. */
export async function makeAttachment(folder, name, { body, path, contentType }) {
  if (body !== undefined && path !== undefined) throw new Error('Exactly one of "path" and "body" must be specified');
  if (typeof name !== 'string') throw new Error('"name" should be string.');
  if (body !== undefined) return { name, contentType: contentType ?? (typeof body === 'string' ? 'text/plain' : 'application/octet-stream'), body: Buffer.from(body) };
  if (path === undefined) return { name, contentType: contentType ?? 'text/plain' };
  const extension = /\.([^./]+)$/.exec(path)?.[1] ?? '';
  const to = `${folder}/attachments/${plain(name)}-${native.sha1(path)}${extension && `.${extension}`}`;
  await op('artifact.copy', { from: path, to }, { apiName: 'testInfo.attach' });
  return { name, contentType: contentType ?? TYPES[extension.toLowerCase()] ?? 'application/octet-stream', path: to };
}
