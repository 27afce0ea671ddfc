// What we show in a page: one element after everything else, in the top layer, closed to the page. No event of it gets to the page.

/** `{ host, root }`, once something was to be shown. */
let glass = null;
/** Who wants something shown: it stays until nobody does. */
const showing = new Set();

const isOurs = node => !!glass && node === glass.host;

/** The root to put things into; `who` wants them seen. */
function show(who) {
  glass ??= makeGlass();
  if (!showing.has(who)) {
    showing.add(who);
    attach();
  }
  return glass.root;
}

function hide(who) {
  if (showing.delete(who) && !showing.size) glass.host.remove();
}

function makeGlass() {
  const host = document.createElementNS('http://www.w3.org/1999/xhtml', 'x-understudy');
  const own = { all: 'initial', position: 'fixed', top: '0', left: '0', width: '0', height: '0', overflow: 'visible', 'pointer-events': 'none' };
  for (const [name, value] of Object.entries(own)) host.style.setProperty(name, value, 'important');
  const root = host.attachShadow({ mode: 'closed' });
  // A constructed sheet needs no permission of a content security policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(GLASS_CSS);
  root.adoptedStyleSheets = [sheet];
  return { host, root };
}

/** At the end of the document that is there now, above all that is painted. */
function attach() {
  const parent = document.documentElement;
  if (!parent || !showing.size) return;
  if (glass.host.parentNode !== parent) parent.append(glass.host);
  documentChanges.observe(parent, { childList: true });
  rise();
}

/** On top of the top layer, where dialogs of the page are too. Documents of other kinds than HTML have none. */
function rise() {
  const { host } = glass;
  if (!host.showPopover) return;
  host.popover = 'manual';
  if (host.matches(':popover-open')) host.hidePopover();
  host.showPopover();
}

const documentChanges = new MutationObserver(() => {
  restoreListeners();
  // Not at once: a page that takes us out each time would never come to an end.
  if (showing.size && glass.host.parentNode !== document.documentElement) requestAnimationFrame(attach);
});
documentChanges.observe(document, { childList: true });

for (const type of ['toggle', 'fullscreenchange']) {
  on(type, event => {
    if (showing.size && !isOurs(hitBy(event)) && (type !== 'toggle' || event.newState === 'open')) rise();
  }, { capture: true, passive: true });
}

const POINTING = ['pointerdown', 'pointerup', 'pointermove', 'pointerover', 'pointerout', 'pointercancel', 'mousedown', 'mouseup', 'mousemove', 'mouseover',
  'mouseout', 'click', 'auxclick', 'dblclick', 'contextmenu'];
const OTHERWISE = ['pointerenter', 'pointerleave', 'mouseenter', 'mouseleave', 'gotpointercapture', 'lostpointercapture', 'dragstart', 'selectstart', 'keydown',
  'keypress', 'keyup', 'focus', 'blur', 'focusin', 'focusout', 'beforetoggle', 'toggle'];

for (const type of [...POINTING, ...OTHERWISE]) {
  on(type, event => {
    const ours = isOurs(hitBy(event)) || (event.isTrusted && POINTING.includes(type) && isOverToolbar(event));
    if (!ours) return;
    event.stopImmediatePropagation();
    if (POINTING.includes(type)) unmark();
    if (event.isTrusted) TOOLBAR_EVENTS[type]?.(event);
  }, { capture: true });
}
// These are never held up: a page scrolls the smoother.
for (const type of ['touchstart', 'touchmove', 'touchend', 'wheel']) {
  on(type, event => isOurs(hitBy(event)) && event.stopImmediatePropagation(), { capture: true, passive: true });
}
