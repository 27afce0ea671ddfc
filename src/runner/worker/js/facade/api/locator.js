// Locator and FrameLocator: a selector that is looked up anew for every action.
import * as by from '../selectors.js';
import * as describe from '../describe.js';
import { apiCall, apiStep, quiet, op } from '../op.js';

import { argument } from '../values.js';
import { Disposable } from './disposable.js';
import { evaluate, functionText, handleId, makeHandle } from './handle.js';
import { filePayloads, installActions } from './actions.js';
import { saveScreenshot, screenshotOptions } from './screenshot.js';
import { ariaSnapshot, ariaSnapshotJSON } from './snapshot.js';

const ENTER_FRAME = ' >> internal:control=enter-frame';

/** The `getBy…` family; `make(selector, text)` continues from where the object stands. */
export function installGetBy(prototype) {
  const simple = { getByText: by.byText, getByLabel: by.byLabel, getByAltText: by.byAltText, getByPlaceholder: by.byPlaceholder, getByTitle: by.byTitle, getByTestId: by.byTestId };
  for (const [name, selector] of Object.entries(simple))
    prototype[name] = function (text, options) { return this._make(selector(text, options), describe.getBy(name, text, name === 'getByTestId' ? {} : options)); };
  prototype.getByRole = function (role, options) { return this._make(by.byRole(role, options), describe.getByRole(role, options)); };
  prototype.locator = function (selector, options) {
    if (selector instanceof Locator) {
      if (selector._frame !== this._root()) throw new Error('Locators must belong to the same frame.');
      return this._make(`internal:chain=${JSON.stringify(selector._selector)}${this._filters(options)}`, `locator(${selector})${describe.filters(options)}`);
    }
    const filters = this._filters(options);
    return this._make(typeof selector === 'string' || filters ? `${selector}${filters}` : selector, describe.selector(String(selector)) + describe.filters(options));
  };
  prototype.frameLocator = function (selector) {
    return new FrameLocator(this.locator(selector));
  };
  prototype._filters = function (options) {
    return by.filters(options, (inner, name) => {
      if (inner._frame !== this._root()) throw new Error(`Inner "${name}" locator must belong to the same frame.`);
      return inner._selector;
    });
  };
}

export class Locator {
  constructor(frame, selector, text) {
    this._frame = frame;
    this._selector = selector;
    this._text = text;
  }
  page() { return this._frame.page(); }
  _root() { return this._frame; }
  _make(selector, text) { return new Locator(this._frame, `${this._selector} >> ${selector}`, `${this._text}.${text}`); }
  _target(options) { return { frame: this._frame._id, selector: this._selector, strict: true, timeout: this._frame._page._timeouts.forAction(options) }; }

  filter(options) { return new Locator(this._frame, this._selector + this._filters(options), this._text + describe.filters(options)); }
  visible() { return this._make('visible=true', 'visible()'); }
  within(outer) { return outer.locator(this); }
  first() { return this._make('nth=0', 'first()'); }
  last() { return this._make('nth=-1', 'last()'); }
  nth(index) { return this._make(`nth=${index}`, index === 0 ? 'first()' : index === -1 ? 'last()' : `nth(${index})`); }
  and(other) { return this.#combined('and', other); }
  or(other) { return this.#combined('or', other); }
  #combined(name, other) {
    if (other?._frame !== this._frame) throw new Error('Locators must belong to the same frame.');
    return this._make(`internal:${name}=${JSON.stringify(other._selector)}`, `${name}(${other})`);
  }
  describe(description) {
    const made = new Locator(this._frame, `${this._selector} >> internal:describe=${JSON.stringify(description)}`, description);
    made._description = description;
    return made;
  }
  description() { return this._description ?? null; }
  contentFrame() { return new FrameLocator(this); }

  /** For recordings: what of `alternatives` finds the element, where this does not any more; that is noted in the test. */
  async _healed(alternatives, test) {
    const target = this._target();
    const healed = await quiet('locator.heal', 'locator.heal', { ...target, timeout: target.timeout || test.info().timeout, alternatives });
    if (!healed) return this;
    const found = healed.found === 0 ? 'no element' : `${healed.found} elements`;
    const words = `${this} finds ${found}: ${healed.text} is used instead`;
    test.info().annotations.push({ type: 'healed', description: words });
    console.warn(words);
    const text = `${healed.text} instead of ${this}`;
    return this._root()._make(`${healed.selector} >> internal:describe=${JSON.stringify(text)}`, text);
  }

  count() { return apiCall('locator.count', `Query count ${this}`, 'locator.count', this._target(), { selector: this._selector }); }
  all() {
    return apiStep('locator.all', `Query count ${this}`, { selector: this._selector }, async step => {
      const count = await op('locator.count', this._target(), { apiName: 'locator.all', ...step, step: step.id });
      return Array.from({ length: count }, (_, index) => this.nth(index));
    });
  }
  allTextContents() { return apiCall('locator.allTextContents', `Evaluate ${this}`, 'locator.allTextContents', this._target(), { selector: this._selector }); }
  allInnerTexts() { return apiCall('locator.allInnerTexts', `Evaluate ${this}`, 'locator.allInnerTexts', this._target(), { selector: this._selector }); }
  boundingBox(options) { return apiCall('locator.boundingBox', `Bounding box ${this}`, 'locator.boundingBox', this._target(options), { selector: this._selector }); }
  evaluate(expression, arg, options) {
    return evaluate('locator.evaluate', 'locator.evaluate', { ...this._target(options), title: ` ${this}` }, expression, arg, { page: this.page(), options });
  }
  evaluateAll(expression, arg) {
    return evaluate('locator.evaluateAll', 'locator.evaluateAll', { ...this._target(), title: ` ${this}` }, expression, arg);
  }
  evaluateHandle(expression, arg, options) {
    const how = { returnHandle: true, frame: this._frame, page: this.page(), options };
    return evaluate('locator.evaluateHandle', 'locator.evaluate', { ...this._target(options), title: ` ${this}` }, expression, arg, how);
  }
  async elementHandle(options) { return makeHandle(await quiet('locator.elementHandle', 'locator.elementHandle', this._target(options)), this._frame); }
  async elementHandles() {
    return (await quiet('locator.elementHandles', 'locator.elementHandles', this._target())).map(item => makeHandle(item, this._frame));
  }
  waitFor(options) {
    return apiCall('locator.waitFor', `Wait for selector ${this}`, 'locator.waitFor', { ...this._target(options), state: options?.state ?? 'visible' }, { selector: this._selector });
  }
  dragTo(target, options) {
    return apiCall('locator.dragTo', 'Drag and drop', 'locator.dragTo', { ...options, ...this._target(options), target: target._selector }, { selector: this._selector, target: target._selector });
  }
  ariaSnapshot(options) { return ariaSnapshot('locator', ` ${this}`, this._target(options), options); }
  ariaSnapshotJSON(options) { return ariaSnapshotJSON('locator', ` ${this}`, this._target(options), options); }
  async highlight(options) {
    await quiet('locator.highlight', 'locator.highlight', { ...this._target(), css: cssOf(options?.style) });
    return new Disposable(() => this.hideHighlight());
  }
  hideHighlight() { return quiet('locator.hideHighlight', 'locator.hideHighlight', this._target()); }
  async normalize() {
    const { selector, text } = await quiet('locator.normalize', 'locator.normalize', this._target());
    return new Locator(this._frame, selector, text);
  }
  async waitForFunction(expression, arg, options) {
    const test = `async (element, arg) => { const test = (${functionText(expression)}); return Boolean(await (typeof test === 'function' ? test(element, arg) : test)); }`;
    const params = { ...this._target(options), expression: test, isFunction: true, arg: argument(arg, handleId) };
    await apiCall('locator.waitForFunction', `Wait for function ${this}`, 'locator.waitForFunction', params, { selector: this._selector });
  }
  async drop(payload, options) {
    if (payload?.files === undefined && payload?.data === undefined) throw new Error('locator.drop: At least one of "files" or "data" must be provided.');
    const params = { ...options, ...this._target(options), files: payload?.files === undefined ? [] : filePayloads(payload.files), data: Object.entries(payload?.data ?? {}) };
    await apiCall('locator.drop', `Drop ${this}`, 'locator.drop', params, { selector: this._selector });
  }
  async screenshot(options = {}) {
    return saveScreenshot(await apiCall('locator.screenshot', `Screenshot ${this}`, 'locator.screenshot', { ...screenshotOptions('locator.screenshot', options), ...this._target(options) }, { selector: this._selector }));
  }
  toString() { return this._text; }
  toJSON() { return { _frame: this._frame, _selector: this._selector }; }
  [Symbol.for('nodejs.util.inspect.custom')]() { return `Locator@${this._text}`; }
}
installGetBy(Locator.prototype);
installActions(Locator.prototype, 'locator', (self, args) => ({
  target: self._target(), rest: args, subtitle: String(self), timeout: options => self._frame._page._timeouts.forAction(options),
}));

/** A text, or an object of properties as in `element.style`. */
function cssOf(style) {
  if (style === undefined || typeof style === 'string') return style;
  return Object.entries(style).map(([name, value]) => `${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}: ${value}`).join('; ');
}

export class FrameLocator {
  constructor(owner) {
    this._owner = owner;
    this._frame = owner._frame;
  }
  _root() { return this._frame; }
  _make(selector, text) { return new Locator(this._frame, `${this._owner._selector}${ENTER_FRAME} >> ${selector}`, `${this._owner._text}.contentFrame().${text}`); }
  owner() { return this._owner; }
  first() { return new FrameLocator(this._owner.first()); }
  last() { return new FrameLocator(this._owner.last()); }
  nth(index) { return new FrameLocator(this._owner.nth(index)); }
}
installGetBy(FrameLocator.prototype);

