//# sourceURL=understudy:hub/dashboard/live.js
// The live picture of a page, and the hands that reach into it. Places go out in CSS pixels of the page's visible part.

/** Two presses so close, in ms and CSS pixels, count as a double click; farther apart a finger pulls instead of tapping. */
const DOUBLE = { time: 500, distance: 6 };
const PULL = 8;
/** `WheelEvent.deltaMode`: what a line and a page are in pixels. */
const WHEEL_UNITS = [1, 18, 600];

const BUTTONS = ['left', 'middle', 'right'];
const IS_MAC = /^Mac/.test(navigator.platform);
const MODIFIER_KEYS = ['Alt', 'AltGraph', 'Control', 'Meta', 'Shift', 'CapsLock', 'NumLock', 'Dead', 'Process', 'Unidentified'];
/** Keys of the browser around us that people need more than the page does. */
const OURS = ['F11', 'F12'];
const LEAVES = 'F6';

export class Live {
  #canvas;
  #keys;
  #send;
  #leave;
  #size = { width: 1280, height: 720 };
  #next;
  #drawing = false;
  #move;
  #wheel;
  #due;
  #pressed;
  #last = { time: 0, count: 0 };
  #pull;
  #held = new Set();
  /** Where in the picture the pointer was pressed last, pixels of the screen. */
  pressedAt = { x: 0, y: 0 };
  /** Whether there is somebody who takes input. */
  enabled = false;
  /** Whether the page believes to be on a touch screen. */
  touch = false;
  /** Whether the agent's machine is a Mac: its shortcuts are made with another key. */
  toMac = false;

  /** `send(input)` takes a `recording:input`; `leave()` is called by the key that leaves the picture. */
  constructor(canvas, keys, send, leave) {
    this.#canvas = canvas;
    this.#keys = keys;
    this.#send = input => { if (this.enabled) send(input); };
    this.#leave = leave;
    this.#listenToPointer();
    this.#listenToKeys();
  }

  clear() {
    this.#next?.used();
    this.#next = undefined;
    this.#canvas.width = 0;
  }

  /** Shows the picture of a `recording:frame`, unless a newer one comes before its turn; `used()` is called once either has happened. */
  show(frame, used = () => {}) {
    this.#next?.used();
    this.#next = { frame, used };
    if (!this.#drawing) this.#draw();
  }

  async #draw() {
    this.#drawing = true;
    while (this.#next) {
      const { frame, used } = this.#next;
      this.#next = undefined;
      try {
        const bytes = Uint8Array.from(atob(frame.frame), letter => letter.charCodeAt(0));
        const picture = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
        this.#paint(picture, frame);
        picture.close();
      } catch {
        // Not a picture: the next one may be.
      }
      used();
    }
    this.#drawing = false;
  }

  #paint(picture, { width, height }) {
    const canvas = this.#canvas;
    if (canvas.width !== picture.width || canvas.height !== picture.height) Object.assign(canvas, { width: picture.width, height: picture.height });
    canvas.getContext('2d').drawImage(picture, 0, 0);
    if (width > 0 && height > 0) this.#size = { width, height };
    canvas.style.setProperty('--width', `${this.#size.width}px`);
    canvas.style.setProperty('--ratio', this.#size.width / this.#size.height);
  }

  #at(event) {
    const box = this.#canvas.getBoundingClientRect();
    const { width, height } = this.#size;
    const within = (value, most) => Math.round(Math.min(Math.max(value, 0), most - 1) * 10) / 10;
    return { x: within((event.clientX - box.left) * width / box.width, width), y: within((event.clientY - box.top) * height / box.height, height) };
  }

  #modifiers({ altKey, ctrlKey, metaKey, shiftKey }) {
    // The shortcut key is Command on a Mac and Control elsewhere, on either side.
    const [control, meta] = IS_MAC === this.toMac ? [ctrlKey, metaKey] : [ctrlKey || metaKey, false];
    return { alt: altKey, control, meta, shift: shiftKey, sum: Number(altKey) + 2 * control + 4 * meta + 8 * shiftKey };
  }

  /** Moves and turns of the wheel go out once per picture of the screen. */
  #soon() {
    this.#due ??= requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    cancelAnimationFrame(this.#due);
    this.#due = undefined;
    if (this.#move) this.#send({ type: 'move', ...this.#move });
    if (this.#wheel) this.#send({ type: 'wheel', ...this.#wheel });
    this.#move = this.#wheel = undefined;
  }

  #turn(at, deltaX, deltaY) {
    this.#wheel = { ...at, deltaX: (this.#wheel?.deltaX ?? 0) + deltaX, deltaY: (this.#wheel?.deltaY ?? 0) + deltaY };
    this.#soon();
  }

  #listenToPointer() {
    const canvas = this.#canvas;
    canvas.addEventListener('mousedown', event => event.preventDefault());
    canvas.addEventListener('contextmenu', event => event.preventDefault());
    canvas.addEventListener('pointerdown', event => this.#down(event));
    canvas.addEventListener('pointermove', event => this.#moved(event));
    canvas.addEventListener('pointerup', event => this.#up(event));
    canvas.addEventListener('pointercancel', event => this.#up(event));
    canvas.addEventListener('wheel', (event) => {
      if (!this.enabled || event.ctrlKey) return;
      event.preventDefault();
      const unit = WHEEL_UNITS[event.deltaMode] ?? 1;
      this.#turn(this.#at(event), event.deltaX * unit, event.deltaY * unit);
    }, { passive: false });
  }

  #down(event) {
    if (!this.enabled) return;
    this.#keys.focus({ preventScroll: true });
    this.#flush();
    const at = this.#at(event);
    this.pressedAt = { x: event.offsetX + this.#canvas.offsetLeft, y: event.offsetY + this.#canvas.offsetTop };
    this.#canvas.setPointerCapture(event.pointerId);
    if (this.touch || event.pointerType === 'touch') {
      if (event.isPrimary) this.#pull = { from: at, at, pulled: false };
      return;
    }
    const { time, x, y, button, count } = this.#last;
    const again = event.button === button && event.timeStamp - time < DOUBLE.time && Math.hypot(at.x - x, at.y - y) < DOUBLE.distance;
    this.#last = { time: event.timeStamp, ...at, button: event.button, count: again ? count + 1 : 1 };
    this.#pressed = { button: BUTTONS[event.button] ?? 'left', clickCount: this.#last.count };
    this.#send({ type: 'down', ...at, ...this.#pressed, modifiers: this.#modifiers(event).sum });
  }

  #moved(event) {
    if (!this.enabled) return;
    const at = this.#at(event);
    if (this.#pull) {
      const { from, at: before } = this.#pull;
      this.#pull.pulled ||= Math.hypot(at.x - from.x, at.y - from.y) > PULL;
      if (this.#pull.pulled) {
        this.#turn(from, before.x - at.x, before.y - at.y);
        this.#pull.at = at;
      }
    } else if (!this.touch && event.pointerType !== 'touch') {
      this.#move = at;
      this.#soon();
    }
  }

  #up(event) {
    this.#flush();
    const at = this.#at(event);
    if (this.#pull) {
      if (!this.#pull.pulled && event.type === 'pointerup') this.#send({ type: this.touch ? 'tap' : 'click', ...at });
      this.#pull = undefined;
    } else if (this.#pressed) {
      this.#send({ type: 'up', ...at, ...this.#pressed, modifiers: this.#modifiers(event).sum });
      this.#pressed = undefined;
    }
  }

  #listenToKeys() {
    const keys = this.#keys;
    keys.addEventListener('keydown', event => this.#keyDown(event));
    keys.addEventListener('keyup', (event) => {
      if (this.#held.delete(event.key)) this.#send({ type: 'keyUp', key: event.key });
    });
    keys.addEventListener('blur', () => {
      for (const key of this.#held) this.#send({ type: 'keyUp', key });
      this.#held.clear();
    });
    keys.addEventListener('paste', (event) => {
      event.preventDefault();
      const text = event.clipboardData?.getData('text/plain');
      if (text) this.#send({ type: 'paste', text });
    });
    // What keyboards on glass and input methods write comes whole.
    keys.addEventListener('input', (event) => {
      if (event.isComposing) return;
      if (event.inputType === 'deleteContentBackward') this.#send({ type: 'press', key: 'Backspace' });
      else if (event.inputType === 'insertLineBreak') this.#send({ type: 'press', key: 'Enter' });
      else if (keys.value) this.#send({ type: 'text', text: keys.value });
      keys.value = '';
    });
    keys.addEventListener('compositionend', ({ data }) => {
      if (data) this.#send({ type: 'text', text: data });
      keys.value = '';
    });
  }

  #keyDown(event) {
    const { key } = event;
    if (key === LEAVES) {
      event.preventDefault();
      this.#leave();
      return;
    }
    if (event.isComposing || MODIFIER_KEYS.includes(key) || OURS.includes(key)) return;
    const { alt, control, meta, shift } = this.#modifiers(event);
    const letter = [...key].length === 1;
    const shortcut = control || meta;
    // The browser brings what is on the clipboard.
    if (shortcut && !alt && key.toLowerCase() === 'v') return;
    event.preventDefault();
    const written = letter && (event.getModifierState('AltGraph') || (alt && IS_MAC && !shortcut));
    if (key === 'F5' || (shortcut && !alt && key.toLowerCase() === 'r')) this.#send({ type: 'reload' });
    else if (alt && !shortcut && key === 'ArrowLeft') this.#send({ type: 'back' });
    else if (alt && !shortcut && key === 'ArrowRight') this.#send({ type: 'forward' });
    else if (letter && (written || (key > '~' && !shortcut))) this.#send({ type: 'text', text: key });
    else if (shortcut || alt || (shift && !letter)) {
      const held = [control && 'Control', alt && 'Alt', meta && 'Meta', shift && 'Shift'].filter(Boolean);
      this.#send({ type: 'press', key: [...held, letter ? key.toLowerCase() : key].join('+') });
    } else {
      this.#held.add(key);
      this.#send({ type: 'keyDown', key });
    }
  }
}
