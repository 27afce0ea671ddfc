// What events of a page carry.
import { apiCall, unlessClosed } from '../op.js';
import { deserialize } from '../values.js';
import { makeHandle } from './handle.js';
import { lookup } from './registry.js';

export class Dialog {
  constructor(page, { dialog, type, message, defaultValue }) {
    this._id = dialog;
    this._page = page;
    this._type = type;
    this._message = message;
    this._default = defaultValue ?? '';
  }
  page() { return this._page; }
  type() { return this._type; }
  message() { return this._message; }
  defaultValue() { return this._default; }
  accept(promptText) { return apiCall('dialog.accept', 'Accept dialog', 'dialog.accept', { dialog: this._id, promptText }, {}); }
  dismiss() { return unlessClosed(apiCall('dialog.dismiss', 'Dismiss dialog', 'dialog.dismiss', { dialog: this._id }, {})); }
}

export class ConsoleMessage {
  /** `page` is null for what a service worker says. */
  constructor(page, { type, text, location, args, worker }) {
    this._page = page;
    this._worker = worker ? lookup(worker) ?? null : null;
    this._type = type;
    this._text = text;
    this._location = location;
    this._time = Date.now();
    this._args = (args ?? []).map(item => (item.handle ? makeHandle(item, page?._main) : { jsonValue: async () => deserialize(item.value), toString: () => item.preview ?? String(deserialize(item.value)) }));
  }
  page() { return this._page; }
  type() { return this._type; }
  text() { return this._text; }
  location() {
    const { url = '', lineNumber = 0, columnNumber = 0 } = this._location ?? {};
    return { url, line: lineNumber, column: columnNumber, lineNumber, columnNumber };
  }
  args() { return this._args; }
  timestamp() { return this._time; }
  [Symbol.for('nodejs.util.inspect.custom')]() { return this.text(); }
  worker() { return this._worker; }
}

/** A file input that was clicked; nothing is shown. */
export class FileChooser {
  constructor(page, { frame, multiple, ...element }) {
    this._page = page;
    this._element = makeHandle(element, lookup(frame));
    this._multiple = multiple;
  }
  page() { return this._page; }
  element() { return this._element; }
  isMultiple() { return this._multiple; }
  setFiles(files, options) { return this._element._setFiles('fileChooser.setFiles', files, options); }
}

export function pageError({ name, message, stack }) {
  const error = new Error(message);
  error.name = name || 'Error';
  error.stack = stack ?? '';
  return error;
}

export class WebError {
  constructor(page, error, location) { this._page = page; this._error = error; this._location = location; }
  page() { return this._page; }
  error() { return this._error; }
  /** Lines and columns from 0. */
  location() { return this._location; }
}
