// What the official reporters say, written into fixtures: `node report.mjs`.
// - fixtures/report/official.ansi: the list reporter, in colours. Left out of it: the files for language models that understudy does not write.
// - fixtures/annotations/official.json: of the JSON reporter what is about annotations and time.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const fixtures = join(here, '../../fixtures');
const browser = process.env.UNDERSTUDY_BROWSER ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();

/** What the runner prints about these specs, and the folder that it ran in. */
function run(specs, { reporter, retries, use }, environment) {
  // Below this folder, so that `@playwright/test` resolves.
  const folder = join(here, '.run', `${process.pid}-${reporter}`);
  mkdirSync(folder, { recursive: true });
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  cpSync(specs, join(folder, 'tests'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{}');
  const launchOptions = { executablePath: browser, args: ['--no-sandbox'] };
  const config = { testDir: '.', workers: 1, retries, reporter, use: { ...use, launchOptions } };
  writeFileSync(join(folder, 'playwright.config.ts'), `export default ${JSON.stringify(config)};`);
  const { stdout } = spawnSync(process.execPath, [join(here, 'node_modules/@playwright/test/cli.js'), 'test'], {
    cwd: folder, encoding: 'utf8', env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'ignore'],
  });
  return { stdout, folder };
}

const listed = run(join(fixtures, 'report/tests'), { reporter: 'list', retries: 1, use: { screenshot: 'only-on-failure' } }, { FORCE_COLOR: '1' });
const colour = '(?:\\x1b\\[\\d+m)*';
const text = listed.stdout.replaceAll(`${listed.folder}/`, '')
  .replace(new RegExp(`\\n${colour}    ${colour}Error Context: .*\\n`, 'g'), '');
writeFileSync(join(fixtures, 'report/official.ansi'), text);

// `tests/cli/official.rs` takes the same out of our report; change both.
const told = run(join(fixtures, 'annotations'), { reporter: 'json', retries: 0, use: {} }, {});
const notes = list => list.map(({ type, description, location }) => ({
  type, ...(description === undefined ? {} : { description: String(description) }), ...(location ? { at: `${relative(join(told.folder, 'tests'), location.file)}:${location.line}:${location.column}` } : {}),
}));
const testsOf = (suite, titles) => [
  ...suite.specs.flatMap(({ title, tests }) => tests.map(({ timeout, expectedStatus, status, annotations, results }) => ({
    title: [...titles, title].join(' › '), timeout, expectedStatus, status, annotations: notes(annotations),
    results: results.map(result => ({ status: result.status, ran: result.workerIndex >= 0, annotations: notes(result.annotations) })),
  }))),
  ...(suite.suites ?? []).flatMap(inner => testsOf(inner, [...titles, inner.title])),
];
const tests = JSON.parse(told.stdout).suites.flatMap(suite => testsOf(suite, [relative('tests', suite.title)]));
writeFileSync(join(fixtures, 'annotations/official.json'), `[\n${tests.map(test => JSON.stringify(test)).join(',\n')}\n]\n`);
