// Writes the JSON files of this folder and snapshot.yml from what official Playwright finds, does and says. Usage: node capture.mjs CHROMIUM,
// where tests/interop has its packages installed.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { actions } from './actions.mjs';
import { randomPage } from './random.mjs';

const require = createRequire(process.env.PACKAGES ?? new URL('../interop/package.json', import.meta.url));
const { chromium, expect } = require('@playwright/test');
const file = name => new URL(name, import.meta.url);
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] });
const page = await browser.newPage();
const rows = (name, list) => writeFileSync(file(name), `[\n${list.map(row => JSON.stringify(row)).join(',\n')}\n]\n`);
const plain = text => text.replace(/\x1b\[\d+m/g, '');

await page.setContent(readFileSync(file('page.html'), 'utf8'));
const selectors = JSON.parse(readFileSync(file('selectors.json'), 'utf8')).map(([selector]) => selector);
const found = [];
for (const selector of selectors) {
  found.push([selector, await page.locator(selector).evaluateAll(list => list.map(element => element.id || element.textContent))
    .catch(error => error.message.split('\n')[0].replace('locator.evaluateAll: ', ''))]);
}
rows('selectors.json', found);

/** Everything below the body by its path: what `judge(locator)` says of it. */
async function judgeAll(html, judge) {
  await page.setContent(readFileSync(file(html), 'utf8'));
  const judged = [];
  for (const element of await page.$$('body *')) {
    const path = await element.evaluate(node => {
      let text = '';
      for (let at = node; at.parentElement; at = at.parentElement) text = `/*[${[...at.parentElement.children].indexOf(at) + 1}]${text}`;
      return `xpath=/*[1]${text}`;
    });
    judged.push([path, ...await judge(page.locator(path))]);
  }
  return judged;
}

const received = async check => {
  try {
    await check();
    return '';
  } catch (error) {
    return JSON.parse(/Received:\s+(".*")/.exec(plain(error.message))[1]);
  }
};
rows('names.json', await judgeAll('names.html', async locator => [
  await received(() => expect(locator).toHaveRole('\u0001', { timeout: 1 })),
  await received(() => expect(locator).toHaveAccessibleName('\u0001', { timeout: 1 })),
  await received(() => expect(locator).toHaveAccessibleDescription('\u0001', { timeout: 1 })),
]));
writeFileSync(file('snapshot.yml'), (await page.locator('body').ariaSnapshot()) + '\n');

const verdict = async promise => promise.then(value => value, error => plain(error.message).split('\n')[0].replace(/^\w+\.\w+: /, ''));
rows('states.json', await judgeAll('states.html', async locator => [
  await verdict(locator.isVisible()),
  await verdict(locator.isEnabled({ timeout: 1000 })),
  await verdict(locator.isEditable({ timeout: 1000 })),
  await verdict(locator.isChecked({ timeout: 1000 })),
  await verdict(locator.inputValue({ timeout: 1000 })),
]));

const strange = [];
for (let seed = 1; seed <= 40; seed++) {
  const html = randomPage(seed * 7919);
  await page.setContent(html);
  const snapshot = await page.locator('body').ariaSnapshot();
  // Names ten elements.
  const many = await page.locator('body [id]').textContent({ timeout: 1000 }).catch(error => plain(error.message).split('\n\nCall log')[0].split('\n').slice(1));
  strange.push({ html, snapshot, many });
}
rows('random.json', strange);
if (process.argv[3] === 'pages') process.exit();

const args = {
  fill: ({ value, ...options }) => [value, options],
  press: ({ key, ...options }) => [key, options],
  pressSequentially: ({ text, ...options }) => [text, options],
  setChecked: ({ checked, ...options }) => [checked, options],
  dispatchEvent: ({ type, ...options }) => [type, {}, options],
  dragTo: ({ target, ...options }, page) => [page.locator(target), options],
  selectOption: ({ options, ...rest }) => [options.map(option => option.valueOrLabel ?? option), rest],
  setInputFiles: ({ files, ...rest }) => [files.map(({ base64, ...file }) => ({ ...file, buffer: Buffer.from(base64, 'base64') })), rest],
};
/** The first line, and what the log says, each line once and without the waiting in between. */
function words(message) {
  const [text, log = ''] = message.split('Call log:');
  const lines = log.split('\n').map(line => line.replace(/^\s*(-|\d+ ×)?\s*/, '')).filter(line => line && !/^(waiting \d+ms|retrying )/.test(line));
  return [text.trim().replace(/^\w+\.\w+: /, ''), ...new Set(lines)];
}
const acted = [];
for (const [name, html, operation, selector, params] of actions) {
  const page = await browser.newPage();
  await page.setContent(html);
  let said;
  try {
    said = await page.locator(selector)[operation](...(args[operation] ?? (options => [options]))(params, page)) ?? null;
  } catch (error) {
    said = { error: words(plain(error.message)) };
  }
  const after = JSON.parse(await page.evaluate(readFileSync(file('after.js'), 'utf8')));
  await page.close();
  acted.push({ name, html, operation, selector, params, said, after });
}
rows('actions.json', acted);
await browser.close();
