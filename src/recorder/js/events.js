// Reading events the way Playwright's recorder does.

/** Rust's end. Looked up at each call: in a new process a document's scripts may run before Chromium has put it there. */
const binding = text => globalThis.__understudy_record(text);

/** All listeners of ours on the window. */
const listeners = [];

function on(...listener) {
  listeners.push(listener);
  addEventListener(...listener);
}

/** `document.open` takes every listener away; adding one that is there changes nothing. */
function restoreListeners() {
  for (const listener of listeners) addEventListener(...listener);
}

/** What was really hit, inside open shadow roots too. */
const hitBy = event => event.composedPath()[0] ?? event.target;

const modifiersOf = event => (event.altKey ? 1 : 0) | (event.ctrlKey ? 2 : 0) | (event.metaKey ? 4 : 0) | (event.shiftKey ? 8 : 0);
const buttonOf = event => ['left', 'middle', 'right'][event.button] ?? 'left';

const typeOf = element => (element.nodeName === 'INPUT' ? element.type.toLowerCase() : '');
const isCheckable = element => ['checkbox', 'radio'].includes(typeOf(element));
const isTextField = element => element.nodeName === 'TEXTAREA' || (element.nodeName === 'INPUT' && !isCheckable(element) && typeOf(element) !== 'file');

/** Chosen in a window of the browser's own, which sends no events. */
const NATIVE_PICKERS = new Set(['color', 'date', 'datetime-local', 'file', 'month', 'range', 'time', 'week']);
const opensPicker = element => ['SELECT', 'OPTION'].includes(element.nodeName) || NATIVE_PICKERS.has(typeOf(element));

/** A place on a canvas matters; elsewhere the middle will do. */
const placeIn = (event, element) => (element.nodeName === 'CANVAS' ? { x: event.offsetX, y: event.offsetY } : undefined);

function focused() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}
