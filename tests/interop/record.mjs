// A scripted person (see fixtures/recordings/README.md) is recorded by the official recorder; what its generators write is kept
// beside the script as golden files.
//   node record.mjs            all of fixtures/recordings
//   node record.mjs forms …    these
import { readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveSite } from './site.mjs';

process.env.PWTEST_CLI_HEADLESS = '1';
// A navigation is put down to the action before it for half a second instead of five: what is typed after a click is kept.
process.env.PWTEST_UNDER_TEST = '1';
const { chromium } = await import('playwright-core');
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../fixtures');
const folder = join(root, 'recordings');
/** Their names, and ours. */
const TARGETS = { 'playwright-test': 'typescript', javascript: 'javascript', python: 'python', 'python-async': 'python-async', 'python-pytest': 'python-pytest',
  java: 'java', 'java-junit': 'java-junit', csharp: 'csharp', 'csharp-nunit': 'csharp-nunit', 'csharp-mstest': 'csharp-mstest', jsonl: 'jsonl' };
/** The official recorder waits for half a second before it keeps a click: another may follow. */
const SETTLED = 700;

const wait = ms => new Promise(done => setTimeout(done, ms));

/** The middle of what a selector means, CSS pixels of the main frame's viewport. */
async function middle(page, selector) {
  const locator = page.locator(selector);
  await locator.scrollIntoViewIfNeeded();
  const box = await locator.boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** One thing a person does. Ours: tests/recording/person.rs. */
const DEEDS = {
  async click({ page, at, button, count = 1, modifiers = [] }) {
    const place = await middle(page, at);
    await page.mouse.move(...place);
    for (const key of modifiers) await page.keyboard.down(key);
    await page.mouse.click(...place, { button, clickCount: count });
    for (const key of modifiers) await page.keyboard.up(key);
  },
  type: ({ page, text }) => page.keyboard.type(text),
  press: ({ page, key }) => page.keyboard.press(key),
  select: ({ page, at, values }) => page.locator(at).selectOption(values),
  set: ({ page, at, value }) => page.locator(at).fill(value),
  files: ({ page, at, names }) => page.locator(at).setInputFiles(names.map(name => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) }))),
  async drag({ page, from, to }) {
    await page.mouse.move(...await middle(page, from));
    await page.mouse.down();
    await page.mouse.move(...await middle(page, to), { steps: 5 });
    await page.mouse.up();
  },
  async hover({ page, at }) {
    await page.mouse.move(...await middle(page, at));
  },
  async wheel({ page, at, x = 0, y = 0 }) {
    await page.mouse.move(...await middle(page, at));
    await page.mouse.wheel(x, y);
  },
  insert: ({ page, text }) => page.keyboard.insertText(text),
  see: ({ page, at }) => page.locator(at).waitFor(),
  goto: ({ page, url, site }) => page.goto(site + url),
  back: ({ page }) => page.goBack(),
  forward: ({ page }) => page.goForward(),
  reload: ({ page }) => page.reload(),
  close: ({ page }) => page.close(),
};

/** `no` where nothing is said; a prompt takes any other text. */
const answer = (dialog, text = 'no') => (text === 'no' ? dialog.dismiss() : dialog.accept(dialog.type() === 'prompt' ? text : undefined));

async function record(name) {
  const script = JSON.parse(readFileSync(join(folder, name, 'script.json'), 'utf8'));
  const site = await serveSite(join(root, 'site'));
  const browser = await chromium.launch({ executablePath: process.env.UNDERSTUDY_BROWSER || '/usr/bin/chromium', args: ['--no-sandbox'] });
  try {
    const context = await browser.newContext(script.options ?? {});
    const pages = [];
    const answers = [...script.answers ?? []];
    context.on('page', page => {
      pages.push(page);
      page.on('dialog', dialog => answer(dialog, answers.shift()).catch(() => {}));
    });
    await context._showRecorder({ language: 'playwright-test', mode: 'recording', contextOptions: script.options ?? {}, launchOptions: { headless: false } });
    const page = await context.newPage();
    await page.goto(site.url + script.url);
    for (const { do: what, page: on = 0, ...rest } of script.steps) {
      await DEEDS[what]({ page: pages[on], site: site.url, ...rest });
      await wait(SETTLED);
    }
    const sources = context._connection.toImpl(context).recorderAppForTest._recorderSources;
    const plain = text => text.replaceAll(site.url, 'http://site.test').replace(/page@[0-9a-f]+/g, guid => aliasOf(guid));
    const guids = [];
    const aliasOf = guid => {
      if (!guids.includes(guid)) guids.push(guid);
      return `page${guids.indexOf(guid) || ''}`;
    };
    for (const { id, text } of sources.filter(source => TARGETS[source.id])) writeFileSync(join(folder, name, `${TARGETS[id]}.txt`), plain(text).trimEnd() + '\n');
    console.log(`${name}: ${sources.length} sources`);
  } finally {
    await browser.close();
    await site.close();
  }
}

const names = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(folder).filter(name => existsSync(join(folder, name, 'script.json')));
for (const name of names) await record(name);
process.exit(0);
