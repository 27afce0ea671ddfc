// Recordings for Chrome's DevTools in the official player. Each file is checked by its parser; with --play it is also played, and what
// the page is then is said, a line of JSON each.
//
//   node replay.mjs FILE…
//   node replay.mjs --play 'PAGE FUNCTION' FILE…
import { readFileSync } from 'node:fs';
import { PuppeteerRunnerExtension, createRunner, parse } from '@puppeteer/replay';
import puppeteer from 'puppeteer-core';

const plays = process.argv[2] === '--play';
const [state, files] = plays ? [process.argv[3], process.argv.slice(4)] : [null, process.argv.slice(2)];

/** Says at which step it was. */
class Player extends PuppeteerRunnerExtension {
  async runStep(step, flow) {
    await super.runStep(step, flow).catch(error => {
      throw new Error(`${error.message} at ${JSON.stringify(step)}`);
    });
  }
}

async function play(recording) {
  const executablePath = process.env.UNDERSTUDY_BROWSER || '/usr/bin/chromium';
  const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const runner = await createRunner(recording, new Player(browser, page, { timeout: 15_000 }));
    await runner.run();
    console.log(JSON.stringify(await page.evaluate(`(${state})()`)));
  } finally {
    await browser.close();
  }
}

for (const file of files) {
  const recording = parse(JSON.parse(readFileSync(file, 'utf8')));
  if (plays) await play(recording);
  else console.log(`${file}: ${recording.steps.length} steps`);
}
