// Pictures come as base64 and go to the test as a Buffer; a path was written by the host, below the artifact folder.
import { missing } from '../missing.js';
const KINDS = { png: 'png', jpg: 'jpeg', jpeg: 'jpeg' };
const MIME = { gif: 'image/gif', bmp: 'image/bmp', svg: 'image/svg+xml', webp: 'image/webp', avif: 'image/avif', ico: 'image/x-icon', pdf: 'application/pdf', txt: 'text/plain' };

/** Options of a screenshot for the host: the kind is the author's, else the path's. */
export function screenshotOptions(apiName, options = {}) {
  if (options.mask?.length) throw missing(apiName, 'mask', ['animations', 'caret', 'clip', 'fullPage', 'omitBackground', 'path', 'quality', 'scale', 'style', 'timeout', 'type']);
  const kind = options.type ?? kindOf(options.path);
  return kind === undefined ? options : { ...options, type: kind };
}

function kindOf(path) {
  if (path === undefined) return undefined;
  const ending = /\.([^./]*)$/.exec(path)?.[1].toLowerCase();
  if (KINDS[ending]) return KINDS[ending];
  throw new Error(`path: unsupported mime type "${MIME[ending] ?? null}"`);
}

export function saveScreenshot({ base64 }) {
  return Buffer.from(base64, 'base64');
}
