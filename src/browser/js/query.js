// Selectors -> elements.

const TEST_ID_ENGINES = /^(id|data-testid|data-test-id|data-test)(:light)?$/;

/** All elements a parsed selector means, below `root`. */
function queryAll(parsed, root) {
  if (parsed.capture !== undefined && parsed.capture < parsed.parts.length - 1) {
    if (parsed.parts.some(part => part.engine === 'nth')) throw new StateError('Can\'t query n-th element in a request with the capture.');
    const [head, tail] = [parsed.parts.slice(0, parsed.capture + 1), parsed.parts.slice(parsed.capture + 1)];
    return queryParts(head, root).filter(element => queryParts(tail, element).length > 0);
  }
  return queryParts(parsed.parts, root);
}

function queryParts(parts, root) {
  return parts.reduce((roots, part) => step(part, roots, root), [root]);
}

function step(part, roots, root) {
  switch (part.engine) {
    case 'nth': {
      const index = Number(part.body);
      const found = index < 0 ? roots[roots.length + index] : roots[index];
      return found && roots[0] !== root ? [found] : [];
    }
    case 'internal:describe': return roots;
    case 'internal:and': {
      const others = new Set(queryAll(part.nested, root));
      return roots.filter(element => others.has(element));
    }
    case 'internal:or': return inDocumentOrder([...roots, ...queryAll(part.nested, root)]);
  }
  if (POSITIONAL.has(part.engine)) return beside(part, roots, root);
  const found = new Set();
  for (const from of roots) for (const element of queryPart(part, from)) found.add(element);
  return [...found];
}

function queryPart(part, root) {
  const { engine, body } = part;
  const below = test => selectPiercing(root, '*').filter(test);
  const self = keep => (isElement(root) && keep() ? [root] : []);
  if (TEST_ID_ENGINES.test(engine)) {
    const css = `[${engine.replace(':light', '')}=${cssString(body)}]`;
    return engine.endsWith(':light') ? [...root.querySelectorAll(css)] : selectPiercing(root, css);
  }
  switch (engine) {
    case 'css': return queryCss(part.css, root);
    case 'css:light': return queryCss(part.css, root, false);
    case 'xpath': case 'xpath:light': return queryXPath(body, root);
    case 'text': case 'text:light': return queryText(root, publicTextMatcher(body), engine === 'text');
    case 'role': return selectPiercing(root, roleCss(body, false)).filter(roleQuery(body, false));
    case 'visible': return self(() => isVisible(root) === (body === 'true'));
    case 'internal:role': return selectPiercing(root, roleCss(body, true)).filter(roleQuery(body, true));
    case 'internal:text': return queryText(root, textMatcher(body));
    case 'internal:label': {
      const { matches } = textMatcher(body);
      return below(element => labelsOf(element).some(matches));
    }
    case 'internal:testid': case 'internal:attr': {
      const { attributes: [{ name, value, exact }] } = parseAttributes(body, true);
      const css = name.split(',').map(each => `[${CSS.escape(each.trim())}]`).join(',');
      return selectPiercing(root, css).filter(element => name.split(',').some(each => looselyEquals(element.getAttribute(each.trim()), value, exact)));
    }
    case 'internal:has-text': return self(() => textMatcher(body).matches(textOf(root)));
    case 'internal:has-not-text': return self(() => !textMatcher(body).matches(textOf(root)));
    case 'internal:has': return self(() => queryAll(part.nested, root).length > 0);
    case 'internal:has-not': return self(() => queryAll(part.nested, root).length === 0);
    case 'internal:chain': return queryAll(part.nested, root);
    case 'aria-ref': {
      const element = referred.get(body)?.element;
      return element?.isConnected ? [element] : [];
    }
    default: if (custom.has(engine)) return [...custom.get(engine).queryAll(root, body)];
  }
  throw new EngineError(`Unexpected engine "${engine}"`);
}

function looselyEquals(actual, value, exact) {
  if (actual === null) return false;
  if (value instanceof RegExp) return value.test(actual);
  return exact ? actual === String(value) : actual.toLowerCase().includes(String(value).toLowerCase());
}

function queryXPath(body, root) {
  const path = body.startsWith('/') && root.nodeType !== DOCUMENT ? '.' + body : body;
  const document = root.ownerDocument ?? root;
  const nodes = document.evaluate(path, root, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
  const found = [];
  for (let i = 0; i < nodes.snapshotLength; i++) if (nodes.snapshotItem(i).nodeType === ELEMENT) found.push(nodes.snapshotItem(i));
  return found;
}

function beside(part, roots, root) {
  const others = queryAll(part.nested, root);
  return roots
    .map(element => ({ element, distance: distanceTo(part.engine, element, others, part.distance) }))
    .filter(({ distance }) => distance !== undefined)
    .sort((a, b) => a.distance - b.distance)
    .map(({ element }) => element);
}

const VOID_TAGS = new Set(['AREA', 'BASE', 'BR', 'COL', 'COMMAND', 'EMBED', 'HR', 'IMG', 'INPUT', 'KEYGEN', 'LINK', 'MENUITEM', 'META', 'PARAM',
  'SOURCE', 'TRACK', 'WBR']);
const BOOLEAN_ATTRIBUTES = new Set(['checked', 'selected', 'disabled', 'readonly', 'multiple']);

/** `<button id="a">Text</button>` on one line, as logs show elements. */
function preview(node) {
  const oneLine = text => text.replace(/\n/g, '↵').replace(/\t/g, '⇆');
  if (node.nodeType === TEXT) return oneLine(`#text=${node.nodeValue || ''}`);
  if (node.nodeType !== ELEMENT) return oneLine(`<${node.nodeName.toLowerCase()} />`);
  const attributes = [...node.attributes]
    .filter(({ name }) => name !== 'style')
    .map(({ name, value }) => (!value && BOOLEAN_ATTRIBUTES.has(name) ? ` ${name}` : ` ${name}="${value}"`))
    .sort((a, b) => a.length - b.length);
  const tag = node.nodeName.toLowerCase();
  const head = `<${tag}${cut(attributes.join(''), 500)}`;
  if (VOID_TAGS.has(node.nodeName)) return oneLine(`${head}/>`);
  const children = [...node.childNodes];
  const onlyText = children.length <= 5 && children.every(child => child.nodeType === TEXT);
  const text = onlyText ? node.textContent || '' : children.length ? '…' : '';
  return oneLine(`${head}>${cut(text, 50)}</${tag}>`);
}
