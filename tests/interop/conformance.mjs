// Runs fixtures/specs with the official @playwright/test and prints one verdict per attempt, or writes the golden file.
//
//   node conformance.mjs            compares with fixtures/specs/verdicts.json; exit code 1 and a list where they differ
//   node conformance.mjs --write    writes it
//   node conformance.mjs AREA…      only these folders of fixtures/specs (with --write the others keep their verdicts)
//
// CHROMIUM names the browser (default: the first of chromium, google-chrome found on PATH).
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveSite } from './site.mjs';
import { normalise } from './normalise.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const fixtures = join(here, '../../fixtures');
const golden = join(fixtures, 'specs/verdicts.json');
const write = process.argv.includes('--write');
const areas = process.argv.slice(2).filter(word => !word.startsWith('--'));

// Below this folder, so that `@playwright/test` resolves; without "type": "module", as most suites are.
const run = join(here, '.run', String(process.pid));
rmSync(run, { recursive: true, force: true });
mkdirSync(run, { recursive: true });
process.on('exit', () => rmSync(run, { recursive: true, force: true }));

const browser = process.env.CHROMIUM
  ?? ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(name => {
    try { return execFileSync('which', [name], { encoding: 'utf8' }).trim(); } catch { return undefined; }
  }).find(Boolean);
const site = await serveSite(join(fixtures, 'site'));

const verdicts = [];
for (const area of readdirSync(join(fixtures, 'specs'), { withFileTypes: true })) {
  if (!area.isDirectory() || (areas.length && !areas.includes(area.name))) continue;
  cpSync(join(fixtures, 'specs', area.name), join(run, 'specs', area.name), { recursive: true });
}
writeFileSync(join(run, 'package.json'), '{}');
writeFileSync(join(run, 'playwright.config.ts'), `
export default {
  testDir: './specs', outputDir: './results', workers: ${process.env.WORKERS ?? 3}, reporter: '${join(here, 'verdict-reporter.cjs')}',
  use: { baseURL: '${site.url}', launchOptions: { executablePath: ${JSON.stringify(browser)}, args: ['--no-sandbox'] } },
};`);

// The folder `retries` runs with --retries 2, everything else with none: `understudy run` is called in the same way.
for (const [folders, retries] of [[areaNames().filter(name => name !== 'retries'), 0], [areaNames().filter(name => name === 'retries'), 2]]) {
  if (folders.length) await play(folders, retries);
}
await site.close();

function areaNames() {
  return existsSync(join(run, 'specs')) ? readdirSync(join(run, 'specs')) : [];
}

async function play(folders, retries) {
  const child = spawn(process.execPath, [join(here, 'node_modules/@playwright/test/cli.js'), 'test', `--retries=${retries}`, ...folders.map(name => `specs/${name}/`)],
    { cwd: run, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: '0', PLAYWRIGHT_FORCE_TTY: '0' } });
  let text = '';
  child.stdout.on('data', data => { text += data; });
  await new Promise(done => child.on('close', done));
  for (const line of text.split('\n')) {
    if (line.startsWith('{"file"')) verdicts.push(normalise(JSON.parse(line), site.url));
    else if (line.trim() && process.env.VERBOSE) console.error(line);
  }
}

const key = verdict => `${verdict.file} › ${verdict.title} #${verdict.retry}`;
const before = existsSync(golden) ? JSON.parse(readFileSync(golden, 'utf8')) : [];
const others = areas.length ? before.filter(verdict => !areas.includes(verdict.file.split('/')[0])) : [];
const now = [...others, ...verdicts].sort((a, b) => (key(a) < key(b) ? -1 : 1));
if (write) {
  writeFileSync(golden, '[\n' + now.map(verdict => JSON.stringify(verdict)).join(',\n') + '\n]\n');
  console.log(`${verdicts.length} verdicts written, ${now.length} in all`);
} else {
  const differences = [];
  const expected = new Map(before.map(verdict => [key(verdict), JSON.stringify(verdict, null, 1)]));
  for (const verdict of now) {
    const text = JSON.stringify(verdict, null, 1);
    if (expected.get(key(verdict)) !== text) differences.push(`${key(verdict)}\n  golden: ${expected.get(key(verdict))}\n  now: ${text}`);
    expected.delete(key(verdict));
  }
  differences.push(...[...expected.keys()].map(name => `${name}\n  did not run`));
  console.log(differences.length ? differences.join('\n') : `${now.length} verdicts as in verdicts.json`);
  process.exitCode = differences.length ? 1 : 0;
}
