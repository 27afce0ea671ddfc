// Every documented member of the official API (fixtures/api/members.json, captured) is there or refused by name.
import { readFileSync } from 'node:fs';
import { api, context, facade, has, info, page, presence } from './objects.mjs';

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

// Whatever is refused says so by its name, and what there is instead.
const owners = { Page: [page, 'page'], BrowserContext: [context, 'browserContext'], Browser: [browser, 'browser'], TestInfo: [info, 'testInfo'], TestType: [test, 'test'], Selectors: [selectors, 'selectors'] };
for (const name of Object.keys(captured.members)) {
  const [type, member, ...deeper] = name.split('.');
  if (!(type in owners) || deeper.length || presence(name) !== 'refused') continue;
  const [object, owner] = owners[type];
  const words = said(() => object[member]());
  check(`${name} said: ${words}`, words.startsWith(`${owner}.${member} is not supported: `) || words.startsWith(`${owner}.${member} is not supported yet. Supported: `));
}
const words = said(() => page.webmcp);
check(`page.webmcp said: ${words}`, words.startsWith('page.webmcp is not supported: it is a trial'));
const wrong = said(() => expect(1).not.toBeNothing());
check(`a matcher that is none said: ${wrong}`, /^expect\(\.\.\.\)\.not\.toBeNothing is not a function\nMatchers: toBe, /.test(wrong));

console.log(failures.join('\n'));
process.exitCode = failures.length ? 1 : 0;
