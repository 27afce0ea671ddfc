// Members of Playwright's API that do not exist here yet: they say so, with their name and with what there is.
import { Browser, BrowserContext } from './context.js';
import { Frame } from './frame.js';
import { Locator } from './locator.js';
import { Page } from './page.js';

const MISSING = [
  [Page, 'page', ['addLocatorHandler', 'removeLocatorHandler', 'exposeBinding', 'exposeFunction', 'pdf', 'route', 'routeFromHAR', 'routeWebSocket', 'unroute', 'unrouteAll', 'video', 'workers', 'requestGC'], ['accessibility', 'clock', 'coverage', 'request']],
  [Frame, 'frame', [], []],
  [Locator, 'locator', ['drop', 'ariaSnapshotJSON'], []],
  [BrowserContext, 'browserContext', ['backgroundPages', 'exposeBinding', 'exposeFunction', 'newCDPSession', 'route', 'routeFromHAR', 'routeWebSocket', 'serviceWorkers', 'setHTTPCredentials', 'unroute', 'unrouteAll'], ['clock', 'request', 'tracing']],
  [Browser, 'browser', ['newBrowserCDPSession', 'startTracing', 'stopTracing'], []],
];

for (const [type, name, methods, properties] of MISSING) {
  const refuse = member => { throw new Error(`${name}.${member} is not supported yet. Supported members of ${name}: ${supported(type, [...methods, ...properties]).join(', ')}`); };
  for (const method of methods) if (!(method in type.prototype)) type.prototype[method] = function () { refuse(method); };
  for (const property of properties) Object.defineProperty(type.prototype, property, { get() { return refuse(property); }, configurable: true });
}

function supported(type, missing) {
  return Object.getOwnPropertyNames(type.prototype).filter(member => !member.startsWith('_') && member !== 'constructor' && !missing.includes(member)).sort();
}
