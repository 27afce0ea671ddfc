// What the official list reporter prints for fixtures/report, in colours: `node report.mjs` writes fixtures/report/official.ansi.
// Left out of it: the files for language models that understudy does not write.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const fixture = join(here, '../../fixtures/report');
const browser = process.env.UNDERSTUDY_BROWSER ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();

// Below this folder, so that `@playwright/test` resolves.
const folder = join(here, '.run', String(process.pid));
mkdirSync(folder, { recursive: true });
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
cpSync(join(fixture, 'tests'), join(folder, 'tests'), { recursive: true });
writeFileSync(join(folder, 'package.json'), '{}');
writeFileSync(join(folder, 'playwright.config.ts'), `
const use = { screenshot: 'only-on-failure', launchOptions: { executablePath: ${JSON.stringify(browser)}, args: ['--no-sandbox'] } };
export default { testDir: '.', workers: 1, retries: 1, reporter: 'list', use };`);

const { stdout } = spawnSync(process.execPath, [join(here, 'node_modules/@playwright/test/cli.js'), 'test'], {
  cwd: folder, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '1' }, stdio: ['ignore', 'pipe', 'ignore'],
});
const colour = '(?:\\x1b\\[\\d+m)*';
const text = stdout.replaceAll(`${folder}/`, '')
  .replace(new RegExp(`\\n${colour}    ${colour}Error Context: .*\\n`, 'g'), '');
writeFileSync(join(fixture, 'official.ansi'), text);
