// Text as a person reads it, and the engines that look for it. `textOf(node)` is `{ full, normalized, immediate }`, where `immediate`
// are the runs of text directly inside the element.

const TEXTLESS = new Set(['SCRIPT', 'NOSCRIPT', 'STYLE']);

function isTextless(element) {
  return TEXTLESS.has(element.nodeName) || (element.ownerDocument.head?.contains(element) ?? false);
}

function textOf(root) {
  return cached('text', root, () => {
    if (root instanceof HTMLInputElement && ['submit', 'button', 'reset'].includes(root.type)) {
      return { full: root.value, normalized: collapse(root.value), immediate: [root.value] };
    }
    if (isElement(root) && isTextless(root)) return { full: '', normalized: '', immediate: [] };
    let full = '', run = '';
    const immediate = [];
    for (let child = root.firstChild; child; child = child.nextSibling) {
      if (child.nodeType === TEXT) {
        full += child.nodeValue || '';
        run += child.nodeValue || '';
        continue;
      }
      // A comment does not end a run.
      if (child.nodeType === Node.COMMENT_NODE) continue;
      if (run) immediate.push(run);
      run = '';
      if (child.nodeType === ELEMENT) full += textOf(child).full;
    }
    if (run) immediate.push(run);
    if (root.shadowRoot) full += textOf(root.shadowRoot).full;
    return { full, normalized: full ? collapse(full) : '', immediate };
  });
}

/** `self`: the text matches and no child's does; `selfAndChildren`: some child's does too; `none`. */
function matchText(element, matches) {
  if (isTextless(element) || !matches(textOf(element))) return 'none';
  for (let child = element.firstChild; child; child = child.nextSibling) {
    if (child.nodeType === ELEMENT && matches(textOf(child))) return 'selfAndChildren';
  }
  if (element.shadowRoot && matches(textOf(element.shadowRoot))) return 'selfAndChildren';
  return 'self';
}

/** Some run of text directly inside the element is exactly this. */
function exactRun(text) {
  return found => (!text && !found.immediate.length) || found.immediate.some(run => collapse(run) === text);
}

function regexOf(body) {
  const end = body.lastIndexOf('/');
  return body[0] === '/' && end > 0 ? new RegExp(body.slice(1, end), body.slice(end + 1)) : null;
}

function unquote(text) {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** `"x"i` is part of the text, any case; `"x"s` the whole text; the notation of the `internal:` engines. */
function textMatcher(body) {
  const regex = regexOf(body);
  if (regex) return { kind: 'regex', matches: found => !!found.full.match(regex) };
  const quoted = /^".*"[is]?$/s.test(body);
  const exact = quoted && !body.endsWith('i');
  const text = collapse(quoted ? JSON.parse(body.replace(/[is]$/, '')) : body);
  if (exact) return { kind: 'exact', matches: found => found.normalized === text };
  return { kind: 'loose', matches: found => found.normalized.toLowerCase().includes(text.toLowerCase()) };
}

/** `text=x` is part of the text, any case; `text="x"` one run of it, exactly. */
function publicTextMatcher(body) {
  const regex = regexOf(body);
  if (regex) return { kind: 'regex', matches: found => !!found.full.match(regex) };
  if (body.length > 1 && (body[0] === '"' || body[0] === '\'') && body.endsWith(body[0])) {
    return { kind: 'run', matches: exactRun(collapse(unquote(body))) };
  }
  const text = collapse(body).toLowerCase();
  return { kind: 'loose', matches: found => found.normalized.toLowerCase().includes(text) };
}

/** The smallest elements with that text; for exact runs of `text="x"` all elements that have one. */
function queryText(root, { kind, matches }, pierce = true) {
  const found = [];
  let outside = null;
  const visit = element => {
    // What does not contain the text has no descendant that does.
    if (kind === 'loose' && outside?.contains(element)) return;
    const how = matchText(element, matches);
    if (how === 'none') outside = element;
    if (how === 'self' || (how === 'selfAndChildren' && kind === 'run')) found.push(element);
  };
  if (isElement(root)) visit(root);
  for (const element of pierce ? selectPiercing(root, '*') : root.querySelectorAll('*')) visit(element);
  return found;
}

/** The texts that label a control: `aria-labelledby`, else `aria-label`, else its `<label>`s. */
function labelsOf(element, onlyOutside = false) {
  const labelledBy = labelledByOf(element);
  if (labelledBy) return labelledBy.filter(label => !onlyOutside || !element.contains(label)).map(textOf);
  const label = element.getAttribute('aria-label');
  if (label?.trim()) return [{ full: label, normalized: collapse(label), immediate: [label] }];
  return nativeLabelsOf(element).map(textOf);
}

function nativeLabelsOf(element) {
  return element.labels ? [...element.labels] : [];
}
