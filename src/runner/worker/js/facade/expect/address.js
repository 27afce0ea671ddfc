// `toHaveURL` with a predicate: only this side can ask it, so it is asked at every navigation.
import { native } from '../native.js';
import { print } from './print.js';

/** Resolves to `{ pass, message() }`, as the matchers of the host do. */
export async function addressMatch(page, [predicate], { isNot, timeout }) {
  const ends = timeout > 0 ? native.now() + timeout : Infinity;
  const accepts = () => {
    try { return Boolean(predicate(new URL(page.url()))); } catch { return isNot; }
  };
  for (;;) {
    const pass = accepts();
    if (pass !== isNot || !await moved(page, ends - native.now())) return { pass, message: () => words(page, { isNot, timeout }) };
  }
}

/** Whether the page went somewhere in time. */
function moved(page, time) {
  if (!(time > 0) || page.isClosed()) return false;
  return new Promise(resolve => {
    const settle = value => () => {
      clearTimeout(timer);
      page.off('framenavigated', yes);
      page.off('close', no);
      resolve(value);
    };
    const [yes, no] = [settle(true), settle(false)];
    const timer = Number.isFinite(time) ? setTimeout(no, time) : undefined;
    page.on('framenavigated', yes);
    page.on('close', no);
  });
}

function words(page, { isNot, timeout }) {
  return `expect(page)${isNot ? '.not' : ''}.toHaveURL(expected) failed

Expected: predicate to ${isNot ? 'fail' : 'succeed'}
Received: ${print(page.url())}
Timeout:  ${timeout}ms`;
}
