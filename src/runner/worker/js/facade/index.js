// The module `@playwright/test`.
import { TimeoutError } from './errors.js';
import { devices } from './devices.js';
import { expect, mergeExpects } from './expect/index.js';
import { mergeTests, TestType } from './test/declare.js';
import { setTestIdAttribute } from './selectors.js';

const test = new TestType([]).test;
test.expect = expect;

const errors = { TimeoutError };
const selectors = {
  setTestIdAttribute,
  register() { throw new Error('selectors.register is not supported yet. Supported: selectors.setTestIdAttribute'); },
};
const defineConfig = (...configs) => Object.assign({}, ...configs);

/** Modules of Playwright that start browsers or send requests themselves. */
const refused = name => new Proxy({}, {
  get(_, member) {
    if (typeof member === 'symbol' || member === 'then') return undefined;
    throw new Error(`${name}.${String(member)} is not supported yet: the runner starts the browser; take it from the fixtures page, context or browser`);
  },
});
const chromium = refused('chromium');
const firefox = refused('firefox');
const webkit = refused('webkit');
const request = refused('request');

export { test, expect, errors, selectors, devices, defineConfig, mergeTests, mergeExpects, chromium, firefox, webkit, request };
export default test;
