// `use: { screenshot }`: pictures of the pages that are open when a test ends.
import { browser } from './builtin.js';
import { op } from '../op.js';
import { gap } from './timing.js';

/** A page that cannot be drawn shall not hold up the run. */
const TIMEOUT = 5000;

/** Takes those that are wanted and not yet taken in this attempt; never throws. */
export async function takeScreenshots(info, option, done) {
  const { mode, fullPage, omitBackground } = typeof option === 'string' ? { mode: option } : option ?? {};
  const failed = info.status !== info.expectedStatus && info.status !== 'skipped' && info.status !== 'interrupted';
  const wanted = mode === 'on' || (failed && (mode === 'only-on-failure' || (mode === 'on-first-failure' && info.retry === 0)));
  if (!wanted) return;
  for (const page of [...browser._contexts].flatMap(context => context.pages())) {
    if (done.has(page)) continue;
    done.add(page);
    const path = info.outputPath(`test-${failed ? 'failed' : 'finished'}-${done.size}.png`);
    gap(TIMEOUT);
    try {
      await op('page.screenshot', { page: page._id, path, type: 'png', fullPage, omitBackground, caret: 'initial', timeout: TIMEOUT });
      info.attachments.push({ name: 'screenshot', contentType: 'image/png', path });
    } catch {}
  }
}
