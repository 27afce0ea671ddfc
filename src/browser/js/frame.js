// What is asked of a frame's document, in the utility world.
({
  content() {
    let text = '';
    if (document.doctype) text = new XMLSerializer().serializeToString(document.doctype);
    if (document.documentElement) text += document.documentElement.outerHTML;
    return text;
  },
  title() {
    return document.title;
  },
  /** Replaces the document; its scripts run, `DOMContentLoaded` and `load` fire again. */
  setContent(html) {
    window.stop();
    document.open();
    document.write(html);
    document.close();
  },
  /** Whether a JavaScript regular expression matches: nothing else knows its syntax. */
  matches(source, flags, text) {
    return new RegExp(source, flags).test(text);
  },
})
//# sourceURL=understudy:frame.js
