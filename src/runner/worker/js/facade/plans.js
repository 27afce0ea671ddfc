// What of Playwright's documented API will not come, and why: a class or `Class.member`, one line each. Everything documented that is
// neither here nor in the facade is still to come.
const WIRE = 'understudy does not speak Playwright\'s own wire protocol';
const PERSON = 'nobody sits in front of the browser of a run; `understudy record` picks locators';
const TRIAL = 'it is a trial of Playwright\'s';

export const NOT_PLANNED = {
  'Browser.bind': WIRE,
  'Browser.unbind': WIRE,
  'BrowserContext.debugger': PERSON,
  'BrowserServer': WIRE,
  'BrowserType.connect': WIRE,
  'BrowserType.launchServer': WIRE,
  'Debugger': PERSON,
  'Frame.webmcp': TRIAL,
  'Page.cancelPickLocator': PERSON,
  'Page.pickLocator': PERSON,
  'Page.webmcp': TRIAL,
  'WebMCP': TRIAL,
};

/** Why `Class.member` will not come, or undefined. */
export const whyNot = (type, member) => NOT_PLANNED[`${type}.${member}`] ?? NOT_PLANNED[type];
