// The module `@playwright/test`.
import { TimeoutError } from './errors.js';
import { register } from './api/engines.js';
import { defineConfig } from './config.js';
import { devices } from './devices.js';
import { expect, mergeExpects } from './expect/index.js';
import { missing } from './missing.js';
import { mergeTests, TestType } from './test/declare.js';
import { apiRequest, chromium, firefox, offerPlaywright, webkit } from './test/builtin.js';
import { setTestIdAttribute } from './selectors.js';

const test = new TestType([]).test;
test.expect = expect;

const errors = { TimeoutError };
const selectors = { register, setTestIdAttribute };

/** Modules of Playwright that start something else than browsers. */
const refused = name => new Proxy({}, {
  get(_, member) {
    if (typeof member === 'symbol' || member === 'then') return undefined;
    throw missing(name, member, ['the fixtures page, context, browser, browserName and baseURL']);
  },
});
const request = apiRequest;
const _electron = refused('_electron');
const _android = refused('_android');

offerPlaywright({ chromium, firefox, webkit, request, devices, errors, selectors });

export { test, expect, errors, selectors, devices, defineConfig, mergeTests, mergeExpects, chromium, firefox, webkit, request, _electron, _android };
export default test;
