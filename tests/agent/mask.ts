import { test, expect } from '@playwright/test';

const secret = process.env.SECRET!;
const site = process.env.SITE!;
const attempt = async (work: () => Promise<unknown>) => {
  try {
    await work();
  } catch (error) {
    console.log(String(error));
  }
};

test(`a title with ${secret}`, async ({ page, browser, request }, info) => {
  info.annotations.push({ type: secret, description: secret });
  console.log('said', secret, { secret }, JSON.stringify({ secret }), [secret]);
  console.error(encodeURIComponent(secret), `user:${secret}`, new URLSearchParams({ secret }).toString());
  console.log(btoa(unescape(encodeURIComponent(`u:${secret}`))), btoa(unescape(encodeURIComponent(`us:${secret}!`))));
  await test.step(`a step with ${secret}`, async () => {});
  await page.context().tracing.start({ screenshots: true, snapshots: true });
  await page.goto(`${site}/?q=${encodeURIComponent(secret)}#${secret}`);
  await page.setExtraHTTPHeaders({ 'x-secret': encodeURIComponent(secret) });
  await page.evaluate(text => console.log(text), secret);
  await page.setContent('<input type=password><textarea></textarea><p>x</p>');
  await page.locator('input').fill(secret);
  await page.locator('textarea').pressSequentially(secret);
  await expect(page.locator('textarea')).toHaveValue(secret);
  await page.locator('p').evaluate((element, text) => (element.textContent = text), secret);
  await page.getByText(secret).click();
  await attempt(() => page.getByLabel(secret).click({ timeout: 100 }));
  await attempt(() => page.goto('http://zebra-host.test/'));
  await attempt(() => page.goto(`http://169.254.169.254/${secret}`));
  await attempt(() => request.get(`${site}/?q=${encodeURIComponent(secret)}`, { headers: { authorization: `Basic ${btoa(encodeURIComponent(secret))}` } }));
  await attempt(() => request.get(`http://169.254.169.254/?${secret}`));
  const context = await browser.newContext({ recordHar: { path: 'all.har' }, httpCredentials: { username: 'u', password: secret } });
  const other = await context.newPage();
  await other.goto(`${site}/?q=${encodeURIComponent(secret)}`);
  await other.screenshot({ path: 'shot.png' });
  await context.close();
  await page.context().tracing.stop({ path: 'trace.zip' });
  await info.attach('attached', { body: secret });
  await info.attach('also attached', { path: 'all.har' });
  expect.soft(secret).toBe('another');
  await expect.soft(page.locator('textarea')).toHaveValue('another', { timeout: 100 });
  throw new Error(`an error with ${secret}`);
});
