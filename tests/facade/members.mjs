// Every documented member of the official API (fixtures/api/members.json, captured) is there or refused by name.
import { readFileSync } from 'node:fs';
import { api, context, facade, has, page, presence } from './objects.mjs';

const captured = JSON.parse(readFileSync(new URL('../../fixtures/api/members.json', import.meta.url)));
const { test, expect, selectors } = facade;
const browser = new api.Browser(() => ({}));

const failures = [];
const check = (what, holds) => { if (!holds) failures.push(what); };

for (const name of Object.keys(captured.members)) if (has(name.split('.', 1)[0])) check(`${name} is neither there nor refused`, presence(name) !== 'absent');
for (const name of captured.exports.filter(name => !/^_.*Test$/.test(name))) check(`@playwright/test has no ${name}`, name in facade);

const said = run => { try { run(); return ''; } catch (error) { return error.message; } };
for (const [emitter, owner, names] of [[page, 'page', captured.events.Page], [context, 'browserContext', captured.events.BrowserContext]]) {
  const known = new Set();
  for (const name of names) {
    const words = said(() => emitter.on(name, () => {}));
    if (words) check(`${owner}.on('${name}'): ${words}`, words.startsWith(`${owner}.on('${name}') is not supported yet. Supported: close, `));
    else known.add(name);
  }
  check(`${owner} has no events`, known.size > 5);
}

const refusals = [
  [() => page.route('**', () => {}), /^page\.route is not supported yet\. Supported: \$, .*\bclick, .*\bwaitForURL$/],
  [() => context.tracing, /^browserContext\.tracing is not supported yet\. Supported: /],
  [() => page.locator('p').drop(), /^locator\.drop is not supported yet\. Supported: /],
  [() => browser.startTracing(), /^browser\.startTracing is not supported yet/],
  [() => browser.browserType().launch(), /^browserType\.launch is not supported yet\. Supported: name$/],
  [() => test.abort(), /^test\.abort is not supported yet\. Supported: .*\bbeforeEach, /],
  [() => selectors.register('x'), /^selectors\.register is not supported yet\. Supported: setTestIdAttribute$/],
  [() => facade.chromium.launch(), /^chromium\.launch is not supported yet\. Supported: the fixtures /],
  [() => facade.request.newContext(), /^request\.newContext is not supported yet/],
  [() => expect(1).toBeOK(), /^expect\(\.\.\.\)\.toBeOK is not supported yet\. Supported: toBe, /],
  [() => expect(1).not.toBeNothing(), /^expect\(\.\.\.\)\.not\.toBeNothing is not a function\nMatchers: toBe, /],
];
for (const [run, words] of refusals) check(`${run} said: ${said(run)}`, words.test(said(run)));
// A refused member is no member: it is not recommended by another refusal.
check('page.route is recommended', !/\broute\b/.test(said(() => page.pdf()).replace('page.pdf', '')));

console.log(failures.join('\n'));
process.exitCode = failures.length ? 1 : 0;
