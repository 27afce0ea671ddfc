// JSHandle and ElementHandle: values that stay in the page.
import * as describe from '../describe.js';
import { apiCall, apiStep, op, quiet } from '../op.js';
import { argument, deserialize } from '../values.js';
import { evaluateCallbacks } from './exposed.js';
import { lookup } from './registry.js';
import { saveScreenshot, screenshotOptions } from './screenshot.js';

export const handleId = value => (value instanceof JSHandle ? value._id : undefined);

/** Sends a function or an expression to where it is evaluated; the answer is a value or a handle. */
export async function evaluate(apiName, operation, { title = '', ...target }, expression, arg, { returnHandle = false, step = true, frame, page, options } = {}) {
  checkOptions(options);
  const isFunction = typeof expression === 'function';
  const params = expose => ({ ...target, expression: functionText(expression), isFunction, arg: argument(arg, handleId, expose), returnHandle });
  const shown = target.selector ? { selector: target.selector } : {};
  let result;
  if (!step) result = await quiet(apiName, operation, params());
  else if (!options?.exposeFunctions) result = await apiCall(apiName, `Evaluate${title}`, operation, params(), shown);
  else result = await apiStep(apiName, `Evaluate${title}`, shown, async ({ id, stack }) => op(operation, params(await evaluateCallbacks(page)), { apiName, step: id, stack }));
  return returnHandle ? makeHandle(result, frame, page) : deserialize(result.value);
}

/** `$eval`: of what is there now. */
export function evaluateFirst(apiName, target, expression, arg) {
  const { selector } = target;
  return apiStep(apiName, `Evaluate ${describe.selector(selector)}`, { selector }, async ({ id, stack }) => {
    const call = { apiName, step: id, stack };
    const found = await op('frame.querySelector', target, call);
    if (!found) {
      const error = new Error(`${apiName}: Failed to find element matching selector ${JSON.stringify(selector)}`);
      error.stack = stack;
      throw error;
    }
    const { handle } = found;
    const params = { handle, expression: functionText(expression), isFunction: typeof expression === 'function', arg: argument(arg, handleId), returnHandle: false };
    try {
      return deserialize((await op('handle.evaluate', params, call)).value);
    } finally {
      quiet('', 'handle.dispose', { handle }).catch(() => {});
    }
  });
}

/**
 * Methods written as `{ name() {} }` print without `function`. What the transform made of `await` (see await_chain.rs) means nothing in
 * the page: there it is given a function that does nothing.
 */
export function functionText(expression) {
  if (typeof expression !== 'function') return String(expression);
  const text = expressionText(expression);
  return /__aw\(|__caught\(/.test(text) ? `((__aw, __caught) => ${text})(promise => promise, () => {})` : text;
}

function expressionText(expression) {
  const text = Function.prototype.toString.call(expression);
  if (/^(async\s*)?(function\b|\(|[\w$]+\s*=>|class\b)/.test(text)) return text;
  return text.startsWith('async ') ? text.replace(/^async\s+/, 'async function ') : `function ${text}`;
}

const TOO_MANY = 'Too many arguments. If you need to pass more than 1 argument to the function wrap them in an object.';

/** More than one argument would be lost silently. */
export function oneArgument(given, most) {
  if (given > most) throw new Error(TOO_MANY);
}

/** What stands where the options stand may be an argument that would be lost. */
export function checkOptions(options) {
  if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options))) throw new Error(TOO_MANY);
}

/** `frame` is where it is; what is in a worker is in none, and has only a page. */
export function makeHandle(result, frame, page = frame?._page) {
  if (!result) return null;
  const handle = result.isElement ? new ElementHandle(result.handle, frame, result.preview) : new JSHandle(result.handle, frame, result.preview);
  return Object.assign(handle, { _page: page });
}

export class JSHandle {
  constructor(id, frame, preview) {
    this._id = id;
    this._frame = frame;
    this._preview = preview ?? 'JSHandle';
    this._disposed = false;
  }
  async evaluate(expression, arg, options) {
    if (this._disposed) return this._gone('evaluate');
    return evaluate(`${this._api}.evaluate`, 'handle.evaluate', { handle: this._id, frame: this._frame?._id }, expression, arg, { page: this._page, options });
  }
  async evaluateHandle(expression, arg, options) {
    if (this._disposed) return this._gone('evaluateHandle');
    const how = { returnHandle: true, frame: this._frame, page: this._page, options };
    return evaluate(`${this._api}.evaluateHandle`, 'handle.evaluate', { handle: this._id, frame: this._frame?._id }, expression, arg, how);
  }
  async jsonValue() { return deserialize(await quiet(`${this._api}.jsonValue`, 'handle.jsonValue', { handle: this._id, frame: this._frame?._id })); }
  async getProperties() {
    const properties = await quiet(`${this._api}.getProperties`, 'handle.getProperties', { handle: this._id });
    return new Map(properties.map(({ name, ...value }) => [name, makeHandle(value, this._frame, this._page)]));
  }
  async getProperty(name) {
    // In a box: what is evaluated is awaited.
    const boxed = await evaluate(`${this._api}.getProperty`, 'handle.evaluate', { handle: this._id, frame: this._frame?._id }, (object, key) => ({ __proto__: null, [key]: object[key] }), name, { returnHandle: true, step: false, frame: this._frame, page: this._page });
    const property = (await boxed.getProperties()).get(name);
    boxed.dispose().catch(() => {});
    return property;
  }
  /** Its name in messages. */
  get _api() { return 'jsHandle'; }
  _gone(method) {
    return apiStep(`${this._api}.${method}`, 'Evaluate', {}, async () => { throw new Error(`${this._api}.${method}: Target page, context or browser has been closed`); });
  }
  asElement() { return null; }
  async dispose() {
    if (this._disposed) return;
    this._disposed = true;
    await quiet(`${this._api}.dispose`, 'handle.dispose', { handle: this._id });
  }
  async [Symbol.asyncDispose]() { await this.dispose(); }
  toString() { return this._preview; }
  toJSON() { return { _type: this.constructor.name, _guid: this._id }; }
}

export class ElementHandle extends JSHandle {
  get _api() { return 'elementHandle'; }
  asElement() { return this; }
  async contentFrame() {
    const result = await quiet('elementHandle.contentFrame', 'handle.contentFrame', { handle: this._id });
    return result ? lookup(result.frame) : null;
  }
  async ownerFrame() {
    const result = await quiet('elementHandle.ownerFrame', 'handle.ownerFrame', { handle: this._id });
    return result ? lookup(result.frame) : null;
  }
  async $(selector) {
    return makeHandle(await apiCall('elementHandle.$', `Query selector ${describe.selector(selector)}`, 'frame.querySelector', { ...this._target(), selector, strict: false }), this._frame);
  }
  async $$(selector) {
    const found = await apiCall('elementHandle.$$', `Query selector all ${describe.selector(selector)}`, 'frame.querySelectorAll', { ...this._target(), selector });
    return found.map(item => makeHandle(item, this._frame));
  }
  async $eval(selector, expression, arg) { return evaluateFirst('elementHandle.$eval', { ...this._target(), selector, strict: false }, expression, arg); }
  async $$eval(selector, expression, arg) {
    const all = `(_, [elements, arg]) => (${functionText(expression)})(elements, arg)`;
    return apiStep('elementHandle.$$eval', `Evaluate ${describe.selector(selector)}`, { selector }, async ({ id, stack }) => {
      const call = { apiName: 'elementHandle.$$eval', step: id, stack };
      const found = await op('frame.querySelectorAll', { ...this._target(), selector }, call);
      const elements = found.map(item => makeHandle(item, this._frame));
      const params = { handle: this._id, expression: all, isFunction: true, arg: argument([elements, arg], handleId), returnHandle: false };
      return deserialize((await op('handle.evaluate', params, call)).value);
    });
  }
  async waitForSelector(selector, options) {
    const params = { ...this._target(), selector, state: options?.state ?? 'visible', strict: Boolean(options?.strict), timeout: this._timeout(options) };
    return makeHandle(await apiCall('elementHandle.waitForSelector', `Wait for selector ${describe.selector(String(selector))}`, 'frame.waitForSelector', params, { selector }), this._frame);
  }
  async waitForElementState(state, options) {
    await apiCall('elementHandle.waitForElementState', `Wait for element state "${state}"`, 'locator.waitForElementState', { ...this._target(), state, timeout: this._timeout(options) }, { state });
  }
  async boundingBox() { return apiCall('elementHandle.boundingBox', 'Get bounding box', 'locator.boundingBox', { ...this._target(), timeout: 0 }, {}); }
  async screenshot(options = {}) {
    return saveScreenshot(await apiCall('elementHandle.screenshot', 'Screenshot', 'locator.screenshot', { ...screenshotOptions('elementHandle.screenshot', options), ...this._target(), timeout: this._timeout(options) }, {}));
  }
  _target() { return { frame: this._frame?._id, handle: this._id, selector: '' }; }
  _describe() { return ''; }
  _timeout(options) { return this._frame?._page._timeouts.forAction(options) ?? options?.timeout ?? 0; }
}
