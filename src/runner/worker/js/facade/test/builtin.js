// The fixtures that come with the box: browser, context, page and their options.
import { Browser } from '../api/browser.js';
import { BrowserType } from '../api/browsertype.js';
import { APIRequest } from '../api/request.js';
import { setTestIdAttribute } from '../selectors.js';
import { declareParameters, Pool } from './registration.js';
import { beginTrace } from './tracing.js';
import { endVideos, filming } from './video.js';

/** Options that become options of the context as they are. */
const CONTEXT = ['acceptDownloads', 'bypassCSP', 'colorScheme', 'deviceScaleFactor', 'extraHTTPHeaders', 'geolocation', 'hasTouch', 'httpCredentials', 'ignoreHTTPSErrors',
  'isMobile', 'javaScriptEnabled', 'locale', 'offline', 'permissions', 'proxy', 'storageState', 'timezoneId', 'userAgent', 'viewport', 'baseURL', 'serviceWorkers',
  'reducedMotion', 'forcedColors', 'clientCertificates'];
/** Options with another effect, or one that this runner decides elsewhere. */
const OTHER = ['actionTimeout', 'navigationTimeout', 'testIdAttribute', 'contextOptions', 'launchOptions', 'connectOptions', 'headless', 'channel', 'screenshot', 'trace', 'video', 'defaultBrowserType'];
/** Those that a browser or a whole worker has: not for a group of tests. */
const WORKER = ['launchOptions', 'connectOptions', 'headless', 'channel', 'screenshot', 'trace', 'video', 'defaultBrowserType'];
const DEFAULTS = { actionTimeout: 0, navigationTimeout: 0, acceptDownloads: true, javaScriptEnabled: true, locale: 'en-US', viewport: { width: 1280, height: 720 }, contextOptions: {}, launchOptions: {}, serviceWorkers: 'allow', defaultBrowserType: 'chromium', screenshot: 'off', trace: 'off', video: 'off', headless: true };

/** What contexts that the test makes itself begin with: the options in force for the running test. */
let inForce = { context: {}, timeouts: {} };
export const optionsInForce = () => inForce;
export const [chromium, firefox, webkit] = ['chromium', 'firefox', 'webkit'].map(name => new BrowserType(name, () => inForce));
export const browser = new Browser(chromium, () => inForce);

export const apiRequest = new APIRequest(() => inForce);
/** The fixture `playwright`: what the module exports, told when it is there. */
let playwright = {};
export const offerPlaywright = offered => { playwright = offered; };

const fixtures = {
  browserName: ['chromium', { scope: 'worker', option: true }],
  browser: [async ({ launchOptions, headless, channel }, use, worker) => {
    const wished = wishes({ launchOptions, headless, channel }, worker.project.use ?? {});
    const mine = wished ? await chromium.launch(wished) : browser;
    await mine._learn();
    await use(mine);
    if (wished) await mine.close();
  }, { scope: 'worker', box: true }],
  _options: [options(), { auto: true, box: true }],
  context: async ({ browser, _options }, use, info) => {
    if (info?._hookOfAll) throw new Error(notInHookOfAll(info._hookOfAll));
    const film = filming(info, _options.video);
    const context = await browser._newContext({ ..._options.context, ...film }, '');
    await use(context);
    await context.close({ reason: info?._closeReason });
    if (film) await endVideos(info, _options.video, context._videos);
  },
  page: async ({ context }, use) => { await use(await context.newPage()); },
  request: async ({ _options }, use) => {
    const request = await apiRequest.newContext();
    await use(request);
    await request.dispose();
  },
  playwright: [async ({}, use) => { await use(playwright); }, { scope: 'worker', box: true }],
};
for (const name of [...CONTEXT, ...OTHER]) fixtures[name] ??= [DEFAULTS[name], WORKER.includes(name) ? { option: true, scope: 'worker' } : { option: true }];

/** What the run's own Chromium is started with, as the configuration says. */
const COMMON = ['args', 'chromiumSandbox', 'executablePath', 'firefoxUserPrefs', 'handleSIGHUP', 'handleSIGINT', 'handleSIGTERM', 'headless', 'logger', 'timeout'];
const CHROMIUM = /^chromium|^$/;

/** How a browser has to be started that is not as the run's own; undefined where that one will do. */
function wishes({ launchOptions = {}, headless, channel }, configured) {
  const differs = (value, usual) => JSON.stringify(value) !== JSON.stringify(usual);
  const own = Object.keys(launchOptions).some(name => launchOptions[name] !== undefined && (!COMMON.includes(name) || differs(launchOptions[name], configured.launchOptions?.[name])));
  const another = channel !== configured.channel && !CHROMIUM.test(channel ?? '');
  const window = headless !== (configured.headless ?? DEFAULTS.headless);
  return own || another || window ? { headless, ...(another ? { channel } : {}), ...launchOptions } : undefined;
}

/** A page is of one test; these hooks are around many. */
const notInHookOfAll = kind => `"context" and "page" fixtures are not supported in "${kind}" since they are created on a per-test basis.
If you would like to reuse a single page between tests, create context manually with browser.newContext(). See https://aka.ms/playwright/reuse-page for details.
If you would like to configure your page before each test, do that in beforeEach hook instead.`;

/** Reads all options. */
function options() {
  const names = [...CONTEXT, ...OTHER];
  const collect = async (values, use, info) => {
    const context = { ...values.contextOptions };
    for (const name of CONTEXT) if (values[name] !== undefined) context[name] = values[name];
    const timeouts = { action: values.actionTimeout, navigation: values.navigationTimeout };
    setTestIdAttribute(values.testIdAttribute);
    inForce = { context, timeouts, screenshot: values.screenshot, launchOptions: values.launchOptions, video: values.video, artifacts: info?.project.outputDir };
    if (info?.retry !== undefined) await beginTrace(info, values.trace);
    await use(inForce);
  };
  declareParameters(collect, names);
  return collect;
}

export const BUILTIN = { fixtures, location: undefined };
// What is registered once is known to every pool: done here it costs no test anything.
new Pool([BUILTIN]);
