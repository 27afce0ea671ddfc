// Writes selectors.json, names.json and snapshot.yml from what the official Playwright finds. Usage: node capture.mjs CHROMIUM, where
// tests/interop has its packages installed.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../interop/package.json', import.meta.url));
const { chromium, expect } = require('@playwright/test');
const file = name => new URL(name, import.meta.url);
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] });
const page = await browser.newPage();

await page.setContent(readFileSync(file('page.html'), 'utf8'));
const selectors = JSON.parse(readFileSync(file('selectors.json'), 'utf8')).map(([selector]) => selector);
const found = [];
for (const selector of selectors) {
  const ids = await page.locator(selector).evaluateAll(list => list.map(element => element.id || element.textContent))
    .catch(error => error.message.split('\n')[0].replace('locator.evaluateAll: ', ''));
  found.push(JSON.stringify([selector, ids]));
}
writeFileSync(file('selectors.json'), `[\n${found.join(',\n')}\n]\n`);

await page.setContent(readFileSync(file('names.html'), 'utf8'));
const received = async check => {
  try {
    await check();
    return '';
  } catch (error) {
    return JSON.parse(/Received:\s+(".*")/.exec(error.message.replace(/\x1b\[\d+m/g, ''))[1]);
  }
};
const names = [];
for (const element of await page.$$('body *')) {
  const path = await element.evaluate(node => {
    let text = '';
    for (let at = node; at.parentElement; at = at.parentElement) text = `/*[${[...at.parentElement.children].indexOf(at) + 1}]${text}`;
    return `xpath=/*[1]${text}`;
  });
  const locator = page.locator(path);
  names.push(JSON.stringify([
    path,
    await received(() => expect(locator).toHaveRole('\u0001', { timeout: 1 })),
    await received(() => expect(locator).toHaveAccessibleName('\u0001', { timeout: 1 })),
    await received(() => expect(locator).toHaveAccessibleDescription('\u0001', { timeout: 1 })),
  ]));
}
writeFileSync(file('names.json'), `[\n${names.join(',\n')}\n]\n`);
writeFileSync(file('snapshot.yml'), (await page.locator('body').ariaSnapshot()) + '\n');
await browser.close();
