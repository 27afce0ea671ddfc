// Cookies and storage of a context as a file keeps them.
import { quiet } from '../op.js';

/** What of a state is asked for beside cookies and local storage. */
export const kinds = options => Object.fromEntries(['indexedDB', 'opfs', 'credentials'].map(kind => [kind, Boolean(options[kind])]));

/** What `get` resolves to, also written to `path` if there is one. */
export async function storedState(get, path, apiName) {
  const state = await get();
  if (path !== undefined) await quiet(apiName, 'files.write', { path, base64: Buffer.from(JSON.stringify(state, undefined, 2)).toString('base64') });
  return state;
}
