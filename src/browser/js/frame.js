// What is asked of a frame's document, in the utility world.
({
  content(shadow) {
    let text = '';
    if (document.doctype) text = new XMLSerializer().serializeToString(document.doctype);
    if (!document.documentElement) return text;
    if (!shadow) return text + document.documentElement.outerHTML;
    const shadowRoots = [];
    const gather = root => { for (const { shadowRoot } of root.querySelectorAll('*')) if (shadowRoot) { shadowRoots.push(shadowRoot); gather(shadowRoot); } };
    gather(document);
    const [open] = /^<html[^>]*>/i.exec(document.documentElement.cloneNode().outerHTML);
    return `${text}${open}${document.documentElement.getHTML({ shadowRoots })}</html>`;
  },
  title() {
    return document.title;
  },
  /** Replaces the document; its scripts run, `DOMContentLoaded` and `load` fire again. */
  setContent(html) {
    // What else it loads would keep it from its end. A parser that is stopped lets nobody write any more.
    if (document.readyState !== 'loading') window.stop();
    document.open();
    document.write(html);
    document.close();
  },
  /** From now on until `dragBegan`: whether a drag begins here that nobody prevents. */
  watchDrag() {
    this.stopWatchingDrag?.();
    let start = null;
    const listener = event => { start = event; };
    addEventListener('dragstart', listener, { capture: true });
    this.stopWatchingDrag = () => {
      removeEventListener('dragstart', listener, { capture: true });
      return start !== null && !start.defaultPrevented;
    };
  },
  dragBegan() {
    const began = this.stopWatchingDrag?.() ?? false;
    this.stopWatchingDrag = undefined;
    return began;
  },
  /** Where the document stands and how large it is, in CSS pixels. */
  layout() {
    const root = document.documentElement;
    const body = document.body ?? root;
    return {
      scrollX: window.scrollX, scrollY: window.scrollY, width: innerWidth, height: innerHeight, ratio: devicePixelRatio,
      fullWidth: Math.max(body.scrollWidth, root.scrollWidth, body.offsetWidth, root.offsetWidth, body.clientWidth, root.clientWidth),
      fullHeight: Math.max(body.scrollHeight, root.scrollHeight, body.offsetHeight, root.offsetHeight, body.clientHeight, root.clientHeight),
    };
  },
  /** Red, green, blue and opacity of a CSS colour, 0 to 255; null for what is none. */
  colour(text) {
    if (!CSS.supports('color', text)) return null;
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  },
  /** Hides the caret, ends animations, adds a style sheet: until `finishScreenshot`. */
  async prepareScreenshot({ caret, animations, style }) {
    this.finishScreenshot();
    const rules = [style ?? ''];
    if (caret) rules.push('*:not(#_):not(#_) { caret-color: transparent !important; }');
    const undo = [];
    if (rules.some(Boolean)) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(rules.join('\n'));
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      undo.push(() => { document.adoptedStyleSheets = document.adoptedStyleSheets.filter(other => other !== sheet); });
    }
    if (animations) {
      for (const animation of document.getAnimations()) {
        if (animation.playbackRate === 0 || animation.playState !== 'running') continue;
        const endless = animation.effect?.getComputedTiming().endTime === Infinity;
        if (!endless) animation.finish();
        else {
          animation.cancel();
          undo.push(() => animation.play());
        }
      }
    }
    this.undo = undo;
    await document.fonts.ready;
  },
  finishScreenshot() {
    for (const step of this.undo ?? []) step();
    this.undo = undefined;
  },
  /** Whether a JavaScript regular expression matches: nothing else knows its syntax. */
  matches(source, flags, text) {
    return new RegExp(source, flags).test(text);
  },
})
//# sourceURL=understudy:frame.js
