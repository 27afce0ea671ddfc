// `expect(response).toBeOK()`.
import { APIResponse } from '../api/response.js';
import { print } from './print.js';

const TEXTUAL = /^(text\/.*?|application\/(json|(x-)?javascript|xml.*?|ecmascript|graphql|x-www-form-urlencoded)|image\/svg(\+xml)?|application\/.*?(\+json|\+xml))(;\s*charset=.*)?$/;
/** As much of a body as a message shows; characters. */
const EXCERPT = 1000;

/** Resolves to `{ pass, message }`: what the call noted and the beginning of the answer stand in it. */
export async function toBeOK(response, args, { isNot }) {
  if (!(response instanceof APIResponse)) throw new Error(`toBeOK can be only used with APIResponse object, was called with ${print(response)}`);
  const pass = response.ok();
  if (pass !== isNot) return { pass, message: '' };
  const text = TEXTUAL.test(response.headers()['content-type'] ?? '') ? `\nResponse text:\n${(await response.text()).slice(0, EXCERPT)}` : '';
  return { pass, message: `expect(response)${isNot ? '.not' : ''}.toBeOK() failed\n\n\nCall log:\n${response._log.join('\n')}\n${text}` };
}
