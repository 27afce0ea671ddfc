// Captures fixtures/facade/members.json from the official type declarations: node capture-members.mjs <file>, with @playwright/test
// installed in tests/interop. Names only.
import { readFileSync, writeFileSync } from 'node:fs';

const CLASSES = ['Page', 'Frame', 'Locator', 'FrameLocator', 'BrowserContext', 'Browser', 'BrowserType', 'JSHandle', 'ElementHandle', 'Request', 'Response',
  'Dialog', 'Download', 'ConsoleMessage', 'WebError', 'Keyboard', 'Mouse', 'Touchscreen', 'Selectors', 'TestInfo', 'TestType', 'TestStepInfo',
  'AsymmetricMatchers', 'GenericAssertions', 'LocatorAssertions', 'PageAssertions', 'APIResponseAssertions', 'SnapshotAssertions'];
const found = Object.fromEntries(CLASSES.map(name => [name, new Set()]));
const events = { Page: new Set(), BrowserContext: new Set() };
for (const file of ['playwright-core/types/types.d.ts', 'playwright/types/test.d.ts']) {
  let current;
  for (const line of readFileSync(new URL(`../interop/node_modules/${file}`, import.meta.url), 'utf8').split('\n')) {
    const opened = /^(?:export )?(?:interface|class) (\w+)/.exec(line);
    if (opened) current = opened[1];
    else if (line.startsWith('}')) current = undefined;
    const event = /^ {2}on\(event: '(\w+)'/.exec(line);
    if (event) events[current]?.add(event[1]);
    const member = /^ {2}(?:readonly )?([A-Za-z$][\w$]*|\$+)\??[(<:]/.exec(line);
    if (member) found[current]?.add(member[1]);
  }
}
const sorted = sets => Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, [...set].sort()]));
const { version } = JSON.parse(readFileSync(new URL('../interop/node_modules/@playwright/test/package.json', import.meta.url), 'utf8'));
const { default: _, ...exported } = await import(new URL('../interop/node_modules/@playwright/test/index.mjs', import.meta.url));
writeFileSync(process.argv[2], `${JSON.stringify({ playwright: version, members: sorted(found), events: sorted(events), exports: Object.keys(exported).sort() }, null, 1)}\n`);
