// Pictures come as base64 and go to the test as a Buffer; a path was written by the host, below the artifact folder.
const KINDS = { png: 'png', jpg: 'jpeg', jpeg: 'jpeg' };
const MIME = { gif: 'image/gif', bmp: 'image/bmp', svg: 'image/svg+xml', webp: 'image/webp', avif: 'image/avif', ico: 'image/x-icon', pdf: 'application/pdf', txt: 'text/plain' };

/** Options of a screenshot for the host: the kind is the author's, else the path's. */
export function screenshotOptions(apiName, options = {}) {
  const kind = options.type ?? kindOf(options.path);
  const { mask, ...rest } = options;
  if (mask !== undefined && !Array.isArray(mask)) throw new Error(`${apiName}: mask: expected array, got ${typeof mask}`);
  return { ...rest, ...(kind === undefined ? {} : { type: kind }), ...(mask === undefined ? {} : { mask: mask.map(({ _frame, _selector }) => ({ frame: _frame._id, selector: _selector })) }) };
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
