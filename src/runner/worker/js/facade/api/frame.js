// Frame: navigation, evaluation, and the actions that take a selector. Page has the same for its main frame.
import * as describe from '../describe.js';
import { apiCall, apiStep, op, quiet } from '../op.js';
import { argument } from '../values.js';
import { TimeoutError } from '../errors.js';
import { installActions } from './actions.js';
import { evaluate, functionText, handleId, makeHandle, oneArgument } from './handle.js';
import { installGetBy, Locator } from './locator.js';
import { makeResponse } from './network.js';
import { register, forget } from './registry.js';
import { hostPattern, matchesUrl, resolveUrl } from './url.js';

export class Frame {
  constructor(page, { frame, url, name, parent }) {
    this._id = frame;
    this._page = page;
    this._url = url ?? '';
    this._name = name ?? '';
    this._parent = parent ?? null;
    this._children = new Set();
    this._detached = false;
    this._states = new Set();
    parent?._children.add(this);
    register(frame, this);
  }
  _event(name, params) {
    if (name === 'navigated') {
      this._url = params.url;
      this._name = params.name ?? this._name;
      this._page.emit('framenavigated', this);
    } else if (name === 'detached') {
      this._detached = true;
      this._parent?._children.delete(this);
      forget(this._id);
      this._page._frames.delete(this);
      this._page.emit('framedetached', this);
    } else if (name === 'loadState' && this === this._page._main) {
      if (params.state === 'load') this._page.emit('load', this._page);
      if (params.state === 'domcontentloaded') this._page.emit('domcontentloaded', this._page);
    }
  }
  _root() { return this; }
  _make(selector, text) { return new Locator(this, selector, text); }
  page() { return this._page; }
  url() { return this._url; }
  name() { return this._name; }
  parentFrame() { return this._parent; }
  childFrames() { return [...this._children]; }
  isDetached() { return this._detached; }
  async frameElement() { return makeHandle(await quiet('frame.frameElement', 'frame.frameElement', { frame: this._id }), this._parent); }
  toString() { return `Frame ${this._url}`; }
}

/** Methods that Page and Frame share; `frame(self)` is the frame, `api` the name in messages. */
export function installFrameMethods(prototype, api, frame) {
  const timeouts = self => frame(self)._page._timeouts;
  const base = self => frame(self)._page._context._options.baseURL;
  const navigation = (self, options) => ({ frame: frame(self)._id, waitUntil: waitUntil(options?.waitUntil), timeout: timeouts(self).forNavigation(options) });
  const methods = {
    async goto(url, options) {
      if (typeof url !== 'string') throw new Error(`url: expected string, got ${typeof url}`);
      const params = { ...navigation(this, options), url: resolveUrl(url, base(this)), referer: options?.referer };
      return makeResponse(await apiCall(`${api}.goto`, `Navigate ${url}`, 'frame.goto', params, { url }));
    },
    setContent(html, options) {
      return apiCall(`${api}.setContent`, 'Set content', 'frame.setContent', { ...navigation(this, options), html: String(html) }, {});
    },
    content() { return apiCall(`${api}.content`, 'Get content', 'frame.content', { frame: frame(this)._id }, {}); },
    title() { return quiet(`${api}.title`, 'frame.title', { frame: frame(this)._id }); },
    waitForLoadState(state = 'load', options) {
      return apiCall(`${api}.waitForLoadState`, 'Wait for load state', 'frame.waitForLoadState',
        { frame: frame(this)._id, state: waitUntil(state, 'state'), timeout: timeouts(this).forNavigation(options) }, { state });
    },
    waitForURL(url, options) {
      const self = frame(this);
      const pattern = hostPattern(url, base(this));
      const title = 'Wait for navigation';
      if (pattern) return apiCall(`${api}.waitForURL`, title, 'frame.waitForURL', { ...navigation(this, options), url: pattern }, { url: String(url) });
      return apiStep(`${api}.waitForURL`, title, {}, async step => {
        const timeout = timeouts(this).forNavigation(options);
        await navigated(self, timeout, `${api}.waitForURL`, step.stack, () => matchesUrl(url, self._url));
        await op('frame.waitForLoadState', { frame: self._id, state: waitUntil(options?.waitUntil), timeout }, { apiName: `${api}.waitForURL`, step: step.id, stack: step.stack });
      });
    },
    async waitForNavigation(options) {
      const pattern = hostPattern(options?.url, base(this)) ?? { any: true };
      return makeResponse(await apiCall(`${api}.waitForNavigation`, 'Wait for navigation', 'frame.waitForNavigation', { ...navigation(this, options), url: pattern }, {}));
    },
    waitForTimeout(timeout) {
      if (typeof timeout !== 'number') throw new Error(`timeout: expected number, got ${typeof timeout}`);
      return apiStep(`${api}.waitForTimeout`, 'Wait for timeout', { timeout }, () => new Promise(done => { setTimeout(done, timeout); }));
    },
    async waitForFunction(expression, arg, options) {
      const isFunction = typeof expression === 'function';
      const params = { frame: frame(this)._id, expression: functionText(expression), isFunction, arg: argument(arg, handleId),
        polling: options?.polling ?? 'raf', timeout: timeouts(this).forAction(options) };
      return makeHandle(await apiCall(`${api}.waitForFunction`, 'Wait for function', 'frame.waitForFunction', params, {}), frame(this));
    },
    async waitForSelector(selector, options) {
      const params = { frame: frame(this)._id, selector, state: options?.state ?? 'visible', strict: Boolean(options?.strict), timeout: timeouts(this).forAction(options) };
      return makeHandle(await apiCall(`${api}.waitForSelector`, `Wait for selector ${describe.selector(selector)}`, 'frame.waitForSelector', params, { selector }), frame(this));
    },
    async evaluate(expression, arg) {
      oneArgument(arguments.length, 2);
      return evaluate(`${api}.evaluate`, 'frame.evaluate', { frame: frame(this)._id }, expression, arg);
    },
    async evaluateHandle(expression, arg) {
      oneArgument(arguments.length, 2);
      return evaluate(`${api}.evaluateHandle`, 'frame.evaluate', { frame: frame(this)._id }, expression, arg, { returnHandle: true, frame: frame(this) });
    },
    async $(selector, options) {
      const params = { frame: frame(this)._id, selector, strict: Boolean(options?.strict) };
      return makeHandle(await apiCall(`${api}.$`, `Query selector ${describe.selector(selector)}`, 'frame.querySelector', params, { selector }), frame(this));
    },
    async $$(selector) {
      const found = await apiCall(`${api}.$$`, `Query selector all ${describe.selector(selector)}`, 'frame.querySelectorAll', { frame: frame(this)._id, selector }, { selector });
      return found.map(item => makeHandle(item, frame(this)));
    },
    $eval(selector, expression, arg) {
      return evaluate(`${api}.$eval`, 'locator.evaluate', { frame: frame(this)._id, selector, strict: false, timeout: 1, title: ` ${describe.selector(selector)}` }, expression, arg);
    },
    $$eval(selector, expression, arg) {
      return evaluate(`${api}.$$eval`, 'locator.evaluateAll', { frame: frame(this)._id, selector, title: ` ${describe.selector(selector)}` }, expression, arg);
    },
    async addScriptTag(options = {}) {
      return makeHandle(await apiCall(`${api}.addScriptTag`, 'Add script tag', 'frame.addScriptTag', { frame: frame(this)._id, ...tag(options) }, {}), frame(this));
    },
    async addStyleTag(options = {}) {
      return makeHandle(await apiCall(`${api}.addStyleTag`, 'Add style tag', 'frame.addStyleTag', { frame: frame(this)._id, ...tag(options) }, {}), frame(this));
    },
    dragAndDrop(source, target, options) {
      return apiCall(`${api}.dragAndDrop`, 'Drag and drop', 'locator.dragTo',
        { ...options, frame: frame(this)._id, selector: source, target, strict: Boolean(options?.strict), timeout: timeouts(this).forAction(options) }, { selector: source, target });
    },
  };
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  installActions(prototype, api, (self, [selector, ...rest]) => {
    if (typeof selector !== 'string') throw new Error(`selector: expected string, got ${typeof selector}`);
    return {
      target: { frame: frame(self)._id, selector, strict: false }, rest, subtitle: describe.selector(selector),
      timeout: options => timeouts(self).forAction(options),
    };
  }, ['pressSequentially', 'clear', 'blur', 'selectText', 'scrollIntoViewIfNeeded']);
}

const tag = ({ url, content, type, path }) => {
  if (path !== undefined) throw new Error('The test code has no files here: pass content instead of path');
  return { url, content, type };
};

const STATES = ['load', 'domcontentloaded', 'networkidle', 'commit'];
function waitUntil(value = 'load', name = 'waitUntil') {
  if (value === 'networkidle0') return 'networkidle';
  if (!STATES.includes(value)) throw new Error(`${name}: expected one of (load|domcontentloaded|networkidle|commit)`);
  return value;
}

/** Until `accept()` after one of the frame's navigations, or at once. */
function navigated(frame, timeout, apiName, stack, accept) {
  if (accept()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    let timer;
    const listener = other => {
      if (other !== frame) return;
      try { if (accept()) done(resolve); } catch (error) { done(reject, error); }
    };
    const done = (act, value) => { clearTimeout(timer); frame._page.off('framenavigated', listener); act(value); };
    frame._page.on('framenavigated', listener);
    if (timeout > 0) timer = setTimeout(() => {
      const error = new TimeoutError(`${apiName}: Timeout ${timeout}ms exceeded.`);
      error.stack = stack;
      done(reject, error);
    }, timeout);
  });
}

installGetBy(Frame.prototype);
installFrameMethods(Frame.prototype, 'frame', frame => frame);
