// Every documented member of the official API (fixtures/facade/members.json, captured) is there or refused by name.
import { readFileSync } from 'node:fs';
import './load.mjs';

const captured = JSON.parse(readFileSync(new URL('../../fixtures/facade/members.json', import.meta.url)));
const load = name => import(`understudy:facade/${name}.js`);
const api = Object.assign({}, ...await Promise.all(['page', 'frame', 'locator', 'context', 'handle', 'network', 'events', 'input'].map(name => load(`api/${name}`))));
await load('unsupported');
const { TestInfo } = await load('test/info');
const { StepInfo } = await load('test/step');
const facade = await load('index');
const { test, expect, selectors } = facade;

const failures = [];
const check = (what, holds) => { if (!holds) failures.push(what); };

/** Instances made without a host: what a constructor would ask of it is not needed to know the members. */
const info = new TestInfo({ test: { location: { file: 'a.spec.ts' }, titlePath: () => [], allTags: () => [], allAnnotations: () => [], expectedStatus: () => 'passed' }, config: {}, retry: 0, repeat: 0, timeout: 0 });
const context = new api.BrowserContext({}, 'context@1', {});
const page = new api.Page(context, { page: 'page@1', mainFrame: { frame: 'frame@1', url: '', name: '' } });
const objects = {
  Page: page, BrowserContext: context, Frame: page.mainFrame(), Browser: new api.Browser(() => ({})), BrowserType: new api.BrowserType(),
  Locator: page.locator('p'), FrameLocator: page.frameLocator('p'), JSHandle: new api.JSHandle('handle@1'), ElementHandle: new api.ElementHandle('handle@2'),
  Request: new api.Request({}, new Map()), Response: new api.Response({}, {}), Dialog: new api.Dialog(page, {}), Download: new api.Download(page, {}),
  ConsoleMessage: new api.ConsoleMessage(page, {}), WebError: new api.WebError(page), Keyboard: page.keyboard, Mouse: page.mouse, Touchscreen: page.touchscreen,
  Selectors: selectors, TestInfo: info, TestType: test, TestStepInfo: new StepInfo([]), AsymmetricMatchers: expect,
};
for (const [name, object] of Object.entries(objects))
  for (const member of captured.members[name]) check(`${name}.${member} is neither there nor refused`, member in object);
for (const name of ['GenericAssertions', 'LocatorAssertions', 'PageAssertions', 'APIResponseAssertions', 'SnapshotAssertions'])
  for (const member of captured.members[name]) check(`expect(…).${member} is neither there nor refused`, member in expect(1));
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
  [() => objects.Browser.startTracing(), /^browser\.startTracing is not supported yet/],
  [() => objects.BrowserType.launch(), /^browserType\.launch is not supported yet\. Supported: name$/],
  [() => info.snapshotPath(), /^testInfo\.snapshotPath is not supported yet/],
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
