// Actions and reads on an element: one table for Locator, ElementHandle and, with a selector in front, Page and Frame.
import { native } from '../native.js';
import { apiCall, quiet } from '../op.js';
import { argument } from '../values.js';
import { ElementHandle, handleId } from './handle.js';

/** name: [title, parameters of the call → parameters of the operation, what the step shows] */
export const ACTIONS = {
  click: ['Click', options => ({ ...options })],
  dblclick: ['Double click', options => ({ ...options })],
  tap: ['Tap', options => ({ ...options })],
  hover: ['Hover', options => ({ ...options })],
  fill: [({ value }) => `Fill "${value}"`, (value, options) => ({ ...options, value: value })],
  clear: ['Clear', options => ({ ...options })],
  press: [({ key }) => `Press "${key}"`, (key, options) => ({ ...options, key: key })],
  pressSequentially: [({ text }) => `Type "${text}"`, (text, options) => ({ ...options, text: text })],
  type: [({ text }) => `Type "${text}"`, (text, options) => ({ ...options, text: text })],
  check: ['Check', options => ({ ...options })],
  uncheck: ['Uncheck', options => ({ ...options })],
  setChecked: [({ checked }) => (checked ? 'Check' : 'Uncheck'), (checked, options) => ({ ...options, checked: Boolean(checked) })],
  selectOption: ['Select option', (values, options) => ({ ...options, options: selectOptions(values) })],
  selectText: ['Select text', options => ({ ...options })],
  focus: ['Focus', options => ({ ...options })],
  blur: ['Blur', options => ({ ...options })],
  scrollIntoViewIfNeeded: ['Scroll into view', options => ({ ...options })],
  dispatchEvent: [({ type }) => `Dispatch "${type}"`, (type, eventInit, options) => ({ ...options, type: type, eventInit: argument(eventInit ?? {}, handleId) })],
  setInputFiles: ['Set input files', (files, options) => ({ ...options, files: filePayloads(files) })],
};

export const READS = {
  textContent: options => ({ ...options }),
  innerText: options => ({ ...options }),
  innerHTML: options => ({ ...options }),
  inputValue: options => ({ ...options }),
  getAttribute: (name, options) => ({ ...options, name: name }),
  isVisible: options => ({ ...options }),
  isHidden: options => ({ ...options }),
  isChecked: options => ({ ...options }),
  isEnabled: options => ({ ...options }),
  isDisabled: options => ({ ...options }),
  isEditable: options => ({ ...options }),
};

/** The host's name of an operation where it differs. */
const OPERATION = { type: 'pressSequentially' };

/** What handles show less of. */
const HANDLE_TITLES = { elementHandle: { type: 'Type', dispatchEvent: 'Dispatch event' } };

/** Gives `prototype` the methods of the tables. `prepare(self, args)` → `[target, rest of args, timeouts]`. */
export function installActions(prototype, apiObject, prepare, skip = []) {
  for (const [name, [title, toParams]] of Object.entries(ACTIONS)) {
    if (skip.includes(name)) continue;
    define(prototype, name, async function (...args) {
      const { target, rest, subtitle, timeout } = prepare(this, args);
      const params = toParams(...rest);
      const words = HANDLE_TITLES[apiObject]?.[name] ?? (typeof title === 'function' ? title(params) : title);
      const all = { ...target, ...params, timeout: timeout(params) };
      const done = apiCall(`${apiObject}.${name}`, subtitle ? `${words} ${subtitle}` : words, `locator.${OPERATION[name] ?? name}`, all, shown(all));
      return name === 'selectOption' ? done : done.then(() => {});
    });
  }
  for (const [name, toParams] of Object.entries(READS)) {
    if (skip.includes(name)) continue;
    define(prototype, name, function (...args) {
      const { target, rest, timeout } = prepare(this, args);
      const params = toParams(...rest);
      return quiet(`${apiObject}.${name}`, `locator.${name}`, { ...target, ...params, timeout: timeout(params) });
    });
  }
}

function define(prototype, name, value) {
  Object.defineProperty(value, 'name', { value: name });
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

/** What a server is told an action was done with. */
function shown({ frame, handle, strict, timeout, eventInit, files, ...rest }) {
  if (files) rest.files = files.map(file => file.name ?? file.path?.split('/').pop());
  return rest;
}

function selectOptions(values) {
  if (values === null || values === undefined) return [];
  const list = Array.isArray(values) ? values : [values];
  return list.map((value, index) => {
    if (value === null) throw new Error(`options[${index}]: expected object, got null`);
    if (value instanceof ElementHandle) return { handle: value._id };
    if (typeof value === 'string') return { valueOrLabel: value };
    if (typeof list[0] === 'string') return { valueOrLabel: value };
    if (typeof value !== 'object') return value;
    const { value: chosen, label, index: at } = value;
    return { value: chosen, label, index: at };
  });
}

export function filePayloads(files) {
  const list = Array.isArray(files) ? files : [files];
  const folders = list.filter(file => typeof file === 'string' && kindOf(file) === 'folder');
  if (folders.length > 1) throw new Error('Multiple directories are not supported');
  if (folders.length && list.length > 1) throw new Error('File paths must be all files or a single directory');
  return list.map(file => {
    if (typeof file === 'string') return { path: file };
    if (file.buffer === undefined) return {};
    return { name: String(file.name), mimeType: file.mimeType ?? 'application/octet-stream', base64: Buffer.from(file.buffer).toString('base64') };
  });
}

/** What a path names, as far as tests have files. */
function kindOf(path) {
  const { value, code } = JSON.parse(native.file('stat', JSON.stringify({ path: path.startsWith('/') ? path : `${process.cwd()}/${path}`, follow: true })));
  if (code === 'ENOENT') throw Object.assign(new Error(`ENOENT: no such file or directory, stat '${path}'`), { code });
  return value?.kind;
}

ElementHandle.prototype._setFiles = async function (apiName, files, options) {
  const params = { ...options, ...this._target(), files: filePayloads(files), timeout: this._timeout(options) };
  return apiCall(apiName, 'Set input files', 'locator.setInputFiles', params, shown(params));
};

installActions(ElementHandle.prototype, 'elementHandle', (self, args) => ({
  target: self._target(), rest: args, subtitle: '', timeout: options => self._timeout(options),
}), ['pressSequentially', 'clear', 'blur']);
