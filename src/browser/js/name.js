// Accessible names and descriptions after accname 1.2; the steps are its numbers. `within` says how the traversal came here:
// `{ target: 'self'|'descendant', visited, includeHidden, source?, labelledBy?, describedBy?, label?, native? }`, where each of the last four is
// `{ hidden }`: whether the element it started from is hidden (then hidden content counts).

const NAMELESS_ROLES = new Set(['caption', 'code', 'definition', 'deletion', 'emphasis', 'generic', 'insertion', 'mark', 'paragraph',
  'presentation', 'strong', 'subscript', 'suggestion', 'superscript', 'term', 'time', 'none']);
const CONTENT_NAMED_ROLES = new Set(['button', 'cell', 'checkbox', 'columnheader', 'gridcell', 'heading', 'link', 'menuitem',
  'menuitemcheckbox', 'menuitemradio', 'option', 'radio', 'row', 'rowheader', 'switch', 'tab', 'tooltip', 'treeitem']);
const CONTENT_READ_ROLES = new Set(['', 'caption', 'code', 'contentinfo', 'definition', 'deletion', 'emphasis', 'insertion', 'list', 'listitem',
  'mark', 'none', 'paragraph', 'presentation', 'region', 'row', 'rowgroup', 'section', 'strong', 'subscript', 'superscript', 'table', 'term', 'time']);

/** Like `collapse`, but keeps spaces that do not break. */
const flat = text => text.replace(/[\u200b\u00ad]/g, '').replace(/[^\S\u00a0]+/g, ' ').trim();

const nameOf = (element, includeHidden = false) => namingOf(element, includeHidden).name;

/** The name, whether it is (also) what is inside of the element, and the elements it comes from: `{ name, fromContent, by }`. */
function namingOf(element, includeHidden = false) {
  return cached(includeHidden ? 'nameHidden' : 'name', element, () => {
    const source = { fromContent: false, by: new Set() };
    if (NAMELESS_ROLES.has(roleOf(element) ?? '')) return { name: '', ...source };
    const name = flat(alternative(element, { includeHidden, visited: new Set(), target: 'self', source }));
    return { name, ...source };
  });
}

function descriptionOf(element, includeHidden = false) {
  if (element.hasAttribute('aria-describedby')) {
    const texts = referenced(element, 'aria-describedby').map(from => alternative(from, {
      includeHidden, visited: new Set(), describedBy: { hidden: isAriaHidden(from) },
    }));
    return flat(texts.join(' '));
  }
  if (element.hasAttribute('aria-description')) return flat(element.getAttribute('aria-description'));
  return flat(element.getAttribute('title') ?? '');
}

function errorMessageOf(element) {
  const native = element.validity && !element.validity.valid;
  if (!native && !invalidOf(element)) return '';
  const texts = referenced(element, 'aria-errormessage').map(from => flat(alternative(from, {
    includeHidden: false, visited: new Set(), describedBy: { hidden: isAriaHidden(from) },
  })));
  return texts.join(' ').trim();
}

/** `text`, which is the element's own. */
function own(text, element, within) {
  if (text) within.source?.by.add(element);
  return text;
}

function alternative(element, within) {
  if (within.visited.has(element)) return '';
  const child = { ...within, target: within.target === 'self' ? 'descendant' : within.target };
  // 2A
  if (isNeverTold(element) && !within.includeHidden) {
    within.visited.add(element);
    return '';
  }
  const shown = [within.labelledBy, within.describedBy, within.native, within.label].some(start => start?.hidden);
  if (!within.includeHidden && !shown && isAriaHidden(element)) {
    within.visited.add(element);
    return '';
  }
  // 2B
  const labelledBy = labelledByOf(element);
  if (!within.labelledBy && labelledBy) {
    const name = labelledBy.map(from => alternative(from, {
      ...within, labelledBy: { hidden: isAriaHidden(from) }, describedBy: undefined, target: undefined, label: undefined, native: undefined,
    })).join(' ');
    if (name) {
      if (within.target && labelledBy.some(from => element.contains(from))) within.source.fromContent = true;
      return name;
    }
  }
  const role = roleOf(element) ?? '';
  const tag = tagOf(element);
  // 2C
  if (within.label || within.labelledBy || within.target === 'descendant') {
    if (!labelledBy?.includes(element)) {
      const value = embeddedValue(element, role, tag, within, child);
      if (value !== undefined) return value;
    }
  }
  // 2D
  const label = element.getAttribute('aria-label') ?? '';
  if (label.trim()) {
    within.visited.add(element);
    return own(label, element, within);
  }
  // 2E
  if (role !== 'presentation' && role !== 'none') {
    const name = nativeName(element, tag, labelledBy, within);
    if (name !== undefined) return name;
  }
  // 2F, 2G, 2H
  const read = within.labelledBy || within.describedBy || within.label || within.native;
  const summary = tag === 'SUMMARY' && role !== 'presentation' && role !== 'none';
  const named = CONTENT_NAMED_ROLES.has(role) || (within.target === 'descendant' && CONTENT_READ_ROLES.has(role));
  if (named || summary || read) {
    within.visited.add(element);
    const text = contentText(element, child);
    if (within.target && text.trim()) within.source.fromContent = true;
    if (text.trim()) own(text, element, within);
    if (within.target === 'self' ? text.trim() : text) return text;
  }
  // 2I
  if ((role !== 'presentation' && role !== 'none') || tag === 'IFRAME') {
    within.visited.add(element);
    const title = element.getAttribute('title') ?? '';
    if (title.trim()) return own(title, element, within);
  }
  within.visited.add(element);
  return '';
}

/** Descendants, and those of what `aria-owns` names. */
function ownedBy(element, css) {
  const owned = referenced(element, 'aria-owns').flatMap(other => [...(other.matches(css) ? [other] : []), ...other.querySelectorAll(css)]);
  return [...element.querySelectorAll(css), ...owned];
}

function embeddedValue(element, role, tag, within, child) {
  if (role === 'textbox' || role === 'searchbox') {
    within.visited.add(element);
    return own(tag === 'INPUT' || tag === 'TEXTAREA' ? element.value : element.textContent ?? '', element, within);
  }
  if (role === 'combobox' || role === 'listbox') {
    within.visited.add(element);
    let options;
    if (tag === 'SELECT') {
      options = [...element.selectedOptions];
      if (!options.length && element.options.length) options = [element.options[0]];
    } else {
      const listbox = role === 'combobox' ? ownedBy(element, '*').find(other => roleOf(other) === 'listbox') : element;
      options = listbox ? ownedBy(listbox, '[aria-selected="true" i]').filter(option => roleOf(option) === 'option') : [];
    }
    if (!options.length && tag === 'INPUT') return own(element.value, element, within);
    return options.map(option => alternative(option, child)).join(' ');
  }
  if (['progressbar', 'scrollbar', 'slider', 'spinbutton', 'meter'].includes(role)) {
    within.visited.add(element);
    return own(element.getAttribute('aria-valuetext') ?? element.getAttribute('aria-valuenow') ?? element.getAttribute('value') ?? '', element, within);
  }
  if (role === 'menu') {
    within.visited.add(element);
    return '';
  }
  return undefined;
}

/** Step 2E: what the host language offers; undefined when it offers nothing. */
function nativeName(element, tag, labelledBy, within) {
  const done = text => {
    within.visited.add(element);
    return own(text, element, within);
  };
  const title = element.getAttribute('title') ?? '';
  const labels = nativeLabelsOf(element);
  const byLabels = () => {
    // It may be inside of its label.
    within.visited.add(element);
    return labels.map(label => alternative(label, {
      ...within, label: { hidden: isAriaHidden(label) }, native: undefined, labelledBy: undefined, describedBy: undefined, target: undefined,
    })).filter(Boolean).join(' ');
  };
  const childOf = name => [...element.children].find(child => tagOf(child) === name);
  const target = within.target === 'self' ? 'descendant' : within.target;
  const byChild = child => alternative(child, { ...within, target, native: { hidden: isAriaHidden(child) } });
  const type = tag === 'INPUT' ? element.type : '';
  switch (type) {
    case 'button': case 'submit': case 'reset': {
      const value = element.value ?? '';
      return done(value.trim() ? value : { button: title, submit: 'Submit', reset: 'Reset' }[type]);
    }
    case 'file': return labels.length && !within.labelledBy ? byLabels() : done('Choose File');
    case 'image': {
      if (labels.length && !within.labelledBy) return byLabels();
      const alt = element.getAttribute('alt') ?? '';
      return done([alt, title].find(text => text.trim()) ?? 'Submit');
    }
  }
  if (!labelledBy) {
    switch (tag) {
      case 'BUTTON':
        within.visited.add(element);
        if (labels.length) return byLabels();
        break;
      case 'OUTPUT': return labels.length ? byLabels() : done(title);
      case 'TEXTAREA': case 'SELECT': case 'INPUT': case 'METER': case 'PROGRESS': {
        if (labels.length) return byLabels();
        const typed = tag === 'TEXTAREA' || ['text', 'password', 'search', 'tel', 'email', 'url', 'number'].includes(type);
        return done(title || (typed ? element.getAttribute('placeholder') ?? '' : ''));
      }
      case 'FIELDSET': case 'FIGURE': {
        within.visited.add(element);
        const child = childOf(tag === 'FIELDSET' ? 'LEGEND' : 'FIGCAPTION');
        return child ? byChild(child) : own(title, element, within);
      }
    }
  }
  switch (tag) {
    case 'IMG': case 'AREA': {
      const alt = element.getAttribute('alt') ?? '';
      return done(alt.trim() ? alt : title);
    }
    case 'TABLE': {
      within.visited.add(element);
      const caption = childOf('CAPTION');
      return caption ? byChild(caption) : own(element.getAttribute('summary') || undefined, element, within);
    }
  }
  if (tag !== 'SVG' && !element.ownerSVGElement) return undefined;
  within.visited.add(element);
  const caption = childOf('TITLE');
  if (caption?.ownerSVGElement) return alternative(caption, { ...within, target, labelledBy: { hidden: isAriaHidden(caption) } });
  const xlink = tag === 'A' ? element.getAttribute('xlink:title') ?? '' : '';
  return xlink.trim() ? own(xlink, element, within) : undefined;
}

/** Steps 2F.i to 2H: the text inside, with a space around what is not inline. */
function contentText(element, within) {
  const parts = [];
  const hiddenToo = within.includeHidden || [within.labelledBy, within.describedBy, within.native, within.label].some(start => start?.hidden);
  const add = (node, skipSlotted) => {
    if (skipSlotted && node.assignedSlot) return;
    if (node.nodeType === TEXT) {
      if (!hiddenToo && isTextLeftOut(node)) return;
      parts.push(node.textContent || '');
    } else if (node.nodeType === ELEMENT) {
      const display = displayOf(node);
      const text = alternative(node, within);
      parts.push(display !== 'inline' || node.nodeName === 'BR' ? ` ${text} ` : text);
    }
  };
  parts.push(pseudoText(element, '::before'));
  const replaced = cssContent(element, '');
  if (replaced !== null) {
    parts.push(replaced);
  } else {
    const slotted = element.nodeName === 'SLOT' ? element.assignedNodes() : [];
    if (slotted.length) {
      for (const child of slotted) add(child, false);
    } else {
      for (let child = element.firstChild; child; child = child.nextSibling) add(child, true);
      for (let child = element.shadowRoot?.firstChild; child; child = child.nextSibling) add(child, true);
      for (const owned of referenced(element, 'aria-owns')) add(owned, true);
    }
  }
  parts.push(pseudoText(element, '::after'));
  return parts.join('');
}

function pseudoText(element, pseudo) {
  const style = styleOf(element, pseudo);
  if (!style || style.display === 'none' || style.visibility === 'hidden') return '';
  const text = cssContent(element, pseudo) ?? '';
  return text && style.display !== 'inline' ? ` ${text} ` : text;
}

/** The text of CSS `content`; null when it is not text. */
function cssContent(element, pseudo) {
  const content = styleOf(element, pseudo || undefined)?.content;
  if (!content || content === 'none' || content === 'normal') return null;
  const alternatives = content.split(/\s\/\s(?=")/);
  const text = alternatives.at(-1);
  let out = '', found = false;
  for (const [, quoted, attribute] of text.matchAll(/"((?:[^"\\]|\\.)*)"|attr\(([\w-]+)\)/g)) {
    found = true;
    out += attribute ? element.getAttribute(attribute) ?? '' : quoted.replace(/\\(.)/g, '$1');
  }
  return found ? out : null;
}
