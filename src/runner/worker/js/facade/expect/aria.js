// `toMatchAriaSnapshot` where it is kept in a file, is to be generated, or is about a page.
import { op } from '../op.js';
import { Page } from '../api/page.js';
import { Snapshot } from './snapshots.js';
import { webMatch } from './web.js';

const given = ([expected]) => (typeof expected === 'string' ? expected : undefined);

/** Whether this call is more than a comparison of an element with a text. */
export const isAria = (name, subject, args) => name === 'toMatchAriaSnapshot' && (!given(args) || subject instanceof Page);

/** Resolves when it is as kept. */
export async function ariaMatch(subject, args, call) {
  const page = subject instanceof Page ? subject : undefined;
  const locator = page ? page.locator('body') : subject;
  const text = given(args);
  const { name, ...options } = (text === undefined ? args[0] : args[1]) ?? {};
  const compare = async expected => {
    const result = await webMatch('toMatchAriaSnapshot', locator, [expected, options], call);
    return result.pass === call.isNot ? result.message() : undefined;
  };
  const said = message => new Error(page ? aboutPage(message) : message);
  const see = () => op('locator.ariaSnapshot', { frame: locator._frame._id, selector: locator._selector, timeout: options.timeout ?? call.timeout }, { apiName: '', stack: call.stack, step: call.step });
  if (text) {
    const failure = await compare(text);
    if (failure) throw said(failure);
    return;
  }
  const snapshot = new Snapshot(name, 'aria', '.aria.yml', call);
  if (snapshot.ignored) return;
  if (text === '') {
    const seen = await see();
    snapshot.told(`A snapshot is not provided, generating new baseline.`);
    snapshot.attachText('aria', seen);
    return;
  }
  const kept = snapshot.read();
  const mode = call.isNot ? 'none' : snapshot.mode;
  if (kept === undefined && mode !== 'none') {
    snapshot.write(Buffer.from(await see()).toString('base64'));
    snapshot.told(mode === 'default' || mode === 'missing' ? `A snapshot doesn't exist at ${snapshot.shortPath}, writing actual.` : `A snapshot is generated at ${snapshot.shortPath}.`);
    return;
  }
  const expected = kept === undefined ? '' : Buffer.from(kept, 'base64').toString('utf8').trimEnd();
  if (mode === 'all') {
    const seen = Buffer.from(await see()).toString('base64');
    if (seen !== kept) snapshot.replace(seen, 'is re-generated');
    return;
  }
  const failure = await compare(expected);
  if (!failure) return;
  if (mode !== 'changed') throw said(failure);
  snapshot.replace(Buffer.from(await see()).toString('base64'), 'does not match');
}

/** The element was only the way: a page has no locator. */
const aboutPage = message => message.replace('expect(locator)', 'expect(page)').replace(/\nLocator: +.*\n/, '\n').replace(/ *- waiting for .*\n/, '');
