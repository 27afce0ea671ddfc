// 300 tests that make one of everything and clean nothing up but contexts, which live as long as their browser.
import { test, expect, type Page } from '@playwright/test';

const KINDS: Record<string, (page: Page) => Promise<void>> = {
  'listeners of a page': async page => {
    for (const event of ['console', 'dialog', 'request', 'response', 'requestfinished', 'download', 'pageerror'] as const) page.on(event as 'console', () => {});
    page.on('dialog', dialog => dialog.accept());
    await page.evaluate(() => { console.log({ a: 1 }, document.body); return confirm('?'); });
  },
  'handles': async page => {
    const handle = await page.evaluateHandle(() => ({ inner: [document, window] }));
    await handle.getProperties();
    await page.$$('button');
  },
  'routes': async page => {
    await page.route('**/answered', route => route.fulfill({ body: 'x' }));
    await page.context().route('**/continued', route => route.continue());
    await page.route('**/kept', () => new Promise(() => {}));
    await page.evaluate(() => { fetch('/kept').catch(() => {}); return fetch('/answered').then(answer => answer.text()); });
    await page.evaluate(() => fetch('/continued').then(answer => answer.text()));
  },
  'functions for the page': async page => {
    await page.exposeFunction('answer', () => 42);
    await page.exposeBinding('forever', () => new Promise(() => {}));
    await page.evaluate(() => { void (window as any).forever(); return (window as any).answer(); });
  },
  'scripts, tags and a clock': async page => {
    await page.addInitScript(() => { (window as any).there = true; });
    await page.clock.install();
    await page.addStyleTag({ content: 'h1 { color: red }' });
    await page.reload();
  },
  'other contexts': async page => {
    await using context = await page.context().browser()!.newContext();
    await (await context.newPage()).goto('data:text/html,<iframe srcdoc=inner></iframe>');
    await context.newPage();
  },
  'popups': async page => {
    const popup = page.waitForEvent('popup');
    await page.evaluate(() => { window.open('about:blank'); });
    await popup;
  },
  'frames that come and go': async page => {
    await page.setContent('<iframe srcdoc="<button>in</button>"></iframe>');
    await page.frameLocator('iframe').getByRole('button').click();
    await page.evaluate(() => document.querySelector('iframe')!.remove());
  },
  'handlers of locators': async page => {
    await page.addLocatorHandler(page.getByText('in the way'), async () => {});
    await page.getByLabel('Name').fill('Ada');
  },
  'requests of the test': async page => {
    const base = new URL(page.url()).origin;
    expect(await (await page.request.get(`${base}/`)).ok()).toBe(true);
  },
  'promises that nobody waits for': async page => {
    page.locator('#never').click().catch(() => {});
    page.waitForEvent('download').catch(() => {});
    page.waitForRequest('**/never').catch(() => {});
  },
  'failures that are expected': async page => {
    await expect(page.locator('#none')).toBeVisible({ timeout: 1 }).catch(() => {});
    await page.locator('#none').click({ timeout: 1 }).catch(() => {});
    test.info().annotations.push({ type: 'note', description: 'x'.repeat(1000) });
    await test.info().attach('note', { body: 'y'.repeat(1000) });
  },
};

for (let round = 0; round < 25; round++) {
  for (const [title, body] of Object.entries(KINDS)) {
    test(`${title} ${round}`, async ({ page, request }) => {
      await page.goto('/');
      await body(page);
      await request.get('/');
    });
  }
}

test.afterEach(async () => {
  // As in Node.js; here it is what was true in the turn before.
  process.memoryUsage();
  await new Promise(done => setTimeout(done, 0));
  console.log(`heap ${process.memoryUsage().heapUsed}`);
});
