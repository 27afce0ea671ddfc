// What of Playwright's documented API is not in the facade is refused by name: every class here is held to documented.js. Whoever
// writes a member needs to change nothing here.
import { Browser } from './api/browser.js';
import { BrowserType } from './api/browsertype.js';
import { BrowserContext } from './api/context.js';
import { CDPSession } from './api/cdp.js';
import { Coverage } from './api/coverage.js';
import { Download } from './api/download.js';
import { ConsoleMessage, Dialog, FileChooser, WebError } from './api/events.js';
import { Frame } from './api/frame.js';
import { ElementHandle, JSHandle } from './api/handle.js';
import { Keyboard, Mouse, Touchscreen } from './api/input.js';
import { Clock } from './api/clock.js';
import { FrameLocator, Locator } from './api/locator.js';
import { Request, Response } from './api/network.js';
import { Page } from './api/page.js';
import { Route } from './api/route.js';
import { APIRequest, APIRequestContext } from './api/request.js';
import { APIResponse } from './api/response.js';
import { Screencast } from './api/screencast.js';
import { Tracing } from './api/tracing.js';
import { Video } from './api/video.js';
import { WebSocket } from './api/websocket.js';
import { Worker } from './api/worker.js';
import { DOCUMENTED } from './documented.js';
import { lacks } from './missing.js';
import { whyNot } from './plans.js';
import { abortable } from './signal.js';
import { TestInfo } from './test/info.js';

/** Class, its name in messages, its documented name where it is another. */
const CLASSES = [
  [APIRequest, 'apiRequest'],
  [APIRequestContext, 'apiRequestContext'],
  [APIResponse, 'apiResponse'],
  [Browser, 'browser'],
  [BrowserContext, 'browserContext'],
  [BrowserType, 'browserType'],
  [CDPSession, 'cdpSession'],
  [Clock, 'clock'],
  [ConsoleMessage, 'consoleMessage'],
  [Coverage, 'coverage'],
  [Dialog, 'dialog'],
  [Download, 'download'],
  [ElementHandle, 'elementHandle'],
  [FileChooser, 'fileChooser'],
  [Frame, 'frame'],
  [FrameLocator, 'frameLocator'],
  [JSHandle, 'jsHandle'],
  [Keyboard, 'keyboard'],
  [Locator, 'locator'],
  [Mouse, 'mouse'],
  [Page, 'page'],
  [Request, 'request'],
  [Response, 'response'],
  [Route, 'route'],
  [Screencast, 'screencast'],
  [TestInfo, 'testInfo'],
  [Touchscreen, 'touchscreen'],
  [Tracing, 'tracing'],
  [Video, 'video'],
  [WebSocket, 'webSocket'],
  [WebError, 'webError'],
  [Worker, 'worker'],
];

for (const [type, owner, name = type.name] of CLASSES) {
  abortable(type.prototype, DOCUMENTED[name]?.abortable);
  lacks(type.prototype, owner, { ...DOCUMENTED[name], why: member => whyNot(name, member) });
}
