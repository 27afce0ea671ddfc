// Watches from before the page's first script on, in a world of its own. What a person does goes out in order, one JSON text each.

function record(payload) {
  if (!isAsserting()) tell(payload);
}

function tell(payload) {
  if (!paused) binding(JSON.stringify(payload));
}

/** Ours first, whatever the page listens to. */
function listen(type, listener, { trusted = true, capture = true } = {}) {
  on(type, event => {
    if ((!trusted || event.isTrusted) && !isAsserting()) listener(event);
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
listen('wheel', onWheel);
listen('wheel', afterWheel, { capture: false });
listen('keydown', onKeyDown);
listen('focusin', onFocus);
listen('input', onInput, { trusted: false });

isSecret = element => !!secretOf(element);

/** Of the state that was told last. */
let version = -1;

/** Rust calls these. */
const recorder = {
  setState(state) {
    // Neither what is older than what was told before, nor than what was wanted here since.
    if (state.version < version || (state.answered ?? 0) < asked) return;
    version = state.version;
    paused = state.paused;
    shortcuts = !!state.toolbar;
    setToolbar(state.toolbar);
    setMode(state.mode);
  },
  describe,
  placeOf,
  /** As if it had never been here. */
  leave() {
    setToolbar(null);
    setMode('none');
    for (const observer of [documentChanges, changes]) observer.disconnect();
    for (const listener of listeners) removeEventListener(...listener);
    return true;
  },
  ready: () => true,
  /** Of a frame's element, for the code of what is inside; which of its document's frames it is. */
  nameOf: element => ({ selector: named(element).selector, index: queryAll(parseSelector('iframe, frame'), element.ownerDocument).indexOf(element) }),
};
