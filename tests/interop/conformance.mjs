// Runs fixtures/specs with the official @playwright/test and compares its verdicts with fixtures/specs/verdicts.json.
//
//   node conformance.mjs [AREA…]                   exit code 1 and a list where they differ
//   node conformance.mjs --write [AREA…]           writes them (of these folders of fixtures/specs only; the others stay)
//   … AREA/NAME.spec.ts                            only this file of an area; one of each
//   node conformance.mjs --ours BINARY [AREA…]     compares `BINARY run` with the official runner, both live on the same Chromium
//   node conformance.mjs --ours BINARY --captured  the same with the verdicts in the file, without the official runner
//
// UNDERSTUDY_BROWSER names the browser (default: the first of chromium, google-chrome found on PATH). A folder may have a
// run.json: `{ "retries", "grep", "grepInvert" }`.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { normalise } from './normalise.mjs';
import { serveSite } from './site.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const specs = join(here, '../../fixtures/specs');
const golden = join(specs, 'verdicts.json');
const args = process.argv.slice(2);
const write = take('--write');
const ours = take('--ours', true);
const captured = take('--captured');
/** What is run of which folder. */
const parts = new Map(args.map(arg => [arg.split('/')[0], arg.includes('/') ? arg : `${arg}/`]));
const areas = readdirSync(specs, { withFileTypes: true }).filter(entry => entry.isDirectory() && (!args.length || parts.has(entry.name))).map(entry => entry.name);
const isAsked = verdict => areas.includes(verdict.file.split('/')[0]) && verdict.file.startsWith(parts.get(verdict.file.split('/')[0]) ?? '');

const browser = process.env.UNDERSTUDY_BROWSER
  ?? ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(name => {
    try { return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim(); } catch { return undefined; }
  }).find(Boolean);
const site = await serveSite(join(here, '../../fixtures/site'));

// Below this folder, so that `@playwright/test` resolves; without "type": "module", as most suites are.
const folder = join(here, '.run', String(process.pid));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'package.json'), '{}');
writeFileSync(join(folder, 'playwright.config.ts'), `
export default {
  testDir: './specs', outputDir: './results', workers: ${process.env.WORKERS ?? 3}, reporter: ${JSON.stringify(join(here, 'verdict-reporter.cjs'))},
  use: { baseURL: '${site.url}', launchOptions: { executablePath: ${JSON.stringify(browser)}, args: ['--no-sandbox'] } },
};`);

const key = verdict => `${verdict.file} › ${verdict.title} #${verdict.retry}`;
const file = JSON.parse(readFileSync(golden, 'utf8'));
const official = [];
const other = [];
for (const area of areas) {
  cpSync(join(specs, area), join(folder, 'specs', area), { recursive: true });
  if (!captured) official.push(...await play(area, [process.execPath, join(here, 'node_modules/@playwright/test/cli.js'), 'test', `specs/${parts.get(area) ?? `${area}/`}`]));
  if (ours) other.push(...await play(area, [ours, 'run', `specs/${parts.get(area) ?? area}`, '--reporter', 'jsonl', '--base-url', site.url, '--browser', browser, '--workers', String(process.env.WORKERS ?? 3)]));
}
await site.close();

if (write) {
  const others = file.verdicts.filter(verdict => !isAsked(verdict));
  const verdicts = [...others, ...official].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const { version } = JSON.parse(readFileSync(join(here, 'node_modules/@playwright/test/package.json'), 'utf8'));
  const chromium = execFileSync(browser, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).match(/[\d.]+/)[0];
  const head = JSON.stringify({ playwright: version, chromium, node: process.version }).slice(0, -1);
  writeFileSync(golden, `${head},"verdicts":[\n${verdicts.map(verdict => JSON.stringify(verdict)).join(',\n')}\n]}\n`);
  console.log(`${official.length} verdicts written, ${verdicts.length} in all`);
} else {
  const expected = ours && !captured ? official : file.verdicts.filter(isAsked);
  const differences = compare(expected, ours ? other : official);
  console.log(differences.length ? differences.join('\n') : `${expected.length} verdicts agree`);
  process.exitCode = differences.length ? 1 : 0;
}

function take(flag, valued) {
  const at = args.indexOf(flag);
  if (at < 0) return undefined;
  const [, value] = args.splice(at, valued ? 2 : 1);
  return valued ? value : true;
}

async function play(area, [program, ...words]) {
  const own = join(specs, area, 'run.json');
  const { retries = 0, grep, grepInvert } = existsSync(own) ? JSON.parse(readFileSync(own, 'utf8')) : {};
  words.push('--retries', String(retries), ...(grep ? ['--grep', grep] : []), ...(grepInvert ? ['--grep-invert', grepInvert] : []));
  const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: '0' } });
  let text = '';
  child.stdout.on('data', data => { text += data; });
  await new Promise(done => child.on('close', done));
  const verdicts = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('{') && line.includes('"file"')) {
      const verdict = normalise(JSON.parse(line), site.url);
      verdicts.push({ ...verdict, file: verdict.file.replace(/^specs\//, '') });
    } else if (line.trim() && process.env.VERBOSE) console.error(line);
  }
  return verdicts;
}

/** One text per verdict that is missing, too much or different; steps only where both told them. */
function compare(expected, found) {
  const differences = [];
  const left = new Map(found.map(verdict => [key(verdict), verdict]));
  for (const verdict of expected) {
    const name = key(verdict);
    const other = left.get(name);
    left.delete(name);
    if (!other) {
      differences.push(`${name}\n  did not run`);
      continue;
    }
    for (const field of new Set([...Object.keys(verdict), ...Object.keys(other)])) {
      // Where only one tells them there is nothing to compare; an error from a page has no line of the spec with the official runner.
      if (['steps', 'errorLine', 'more'].includes(field) && !(verdict[field] && other[field])) continue;
      const [a, b] = [verdict[field], other[field]].map(value => JSON.stringify(value));
      if (a !== b) differences.push(`${name}\n  ${field} expected ${a}\n  ${field} found    ${b}`);
    }
  }
  return [...differences, ...[...left.keys()].map(name => `${name}\n  is not expected`)];
}
