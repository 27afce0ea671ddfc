// Keyboard, mouse and touchscreen of a page.
import { apiCall } from '../op.js';

class Device {
  constructor(page) { this._page = page; }
  _call(method, title, params) {
    return apiCall(`${this._name}.${method}`, title, `${this._name}.${method}`, { page: this._page._id, ...params }, params);
  }
}

export class Keyboard extends Device {
  _name = 'keyboard';
  down(key) { return this._call('down', `Key down "${key}"`, { key }); }
  up(key) { return this._call('up', `Key up "${key}"`, { key }); }
  press(key, options) { return this._call('press', `Press "${key}"`, { key, delay: options?.delay }); }
  type(text, options) { return this._call('type', `Type "${text}"`, { text, delay: options?.delay }); }
  insertText(text) { return this._call('insertText', `Insert "${text}"`, { text }); }
}

export class Mouse extends Device {
  _name = 'mouse';
  move(x, y, options) { return this._call('move', 'Mouse move', { x, y, steps: options?.steps }); }
  down(options) { return this._call('down', 'Mouse down', { ...options }); }
  up(options) { return this._call('up', 'Mouse up', { ...options }); }
  click(x, y, options) { return this._call('click', 'Click', { x, y, ...options }); }
  dblclick(x, y, options) {
    return apiCall('mouse.dblclick', 'Double click', 'mouse.click', { page: this._page._id, x, y, ...options, clickCount: 2 }, { x, y });
  }
  wheel(deltaX, deltaY) { return this._call('wheel', 'Mouse wheel', { deltaX, deltaY }); }
}

export class Touchscreen extends Device {
  _name = 'touchscreen';
  tap(x, y) { return this._call('tap', 'Tap', { x, y }); }
}
