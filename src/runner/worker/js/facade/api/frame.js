// Frame: navigation, evaluation, and the actions that take a selector. Page has the same for its main frame.
import * as describe from '../describe.js';
import { native } from '../native.js';
import { apiCall, apiStep, op, quiet } from '../op.js';
import { argument } from '../values.js';
import { ABORTED, AbortError, TimeoutError } from '../errors.js';
import { installActions } from './actions.js';
import { dropCallbacks } from './exposed.js';
import { textOf } from './file.js';
import { evaluate, evaluateFirst, functionText, handleId, makeHandle, oneArgument } from './handle.js';
import { installGetBy, Locator } from './locator.js';
import { makeResponse } from './network.js';
import { register, forget, whyClosed } from './registry.js';
import { hostPattern, matchesUrl, resolveUrl } from './url.js';
import { CLOSED, framed } from './waiter.js';

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
      if (params.newDocument && this === this._page._main) dropCallbacks(this._page);
      this._page._tell('framenavigated', this);
    } else if (name === 'detached') {
      this._detached = true;
      this._parent?._children.delete(this);
      forget(this._id);
      this._page._frames.delete(this);
      this._page._tell('framedetached', this);
    } else if (name === 'loadState' && this === this._page._main) {
      if (params.state === 'load') {
        this._page.emit('load', this._page);
        this._page._context.emit('pageload', this._page);
      }
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
  async frameElement() {
    if (this._detached) throw new Error('frame.frameElement: Frame has been detached.');
    return makeHandle(await quiet('frame.frameElement', 'frame.frameElement', { frame: this._id }), this._parent);
  }
  toJSON() { return { _type: 'Frame', _guid: this._id }; }
}

/** Methods that Page and Frame share; `frame(self)` is the frame, `api` the name in messages. */
export function installFrameMethods(prototype, api, frame) {
  const timeouts = self => frame(self)._page._timeouts;
  const base = self => frame(self)._page._context._options.baseURL;
  const isStrict = (self, options) => Boolean(options?.strict ?? frame(self)._page._context._options.strictSelectors);
  const navigation = (self, options) => ({ frame: frame(self)._id, waitUntil: waitUntil(options?.waitUntil), timeout: timeouts(self).forNavigation(options) });
  const methods = {
    async goto(url, options) {
      const params = { ...navigation(this, options), url: resolveUrl(url, base(this)), referer: options?.referer };
      return makeResponse(await apiCall(`${api}.goto`, `Navigate ${describe.address(url)}`, 'frame.goto', params, { url }), frame(this)._page);
    },
    setContent(html, options) {
      return apiCall(`${api}.setContent`, 'Set content', 'frame.setContent', { ...navigation(this, options), html }, {});
    },
    content(options) { return apiCall(`${api}.content`, 'Get content', 'frame.content', { frame: frame(this)._id, includeShadow: Boolean(options?.includeShadow) }, {}); },
    title() { return quiet(`${api}.title`, 'frame.title', { frame: frame(this)._id }); },
    waitForLoadState(state = 'load', options) {
      return apiCall(`${api}.waitForLoadState`, 'Wait for load state', 'frame.waitForLoadState',
        { frame: frame(this)._id, state, timeout: timeouts(this).forNavigation(options) }, { state });
    },
    waitForURL(url, options) {
      const self = frame(this);
      const there = matchesUrl(url, self._url, base(this));
      return apiStep(`${api}.waitForURL`, there ? 'Wait for load state' : 'Wait for navigation', { url: String(url) }, ({ id, stack }) => {
        const call = { apiName: `${api}.waitForURL`, step: id, stack };
        const pattern = hostPattern(url, base(this));
        if (pattern) return op('frame.waitForURL', { ...navigation(this, options), url: pattern }, call).catch(withLogFrame);
        return untilUrl(self, url, { timeout: timeouts(this).forNavigation(options), state: waitUntil(options?.waitUntil) }, call);
      });
    },
    waitForNavigation(options) {
      const self = frame(this);
      const pattern = hostPattern(options?.url, base(this));
      return apiStep(`${api}.waitForNavigation`, 'Wait for navigation', {}, async ({ id, stack }) => {
        const call = { apiName: `${api}.waitForNavigation`, step: id, stack };
        const params = navigation(this, options);
        const next = (url, timeout) => op('frame.waitForNavigation', { ...params, url, timeout }, call).catch(withLogFrame);
        if (pattern) return makeResponse(await next(pattern, params.timeout), self._page);
        // Only a predicate here can tell.
        const began = native.now();
        for (;;) {
          const result = await next({ any: true }, leftOf(params.timeout, began));
          if (matchesUrl(options.url, self._url, base(this))) return makeResponse(result, self._page);
        }
      });
    },
    waitForTimeout(timeout) {
      return apiStep(`${api}.waitForTimeout`, 'Wait for timeout', { timeout }, async ({ stack }) => {
        if (typeof timeout !== 'number') throw new Error(`${api}.waitForTimeout: waitTimeout: expected float, got ${typeof timeout}`);
        await untilClosed(frame(this)._page, new Promise(done => { setTimeout(done, timeout); }), { apiName: `${api}.waitForTimeout`, stack });
      });
    },
    async waitForFunction(expression, arg, options) {
      const isFunction = typeof expression === 'function';
      if (typeof options?.polling === 'string' && options.polling !== 'raf') throw new Error(`Unknown polling option: ${options.polling}`);
      if (options?.polling <= 0) throw new Error(`${api}.waitForFunction: Cannot poll with non-positive interval: ${options.polling}`);
      const params = { frame: frame(this)._id, expression: functionText(expression), isFunction, arg: argument(arg, handleId),
        polling: options?.polling ?? 'raf', timeout: timeouts(this).forAction(options) };
      return makeHandle(await apiCall(`${api}.waitForFunction`, 'Wait for function', 'frame.waitForFunction', params, {}), frame(this));
    },
    async waitForSelector(selector, options) {
      const params = { frame: frame(this)._id, selector, state: options?.state ?? 'visible', strict: isStrict(this, options), timeout: timeouts(this).forAction(options) };
      return makeHandle(await apiCall(`${api}.waitForSelector`, `Wait for selector locator(${describe.quote(selector)})`, 'frame.waitForSelector', params, { selector }), frame(this));
    },
    async evaluate(expression, arg, options) {
      oneArgument(arguments.length, 3);
      return evaluate(`${api}.evaluate`, 'frame.evaluate', { frame: frame(this)._id }, expression, arg, { page: frame(this)._page, options });
    },
    async evaluateHandle(expression, arg, options) {
      oneArgument(arguments.length, 3);
      const how = { returnHandle: true, frame: frame(this), page: frame(this)._page, options };
      return evaluate(`${api}.evaluateHandle`, 'frame.evaluate', { frame: frame(this)._id }, expression, arg, how);
    },
    async $(selector, options) {
      const params = { frame: frame(this)._id, selector, strict: isStrict(this, options) };
      return makeHandle(await apiCall(`${api}.$`, `Query selector ${describe.selector(selector)}`, 'frame.querySelector', params, { selector }), frame(this));
    },
    async $$(selector) {
      const found = await apiCall(`${api}.$$`, `Query selector all ${describe.selector(selector)}`, 'frame.querySelectorAll', { frame: frame(this)._id, selector }, { selector });
      return found.map(item => makeHandle(item, frame(this)));
    },
    async $eval(selector, expression, arg) {
      return evaluateFirst(`${api}.$eval`, { frame: frame(this)._id, selector, strict: isStrict(this) }, expression, arg);
    },
    async $$eval(selector, expression, arg) {
      return evaluate(`${api}.$$eval`, 'locator.evaluateAll', { frame: frame(this)._id, selector, title: ` ${describe.selector(selector)}` }, expression, arg);
    },
    async addScriptTag(options = {}) {
      return makeHandle(await apiCall(`${api}.addScriptTag`, 'Add script tag', 'frame.addScriptTag', { frame: frame(this)._id, ...await tag(options, `${api}.addScriptTag`, path => `\n//# sourceURL=${path}`) }, {}), frame(this));
    },
    async addStyleTag(options = {}) {
      return makeHandle(await apiCall(`${api}.addStyleTag`, 'Add style tag', 'frame.addStyleTag', { frame: frame(this)._id, ...await tag(options, `${api}.addStyleTag`, path => `\n/*# sourceURL=${path}*/`) }, {}), frame(this));
    },
    dragAndDrop(source, target, options) {
      return apiCall(`${api}.dragAndDrop`, 'Drag and drop', 'locator.dragTo',
        { ...options, frame: frame(this)._id, selector: source, target, strict: isStrict(this, options), timeout: timeouts(this).forAction(options) }, { selector: source, target });
    },
  };
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  installActions(prototype, api, (self, [selector, ...rest]) => {
    return {
      target: { frame: frame(self)._id, selector, strict: isStrict(self) }, rest, subtitle: describe.selector(String(selector)),
      timeout: options => timeouts(self).forAction(options),
    };
  }, ['pressSequentially', 'clear', 'blur', 'selectText', 'scrollIntoViewIfNeeded']);
}

const tag = async ({ url, content, type, path }, apiName, name) => {
  if (url === undefined && content === undefined && path !== undefined) content = await textOf(path, apiName) + name(String(path).replace(/\n/g, ''));
  if (url === undefined && content === undefined) throw new Error(`${apiName}: Provide an object with a \`url\`, \`path\` or \`content\` property`);
  return { url, content, type };
};

const STATES = ['load', 'domcontentloaded', 'networkidle', 'commit'];
function waitUntil(value = 'load', name = 'waitUntil') {
  if (value === 'networkidle0') return 'networkidle';
  if (!STATES.includes(value)) throw new Error(`${name}: expected one of (load|domcontentloaded|networkidle|commit)`);
  return value;
}

/** Of a time that counts from `began`; 0 is for ever. */
const leftOf = (timeout, began) => (timeout > 0 ? Math.max(1, Math.ceil(timeout - (native.now() - began))) : 0);

/** What the host logged, in the shape of calls that wait on this side. */
function withLogFrame(error) {
  if (error instanceof AbortError) error.message = error.message.replace(/: [^\n]*/, `: ${ABORTED}`).replace(/\n *- operation was aborted: .*/, '');
  const [words, log] = error.message.split('\nCall log:\n');
  if (log !== undefined) error.message = words + framed(log.trimEnd().split('\n').map(line => line.replace(/^\s*- /, '').replace(/^(waiting for navigation) to \/.* until/, '$1 until').replace(/^navigated to/, '  $&')));
  throw error;
}

/** Until a navigation of the frame leads where a predicate says, or at once; then until it is loaded. */
/** `promise`, unless the page closes first. */
async function untilClosed(page, promise, { apiName, stack }) {
  const closed = why => Object.assign(new Error(`${apiName}: ${why}`), { stack });
  if (page.isClosed()) throw closed(CLOSED);
  let stop;
  const end = new Promise((_, reject) => { page.on('close', stop = () => reject(closed(whyClosed(page._id) ?? CLOSED))); });
  try { await Promise.race([promise, end]); } finally { page.off('close', stop); }
}

async function untilUrl(frame, url, { timeout, state }, call) {
  const began = native.now();
  if (!matchesUrl(url, frame._url)) await navigatedTo(frame, url, { timeout, state }, call);
  const left = leftOf(timeout, began);
  await op('frame.waitForLoadState', { frame: frame._id, state, timeout: left }, call);
}

function navigatedTo(frame, url, { timeout, state }, { apiName, stack }) {
  const log = [`waiting for navigation until "${state}"`];
  const page = frame._page;
  return new Promise((resolve, reject) => {
    let timer;
    const settle = (act, value) => {
      clearTimeout(timer);
      page.off('framenavigated', moved);
      page.off('close', closed);
      act(value);
    };
    const fail = (Kind, words) => {
      const error = new Kind(`${apiName}: ${words}${framed(log)}`);
      error.stack = stack;
      settle(reject, error);
    };
    const moved = other => {
      if (other !== frame) return;
      log.push(`  navigated to "${frame._url}"`);
      try { if (matchesUrl(url, frame._url)) settle(resolve); } catch (error) { settle(reject, error); }
    };
    const closed = () => fail(Error, whyClosed(page._id) ?? CLOSED);
    page.on('framenavigated', moved);
    page.on('close', closed);
    if (timeout > 0) timer = setTimeout(() => fail(TimeoutError, `Timeout ${timeout}ms exceeded.`), timeout);
  });
}

installGetBy(Frame.prototype);
installFrameMethods(Frame.prototype, 'frame', frame => frame);
