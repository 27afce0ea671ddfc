// A document as it is now, as one list: texts, and [name, attributes, number of children] behind the children. Runs in the isolated
// world, so that what the page made of the DOM's functions does not matter. `target` is a rectangle: what has it is marked.
({ target, deepest }) => {
  const began = performance.now();
  const nodes = [];
  const custom = new Set();
  const same = (a, b) => Math.abs(a - b) < 0.5;
  const isTarget = element => {
    if (!target) return false;
    const { x, y, width, height } = element.getBoundingClientRect();
    return same(x, target.x) && same(y, target.y) && same(width, target.width) && same(height, target.height);
  };
  const harmless = url => (/^\s*(javascript|vbscript):/i.test(url) ? '' : url);
  const rules = sheet => { try { return [...sheet.cssRules].map(rule => rule.cssText).join('\n'); } catch { return undefined; } };

  /** Whether the viewer can do with it. */
  const shown = (node, inHead) => {
    const name = node.nodeName;
    if (name === 'SCRIPT' || name === 'NOSCRIPT') return false;
    if (name === 'META') return !/^(content-security-policy|refresh|set-cookie)$/i.test(node.httpEquiv);
    if (name === 'LINK') return !/^(preload|prefetch|modulepreload)$/i.test(node.rel);
    if (name === 'IFRAME' || name === 'FRAME') return !inHead;
    return true;
  };

  const attributesOf = (element, name) => {
    const all = {};
    const isFrame = name === 'IFRAME' || name === 'FRAME';
    for (const { name: key, value } of element.attributes) {
      if (key === 'integrity' && name === 'LINK') continue;
      if (isFrame && (key === 'src' || key === 'srcdoc' || key === 'sandbox')) continue;
      if (key === 'open' && name === 'DIALOG') continue;
      all[key] = key.startsWith('on') ? '' : key === 'src' || (key === 'href' && name === 'LINK') ? harmless(value) : value;
    }
    if (isFrame) all.src = element.__understudyFrame ? `/snapshot/${element.__understudyFrame}` : '';
    if (name === 'INPUT' || name === 'TEXTAREA') all.__playwright_value_ = element.value;
    if (name === 'INPUT' && (element.type === 'checkbox' || element.type === 'radio')) all.__playwright_checked_ = String(element.checked);
    if (name === 'OPTION') all.__playwright_selected_ = String(element.selected);
    if (name === 'IMG') all.__playwright_current_src__ = harmless(element.currentSrc);
    if (name === 'PICTURE') all.__playwright_current_src__ = '';
    if (isFrame || name === 'CANVAS') {
      const { left, top, right, bottom } = element.getBoundingClientRect();
      all.__playwright_bounding_rect__ = JSON.stringify({ left, top, right, bottom });
    }
    if (name === 'DIALOG' && element.open) all.__playwright_dialog_open_ = element.matches(':modal') ? 'modal' : 'true';
    else if (element.popover && element.matches(':popover-open')) all.__playwright_popover_open_ = 'true';
    if (element.scrollTop) all.__playwright_scroll_top_ = String(element.scrollTop);
    if (element.scrollLeft) all.__playwright_scroll_left_ = String(element.scrollLeft);
    if (isTarget(element)) all.__playwright_target__ = '';
    return all;
  };

  /** Writes a node behind its children; how many nodes there are now where it is: 0 or 1. */
  const write = (node, depth, inHead) => {
    if (node.nodeType === Node.TEXT_NODE) { nodes.push(node.data); return 1; }
    const isRoot = node.nodeType === Node.DOCUMENT_FRAGMENT_NODE;
    if (!isRoot && (node.nodeType !== Node.ELEMENT_NODE || !shown(node, inHead))) return 0;
    const name = isRoot ? 'template' : node.nodeName;
    if (name === 'STYLE') {
      nodes.push((node.sheet && rules(node.sheet)) ?? node.textContent, [name, {}, 1]);
      return 1;
    }
    let count = 0;
    if (!isRoot && node.localName.includes('-') && node.matches(':defined')) custom.add(node.localName);
    if (depth < deepest) {
      const shadow = !isRoot && node.shadowRoot;
      if (shadow) count += write(shadow, depth + 1, inHead);
      if (name === 'HEAD') { nodes.push(['BASE', { href: document.baseURI }, 0]); count++; }
      for (let child = node.firstChild; child; child = child.nextSibling) count += write(child, depth + 1, inHead || name === 'HEAD');
      const scope = isRoot ? node : node === document.documentElement ? document : undefined;
      for (const sheet of scope?.adoptedStyleSheets ?? []) { nodes.push(['template', { __playwright_style_sheet_: rules(sheet) ?? '' }, 0]); count++; }
    }
    const attributes = isRoot ? { __playwright_shadow_root_: 'open' } : attributesOf(node, name);
    if (name === 'BODY' && custom.size) attributes.__playwright_custom_elements__ = [...custom].join(',');
    nodes.push([name, attributes, count]);
    return 1;
  };
  if (document.documentElement) write(document.documentElement, 0, false);
  return {
    nodes, doctype: document.doctype?.name ?? null, url: location.href, viewport: { width: innerWidth, height: innerHeight },
    collectionTime: performance.now() - began,
  };
}
