// What of the documented API the facade has, by reflection: classes of `facade/api` by their name, and the objects tests import.
import { readdirSync } from 'node:fs';
import './load.mjs';

const load = name => import(`understudy:facade/${name}.js`);
const { isMissing } = await load('missing');
const files = readdirSync(new URL('../../src/runner/worker/js/facade/api', import.meta.url));
export const api = Object.assign({}, ...await Promise.all(files.map(file => load(`api/${file.slice(0, -3)}`))));
await load('unsupported');
const { TestInfo } = await load('test/info');
const { StepInfo } = await load('test/step');
export const facade = await load('index');
const { test, expect, selectors } = facade;

/** Instances made without a host: what a constructor would ask of it is not needed to know the members. */
export const context = new api.BrowserContext({}, 'context@1', {});
export const page = new api.Page(context, { page: 'page@1', mainFrame: { frame: 'frame@1', url: '', name: '' } });
export const info = new TestInfo({ test: { location: { file: 'a.spec.ts' }, titlePath: () => [], allTags: () => [], allAnnotations: () => [], expectedStatus: () => 'passed' }, config: {}, retry: 0, repeat: 0, timeout: 0 });
const assertions = expect(1);
const MADE = {
  Page: page, BrowserContext: context, Selectors: selectors, TestInfo: info, TestType: test, TestStepInfo: new StepInfo([]), AsymmetricMatchers: expect,
  GenericAssertions: assertions, LocatorAssertions: assertions, PageAssertions: assertions, APIResponseAssertions: assertions, SnapshotAssertions: assertions,
};

/** `here`, `refused` by name, or `absent`. */
export function presence(name) {
  const [type, ...path] = name.split('.');
  let object = MADE[type] ?? api[type]?.prototype;
  if (!object) return 'absent';
  for (const member of path) {
    if (isMissing(object, member)) return 'refused';
    if (!(member in object)) return 'absent';
    if (path.length > 1) object = object[member];
  }
  return 'here';
}

/** Whether the facade has the class at all. */
export const has = type => type in MADE || type in api;
