// What Rust calls: `call(method, params, ...handles)` -> `{ value, log }`. Everything in and out is plain JSON but the handles. An error
// comes back as `{ error, about: 'selector'|'element'|'strict', log }`, because a thrown one would carry a stack and lose the log.

/** Elements of a selector below `handles[0]` or the document; that handle itself for an empty selector. */
function elementsOf({ selector, strict, handle }, handles) {
  const root = handle ? handles[0] : document;
  if (handle && !selector) return [root];
  const elements = queryAll(parseSelector(selector), root);
  if (strict && elements.length > 1) {
    const shown = elements.slice(0, 10).map(element => [preview(element), suggest(element)]);
    throw Object.assign(new EngineError('strict'), { strict: { count: elements.length, shown } });
  }
  return elements;
}

/** The element to go on with, `{ element, line }` where `line` is for the log, null where nothing was looked for; null without one. */
function found(params, handles) {
  const elements = withCaches(() => elementsOf(params, handles));
  if (!elements.length) return null;
  if (params.handle && !params.selector) return { element: elements[0], line: null };
  const proceeding = elements.length > 1 ? `${elements.length} elements. Proceeding with the first one: ` : '';
  return { element: elements[0], line: `  locator resolved to ${proceeding}${preview(elements[0])}` };
}

/** What `read` may ask of an element. */
const READS = {
  textContent: element => element.textContent,
  innerText(element) {
    if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml') throw new StateError('Node is not an HTMLElement');
    return element.innerText;
  },
  innerHTML: element => element.innerHTML,
  getAttribute: (element, { name }) => element.getAttribute(name),
  inputValue(node) {
    const element = retarget(node, 'follow-label');
    if (!['INPUT', 'TEXTAREA', 'SELECT'].includes(element?.nodeName)) throw new StateError('Node is not an <input>, <textarea> or <select> element');
    return element.value;
  },
  state(element, { state }) {
    const { matches, received } = stateOf(element, state);
    return received === 'detached' ? undefined : matches;
  },
  box: boxOf,
};

const METHODS = {
  act,
  finish,
  /** What an attempt that has not ended has noted so far. */
  noted: ({ token }) => underway.get(token) ?? [],
  expect: expectation,
  count: (params, handles) => withCaches(() => elementsOf(params, handles).length),
  texts: (params, handles) => withCaches(() => elementsOf(params, handles).map(element => (params.inner ? element.innerText : element.textContent ?? ''))),
  /** Whether it is visible now; false without an element. */
  visible: (params, handles) => withCaches(() => {
    const [element] = elementsOf(params, handles);
    return element ? stateOf(element, 'visible', params.frameVisible).matches : false;
  }),
  /** `{ missing }` or `{ value }`. */
  read(params, handles, log) {
    const target = found(params, handles);
    if (!target) return { missing: true };
    const value = withCaches(() => READS[params.what](target.element, params));
    if (target.line) log.push(target.line);
    return value === undefined ? { missing: true } : { value };
  },
  /** Null without an element. */
  snapshot(params, handles, log) {
    const target = found(params, handles);
    if (!target) return null;
    if (target.line) log.push(target.line);
    return withCaches(() => snapshotJson(target.element, params));
  },
  yaml: ({ json }) => yamlOf(json),
  evidence: (params, handles) => withCaches(() => evidence(params, handles)),
  /** Another selector engine, unless it is known; an error about a script that makes none. */
  learn: ({ name, source }) => { if (!custom.has(name)) custom.set(name, (0, eval)(`(${source})`)); },
  /** For `waitFor`: `{ attached, visible }`. */
  look(params, handles, log) {
    const elements = withCaches(() => elementsOf(params, handles));
    if (!elements.length) return { attached: false, visible: false };
    const visible = stateOf(elements[0], 'visible', params.frameVisible).matches;
    const which = elements.length > 1 ? `${elements.length} elements. Proceeding with the first one: ` : visible ? 'visible ' : 'hidden ';
    log.push(`  locator resolved to ${which}${preview(elements[0])}`);
    return { attached: true, visible };
  },
  visibleFrame: (params, [element]) => isVisible(element),
  /** Where a point inside of a frame element is outside of it; what covers it there, if that is asked: `{ x, y, blocker? }`. */
  outside({ point, hit }, [element]) {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const side = name => (parseFloat(style[`border${name}Width`]) || 0) + (parseFloat(style[`padding${name}`]) || 0);
    const inset = { x: point.x + side('Left'), y: point.y + side('Top') };
    if (isTransformed(element)) return { ...inset, transformed: { width: element.offsetWidth, height: element.offsetHeight } };
    const outer = { x: box.x + inset.x, y: box.y + inset.y };
    return { ...outer, blocker: hit ? withCaches(() => blockerAt(outer, element)) : null };
  },
  preview: (params, [element]) => preview(element),
  suggest: (params, [element]) => withCaches(() => suggest(element)),
  highlight: (params, handles) => highlight(withCaches(() => elementsOf(params, handles)), params),
  hideHighlight: params => hideHighlight(params.all ? undefined : params.selector),
};

function failure(error) {
  if (error.strict) return { ...error.strict, about: 'strict', error: 'strict' };
  if (error instanceof StateError) return { error: error.message, about: 'element' };
  if (error instanceof EngineError) return { error: error.message, about: 'selector' };
  return { error: String(error), about: 'selector' };
}

const engine = {
  async call(method, params, ...handles) {
    const log = [];
    try {
      return { value: await METHODS[method](params, handles, log), log };
    } catch (error) {
      return { ...failure(error), log };
    }
  },
  /** All elements, kept in the page; or a failure as above. */
  elements(params, ...handles) {
    try {
      return withCaches(() => elementsOf(params, handles));
    } catch (error) {
      return failure(error);
    }
  },
  /** The only element, kept in the page; null without one; or a failure as above. */
  element(params, ...handles) {
    const elements = this.elements(params, ...handles);
    return Array.isArray(elements) ? elements[0] ?? null : elements;
  },
  read: { parseSelector, queryAll, roleOf, nameOf, textOf, isVisible, preview, suggest },
};
