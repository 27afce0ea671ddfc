// The toolbar of a recording, in the main frame. A click on it takes no focus away from the page; what it means goes to Rust, which
// tells all frames.

/** In order: what it asks for, its label, and the letter that does the same with Alt and Shift. */
const BUTTONS = [
  ['record', 'Record', 'KeyR'], ['pick', 'Pick locator', 'KeyP'], ['hover', 'Record a hover', 'KeyH'], ['visible', 'Assert visibility', 'KeyV'], ['text', 'Assert text', 'KeyT'],
  ['value', 'Assert value', 'KeyE'], ['snapshot', 'Assert snapshot', 'KeyA'], ['stop', 'Stop recording', 'KeyS'],
];
/** The letter that brings the focus here. */
const FOCUS_KEY = 'KeyU';

/** `{ bar, buttons }` while it is shown. */
let toolbar = null;
/** While it is moved: where it was held. */
let grip = null;
/** What had the focus before it came here. */
let before = null;

/** As Rust says: null, or where it is, `{}` where nobody has moved it. */
function setToolbar(place) {
  if (window !== window.top) return;
  if (place && !toolbar) toolbar = makeToolbar();
  if (!place && toolbar) {
    toolbar.bar.remove();
    toolbar = null;
    hide('toolbar');
  }
  if (toolbar && Number.isFinite(place.x)) moveToolbar(place.x, place.y);
}

function makeToolbar() {
  const buttons = BUTTONS.map(([is, label, code]) => {
    const text = `${label} (Alt+Shift+${code.slice(3)})`;
    return ourElement('button', { 'data-is': is, type: 'button', tabindex: '-1', title: text, 'aria-label': label, 'aria-keyshortcuts': `Alt+Shift+${code.slice(3)}` }, icon(is));
  });
  const bar = ourElement('div', { class: 'toolbar', role: 'toolbar', 'aria-label': 'Recorder' });
  const [record, ...rest] = buttons;
  const stop = rest.pop();
  bar.append(ourElement('div', { class: 'grip', title: 'Move' }, icon('grip')), record, ourElement('hr', {}), ...rest, ourElement('hr', {}), stop);
  show('toolbar').append(bar);
  return { bar, buttons };
}

/** Inside of what is visible, however small that is or becomes. */
function moveToolbar(x, y) {
  const { bar } = toolbar;
  const within = (at, side) => `max(4px, min(${Math.round(at)}px, 100v${side === 'width' ? 'w' : 'h'} - ${Math.ceil(bar.getBoundingClientRect()[side]) + 4}px))`;
  bar.classList.add('placed');
  Object.assign(bar.style, { left: within(x, 'width'), top: within(y, 'height') });
}

/** What is going on, on the buttons. */
function showState() {
  for (const button of toolbar?.buttons ?? []) {
    const { is } = button.dataset;
    if (is !== 'stop') button.setAttribute('aria-pressed', is === 'record' ? !paused : is === mode);
  }
}

/** Pressed once more, an assertion is given up. */
function want(is) {
  const wanted = is === 'record' ? (paused ? 'record' : 'pause') : is === mode ? 'none' : is;
  // This frame is the one that is clicked next.
  if (is !== 'record' && is !== 'stop') setMode(wanted);
  ask(wanted);
}

const inside = ({ clientX, clientY }, element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX >= left && clientX < right && clientY >= top && clientY < bottom;
};

/** By its place: beside a modal dialog of the page it would be dead else. A click that a key made has no place. */
function isOverToolbar(event) {
  return !!toolbar && (!!grip || (inside(event, toolbar.bar) && (event.type !== 'click' || event.detail > 0)));
}

const TOOLBAR_EVENTS = {
  pointerdown(event) {
    if (event.button !== 0 || toolbar.buttons.some(button => inside(event, button))) return;
    const { x, y } = toolbar.bar.getBoundingClientRect();
    grip = { x: event.clientX - x, y: event.clientY - y };
    glass.host.setPointerCapture(event.pointerId);
    toolbar.bar.classList.add('held');
  },
  pointermove(event) {
    if (grip) moveToolbar(event.clientX - grip.x, event.clientY - grip.y);
  },
  pointerup: letGo,
  pointercancel: letGo,
  // The focus stays where it is.
  mousedown: event => event.preventDefault(),
  contextmenu: event => event.preventDefault(),
  dragstart: event => event.preventDefault(),
  click(event) {
    const button = event.detail ? toolbar.buttons.find(candidate => inside(event, candidate)) : glass.root.activeElement;
    if (button) want(button.dataset.is);
  },
  keydown(event) {
    const { buttons } = toolbar;
    const at = buttons.indexOf(glass.root.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) buttons.at(to % buttons.length).focus();
    else if (['Escape', 'Tab'].includes(event.key)) leaveToolbar();
    else return;
    event.preventDefault();
  },
};

function letGo() {
  if (!grip) return;
  grip = null;
  toolbar.bar.classList.remove('held');
  const { x, y } = toolbar.bar.getBoundingClientRect();
  binding(JSON.stringify({ name: 'moved', x, y }));
}

function leaveToolbar() {
  glass.root.activeElement?.blur();
  before?.focus({ preventScroll: true });
  before = null;
}

/** Whether a key was one of ours. In any frame; only where a toolbar says so. */
function isShortcut(event) {
  if (!shortcuts || !event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return false;
  const button = BUTTONS.find(([, , code]) => code === event.code);
  if (button) want(button[0]);
  else if (event.code === FOCUS_KEY && toolbar) {
    before = focused();
    toolbar.buttons[0].focus();
  }
  return !!button || event.code === FOCUS_KEY;
}

/** The middle of a button. */
function placeOf(is) {
  const { x, y, width, height } = toolbar.buttons.find(button => button.dataset.is === is).getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}
