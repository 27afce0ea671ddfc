// What of Playwright's documented API (1.65) comes with a later release, class by class. `tests/facade/members.mjs` holds this
// list to the official one: every documented member is either there or refused here.
import { Browser, BrowserContext, BrowserType } from './api/context.js';
import { ConsoleMessage, Dialog, Download, WebError } from './api/events.js';
import { Frame } from './api/frame.js';
import { ElementHandle, JSHandle } from './api/handle.js';
import { Keyboard, Mouse, Touchscreen } from './api/input.js';
import { FrameLocator, Locator } from './api/locator.js';
import { Request, Response } from './api/network.js';
import { Page } from './api/page.js';
import { lacks } from './missing.js';
import { TestInfo } from './test/info.js';

const MISSING = [
  [Page, 'page', {
    methods: `addLocatorHandler ariaSnapshot ariaSnapshotJSON cancelPickLocator clearConsoleMessages clearPageErrors consoleMessages exposeBinding
      exposeFunction getByRef hideHighlight pageErrors pdf pickLocator removeLocatorHandler requestGC requests route routeFromHAR routeWebSocket
      unroute unrouteAll video workers`,
    properties: 'accessibility clock coverage localStorage request screencast sessionStorage webmcp',
  }],
  [Frame, 'frame', { properties: 'webmcp' }],
  [Locator, 'locator', { methods: 'ariaSnapshotJSON drop hideHighlight normalize visible waitForFunction within' }],
  [FrameLocator, 'frameLocator', {}],
  [ElementHandle, 'elementHandle', { methods: 'waitForElementState waitForSelector' }],
  [JSHandle, 'jsHandle', {}],
  [BrowserContext, 'browserContext', {
    methods: `backgroundPages exposeBinding exposeFunction newCDPSession route routeFromHAR routeWebSocket serviceWorkers setHTTPCredentials
      setStorageState unroute unrouteAll`,
    properties: 'clock credentials debugger request tracing',
  }],
  [Browser, 'browser', { methods: 'bind newBrowserCDPSession startTracing stopTracing unbind' }],
  [BrowserType, 'browserType', { methods: 'connect connectOverCDP executablePath launch launchPersistentContext launchServer' }],
  [Request, 'request', { methods: 'response serviceWorker sizes timing' }],
  [Response, 'response', { methods: 'fromServiceWorker httpVersion securityDetails serverAddr' }],
  [ConsoleMessage, 'consoleMessage', { methods: 'worker' }],
  [Dialog, 'dialog', {}],
  [Download, 'download', { methods: 'cancel createReadStream delete failure path saveAs' }],
  [WebError, 'webError', { methods: 'location' }],
  [Keyboard, 'keyboard', {}],
  [Mouse, 'mouse', {}],
  [Touchscreen, 'touchscreen', {}],
  [TestInfo, 'testInfo', { methods: 'snapshotPath', properties: 'snapshotDir' }],
];

for (const [type, owner, lists] of MISSING) lacks(type.prototype, owner, lists);
