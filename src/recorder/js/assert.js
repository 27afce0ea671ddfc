// Assertions: while one is being made, a click says of what, and the page does not see it.

/** `none`, `visible`, `text`, `value`, `snapshot`, `pick`. */
let mode = 'none';
/** What is shown around the element under the mouse. */
let outline = null;

const isAsserting = () => mode !== 'none';
const isOurs = node => !!node && node === outline;

function setMode(name) {
  mode = name;
  if (!isAsserting()) unmark();
}

const SWALLOWED = ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click', 'auxclick', 'contextmenu', 'dblclick', 'dragstart'];
for (const type of SWALLOWED) {
  addEventListener(type, event => {
    if (!isAsserting() || !event.isTrusted) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const element = hitBy(event);
    const ends = type === 'click' || (type === 'pointerup' && element.disabled);
    if (ends && isElement(element)) choose(element);
  }, { capture: true });
}

addEventListener('mousemove', event => {
  if (isAsserting() && isElement(hitBy(event))) mark(hitBy(event));
}, { capture: true, passive: true });

addEventListener('keydown', event => {
  if (!isAsserting() || !event.isTrusted) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.key === 'Escape') settleMode();
}, { capture: true });

const hasValue = element => ['TEXTAREA', 'SELECT'].includes(element.nodeName)
  || (element.nodeName === 'INPUT' && !['button', 'image', 'reset', 'submit'].includes(typeOf(element)));

/** What is asserted of an element; nothing where that makes no sense. */
function assertionOf(element) {
  switch (mode) {
    case 'visible': return { name: 'assertVisible', ...named(element) };
    case 'text': {
      const text = textOf(element).normalized;
      return text && { name: 'assertText', ...named(element, true), text, substring: true };
    }
    case 'value':
      if (!hasValue(element)) return null;
      // The click has turned it already; as it is prevented, it turns back.
      return isCheckable(element)
        ? { name: 'assertChecked', ...named(element), checked: !element.checked }
        : { name: 'assertValue', ...named(element), value: secretOf(element) ? '' : element.value };
    case 'snapshot': return { name: 'assertSnapshot', ...named(element, true), ariaSnapshot: snapshotOf(element) };
    case 'pick': return { name: 'picked', ...named(element) };
    default: return null;
  }
}

function choose(element) {
  const assertion = withCaches(() => assertionOf(element));
  if (!assertion) return;
  binding(JSON.stringify(assertion));
  settleMode();
}

/** Back to recording, here and, by Rust, in the other frames. */
function settleMode() {
  setMode('none');
  binding(JSON.stringify({ name: 'modeEnded' }));
}

function mark(element) {
  if (!outline) {
    outline = document.createElement('x-understudy');
    const frame = document.createElement('div');
    frame.style.cssText = 'position:fixed;box-sizing:border-box;border:2px solid #b4532a;background:#b4532a22;border-radius:2px';
    outline.style.cssText = 'all:initial;position:fixed;inset:0;pointer-events:none;z-index:2147483647';
    outline.attachShadow({ mode: 'closed' }).append(frame);
    outline.frame = frame;
    document.documentElement.append(outline);
  }
  const { x, y, width, height } = element.getBoundingClientRect();
  Object.assign(outline.frame.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}

function unmark() {
  outline?.remove();
  outline = null;
}
