// Files that a test names by a path: the host reads them, where it may.
import { quiet } from '../op.js';

/** The text of a file. */
export async function textOf(path, apiName) {
  const { base64 } = await quiet(apiName, 'files.read', { path: String(path) });
  return Buffer.from(base64, 'base64').toString('utf8');
}
