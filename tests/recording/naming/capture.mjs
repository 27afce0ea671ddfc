// Writes names.json: what the official generator calls elements of these pages. Our names are kept. Usage: node capture.mjs CHROMIUM, where tests/interop
// has its packages installed.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../interop/package.json', import.meta.url));
const { chromium } = require('@playwright/test');
const file = name => new URL(name, import.meta.url);
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] });
const page = await browser.newPage();
const rows = [];
for (const { page: name, at, ours } of JSON.parse(readFileSync(file('names.json'), 'utf8'))) {
  await page.goto(String(file(name)));
  rows.push({ page: name, at, official: String(await page.locator(at).normalize()), ours });
}
writeFileSync(file('names.json'), `[\n${rows.map(row => JSON.stringify(row)).join(',\n')}\n]\n`);
await browser.close();
