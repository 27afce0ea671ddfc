// What the official trace viewer shows of the trace of trace.rs, as one line of JSON: `node trace.mjs trace.zip`. The viewer comes with playwright-core;
// it is served on the loopback and looked at with the same Chromium.
import { createServer } from 'node:http';
import { createReadStream, existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [zip] = process.argv.slice(2);
const viewer = join(dirname(createRequire(import.meta.url).resolve('playwright-core')), 'lib/vite/traceViewer');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.ttf': 'font/ttf' };
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://viewer');
  const file = pathname === '/trace.zip' ? zip : join(viewer, pathname);
  response.writeHead(existsSync(file) ? 200 : 404, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
  if (existsSync(file)) createReadStream(file).pipe(response);
  else response.end();
});
await new Promise(done => { server.listen(0, '127.0.0.1', done); });
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: process.env.UNDERSTUDY_BROWSER || '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  const mistakes = [];
  page.on('pageerror', error => { mistakes.push(error.message); });
  await page.goto(`${base}/index.html?trace=${encodeURIComponent(`${base}/trace.zip`)}`);
  const actions = page.getByRole('treeitem');
  await actions.first().waitFor();
  const closed = page.getByTestId('actions-tree').locator('.codicon-chevron-right');
  while (await closed.count()) await closed.first().click();
  const lines = async locator => (await locator.allInnerTexts()).map(text => text.replace(/\s+/g, ' ').trim());
  const shown = { actions: await lines(page.locator('.action-title')) };
  const click = actions.filter({ hasText: /^Click/ }).last();
  await click.click();
  for (const [phase, text] of [['Before', 'nothing'], ['Action', 'nothing'], ['After', 'bought']]) {
    const is = frame => frame.url().includes(`phase=${phase.toLowerCase()}`);
    await page.getByRole('tab', { name: phase, exact: true }).click();
    const snapshot = page.frames().find(is) ?? await page.waitForEvent('framenavigated', is);
    await snapshot.locator('output', { hasText: text }).waitFor();
    shown[phase] = await snapshot.locator('body').innerText();
  }
  for (const tab of ['Log', 'Errors', 'Console', 'Network', 'Source', 'Attachments']) {
    await page.getByRole('tab', { name: tab }).click();
    if (tab === 'Source') await page.locator('.CodeMirror-line', { hasText: 'test' }).first().waitFor();
    shown[tab] = (await page.getByRole('tabpanel', { name: tab }).innerText()).replace(/\s+/g, ' ').trim();
  }
  shown.pictures = await page.locator('.film-strip-frame').count();
  console.log(JSON.stringify({ ...shown, mistakes }));
} finally {
  await browser.close();
  server.close();
}
