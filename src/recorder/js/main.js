// Watches from before the page's first script on, in a world of its own. What a person does goes out in order, one JSON text each.

/** Rust's end. Taken before anything else can. */
const binding = globalThis.__understudy_record;
let paused = false;

function record(payload) {
  if (!paused && !isAsserting()) binding(JSON.stringify(payload));
}

/** Ours first, whatever the page listens to. */
function listen(type, listener, { trusted = true, capture = true } = {}) {
  addEventListener(type, event => {
    if (trusted && !event.isTrusted) return;
    if (isOurs(hitBy(event)) || isAsserting()) return;
    listener(event);
  }, { capture, passive: true });
}

listen('pointerdown', onPointerDown);
listen('mousedown', onMouseDown);
listen('mousedown', afterPress, { capture: false });
listen('pointerdown', afterPress, { capture: false });
listen('pointerup', onPointerUp);
listen('dragstart', onDragStart);
listen('drop', onDrop);
listen('dragend', onDragEnd);
listen('click', onClick);
listen('auxclick', onClick);
listen('contextmenu', onContextMenu);
listen('keydown', onKeyDown);
listen('focusin', onFocus);
listen('input', onInput, { trusted: false });

/** Rust calls these. */
const recorder = {
  setState(state) {
    paused = state.paused;
    setMode(state.mode);
  },
  ready: () => true,
  /** Of a frame's element, for the code of what is inside; which of its document's frames it is. */
  nameOf: element => ({ selector: suggest(element), index: queryAll(parseSelector('iframe, frame'), element.ownerDocument).indexOf(element) }),
};
