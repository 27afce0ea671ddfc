// Assertions and picks: while one is made, a click says of what. Neither the click nor a key gets to the page.

/** `none`, `visible`, `text`, `value`, `snapshot`, `hover`, `pick`. */
let mode = 'none';
/** What is done is not recorded. */
let paused = false;
/** Whether keys of the toolbar count. */
let shortcuts = false;
/** A press that was swallowed takes everything up to the next one along; a key takes its release along. */
let swallowing = false;
const swallowedKeys = new Set();

const isAsserting = () => mode !== 'none';

/** How much this document wanted so far. */
let asked = 0;

function ask(wanted) {
  binding(JSON.stringify({ name: 'wanted', wanted, asked: ++asked }));
}

function setMode(name) {
  mode = name;
  if (!isAsserting()) unmark();
  showState();
}

const SWALLOWED = ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'auxclick', 'contextmenu', 'dblclick', 'dragstart', 'touchstart', 'touchend'];
for (const type of SWALLOWED) {
  on(type, event => {
    if (!event.isTrusted) return;
    if (type === 'pointerdown') swallowing = isAsserting();
    // A key makes clicks too, without a press.
    if (!isAsserting() && !(swallowing && (type !== 'click' || event.detail))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const element = hitBy(event);
    // What is disabled gets no click.
    const ends = type === 'click' || (type === 'pointerup' && element.disabled);
    if (ends && isAsserting() && isElement(element)) choose(element);
  }, { capture: true, passive: false });
}

on('mousemove', event => {
  const element = hitBy(event);
  if (!isAsserting() || !isElement(element)) return;
  const selector = withCaches(() => selectorFor(element));
  if (selector) mark(aimOf(element), selector);
  else unmark();
}, { capture: true, passive: true });

for (const type of ['keydown', 'keypress', 'keyup']) {
  on(type, event => {
    if (!event.isTrusted) return;
    const isDown = type === 'keydown';
    const wasAsserting = isAsserting();
    const isShort = isDown && isShortcut(event);
    if (isDown ? !wasAsserting && !isShort : !swallowedKeys.has(event.code)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isDown) swallowedKeys.add(event.code);
    if (type === 'keyup') swallowedKeys.delete(event.code);
    if (isDown && !isShort && event.key === 'Escape') settleMode();
  }, { capture: true });
}

const hasValue = element => ['TEXTAREA', 'SELECT'].includes(element.nodeName)
  || (element.nodeName === 'INPUT' && !['button', 'image', 'reset', 'submit'].includes(typeOf(element)));

/** By its text nobody would find an element whose text is to be asserted. */
const namedForMode = element => named(element, mode === 'text' || mode === 'snapshot');

/** Nothing where the assertion makes no sense. */
function selectorFor(element) {
  if ((mode === 'value' && !hasValue(element)) || (mode === 'text' && !textOf(element).normalized)) return null;
  return namedForMode(element).selector;
}

/** What is asserted of an element; nothing where that makes no sense. */
function assertionOf(element) {
  if (!selectorFor(element)) return null;
  switch (mode) {
    case 'hover': return { name: 'hover' };
    case 'visible': return { name: 'assertVisible' };
    case 'text': return { name: 'assertText', text: textOf(element).normalized, substring: true };
    case 'value':
      // The click has turned it already; as it is prevented, it turns back.
      return isCheckable(element) ? { name: 'assertChecked', checked: !element.checked } : { name: 'assertValue', value: element.value, ...secrecy(element) };
    case 'snapshot': return { name: 'assertSnapshot', ariaSnapshot: snapshotOf(element) };
    default: return { name: 'picked' };
  }
}

function choose(element) {
  const assertion = withCaches(() => assertionOf(element));
  if (!assertion) return;
  tellTurns(element);
  binding(JSON.stringify({ ...assertion, ...namedForMode(element) }));
  settleMode();
}

/** Back to recording, here and, by Rust, in the other frames. */
function settleMode() {
  setMode('none');
  ask('none');
}
