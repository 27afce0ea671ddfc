// `toHaveScreenshot` of a page or an element: one operation of the host, which takes pictures until one is right or stands still.
import { op } from '../op.js';
import { Locator } from '../api/locator.js';
import { Page } from '../api/page.js';
import { screenshotOptions } from '../api/screenshot.js';
import { print } from './print.js';
import { Snapshot, snapshotWords, tolerance } from './snapshots.js';

/** How a step is called: with the name where one is given. */
export const screenshotTitle = ([name]) => (typeof name === 'string' ? `toHaveScreenshot(${name})` : Array.isArray(name) ? `toHaveScreenshot(${name.join('/')})` : 'toHaveScreenshot');

/** `toHaveScreenshot(name, options)`, `toHaveScreenshot(options)`. Resolves when it is as kept. */
export async function toHaveScreenshot(subject, [first, second], call) {
  const isElement = subject instanceof Locator;
  if (!isElement && !(subject instanceof Page)) throw new Error(`toHaveScreenshot can be only used with Page or Locator objects, was called with ${typeof subject === 'string' ? subject : print(subject)}`);
  const named = typeof first === 'string' || Array.isArray(first);
  const options = tolerance((named ? second : first) ?? {}, 'toHaveScreenshot');
  const snapshot = new Snapshot(named ? first : undefined, 'screenshot', '.png', call);
  if (snapshot.ignored) return;
  if (!['.png', '.webp'].includes(snapshot.ending.toLowerCase())) throw new Error(`Screenshot name "${snapshot.expected.split('/').at(-1)}" must have a '.png' or '.webp' extension`);
  if (snapshot.ending.toLowerCase() === '.webp') throw new Error('toHaveScreenshot: pictures are kept as .png here, .webp is not supported yet');
  const timeout = options.timeout ?? call.timeout;
  const { stylePath, maxDiffPixels, maxDiffPixelRatio, threshold, pathTemplate, ...rest } = options;
  const asked = {
    animations: 'disabled', caret: 'hide', scale: 'css', ...screenshotOptions('toHaveScreenshot', rest), type: 'png', stylePath: stylePath === undefined ? undefined : [stylePath].flat(),
    ...(isElement ? { frame: subject._frame._id, selector: subject._selector } : { page: subject._id }), timeout, maxDiffPixels, maxDiffPixelRatio, threshold,
  };
  const head = `  - ${call.title} with timeout ${timeout}ms`;
  const look = expected => op('expect.screenshot', { ...asked, expected, isNot: call.isNot }, { apiName: call.title.replace(` ${subject}`, ''), step: call.step, stack: call.stack }).catch(error => {
    error.message = error.message.replace('\nCall log:\n', `\nCall log:\n${head}\n`);
    throw error;
  });
  const fail = result => {
    const rows = [...(isElement ? [`Locator: ${subject}`] : []), ...(result.timedOut ? [`Timeout: ${timeout}ms`] : [])];
    return new Error(snapshotWords({ what: isElement ? 'locator' : 'page', matcher: 'toHaveScreenshot', rows, why: result.why, name: snapshot.shown, log: [head, ...result.log] }));
  };

  const expected = snapshot.read();
  if (expected === undefined) {
    snapshot.refuseMissing();
    const result = await look();
    if (!result.why) { snapshot.keep(result.actual); return; }
    snapshot.attach({ previous: result.previous, actual: result.actual, diff: result.diff });
    throw fail(result);
  }
  const result = await look(expected);
  if (call.isNot) {
    if (result.why) throw new Error('Screenshot comparison failed:\n\n  Expected result should be different from the actual one.');
    return;
  }
  if (!result.why) {
    if (snapshot.mode === 'all' && result.actual !== expected) snapshot.replace(result.actual, 'is re-generated');
    return;
  }
  if ((snapshot.mode === 'all' || snapshot.mode === 'changed') && !result.timedOut) {
    snapshot.replace(result.actual, snapshot.mode === 'all' ? 'is re-generated' : 'does not match');
    return;
  }
  snapshot.attach({ expected, previous: result.previous, actual: result.actual, diff: result.diff });
  throw fail(result);
}
