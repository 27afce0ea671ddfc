// Actions, as far as the page does them: each waits for the states it needs, prepares or performs, and says how it went:
// `{ done: value }`, `{ retry: 'why' }` or `'detached'`. Input itself comes from outside, by the returned point.

/** Scroll positions of one attempt after the other, to get out from under sticky headers and footers. */
const SCROLLS = [null, 'end', 'center', 'start'];

async function prepared(node, params, states, words, log) {
  // A frame of another process that is out of sight has no animation frames to see stability by.
  if (params.inFrame && states.includes('stable') && !params.stay) scrollTo(node, params.attempt);
  if (params.force) return undefined;
  if (words) log.push(`  waiting for element to be ${words}`);
  const missing = await missingState(node, states, params.frameVisible);
  if (missing === 'detached') return 'detached';
  return missing ? { retry: missing } : undefined;
}

/** What is rendered of it; of an element without a box of its own, its content. */
function rectsOf(node) {
  if (node.nodeType === ELEMENT && styleOf(node)?.display !== 'contents') return [...node.getClientRects()];
  const range = node.ownerDocument.createRange();
  if (node.nodeType === ELEMENT) range.selectNodeContents(node);
  else range.selectNode(node);
  return [...range.getClientRects()];
}

function scrollTo(element, attempt) {
  if (!rectsOf(element).length) return false;
  const boxed = element.getClientRects?.().length ? element : element.firstElementChild ?? element.parentElement;
  const block = SCROLLS[attempt % SCROLLS.length];
  if (block) boxed?.scrollIntoView({ block, inline: block, behavior: 'instant' });
  else boxed?.scrollIntoViewIfNeeded(true);
  return true;
}

function pointOf(element, position) {
  if (position) {
    const around = element.nodeType === ELEMENT ? element : element.parentElement;
    const [box, style] = [around.getBoundingClientRect(), styleOf(around)];
    const [left, top] = [parseFloat(style.borderLeftWidth) || 0, parseFloat(style.borderTopWidth) || 0];
    return { x: box.x + left + position.x, y: box.y + top + position.y };
  }
  const rects = rectsOf(element);
  if (!rects.length) return 'element is not visible';
  for (const rect of rects) {
    const [left, right] = [Math.max(rect.left, 0), Math.min(rect.right, innerWidth)];
    const [top, bottom] = [Math.max(rect.top, 0), Math.min(rect.bottom, innerHeight)];
    if (right > left && bottom > top && (right - left) * (bottom - top) > 0.99) return { x: (left + right) / 2, y: (top + bottom) / 2 };
  }
  return 'element is outside of the viewport';
}

async function pointer(element, params, log) {
  const words = params.enabled ? 'visible, enabled and stable' : 'visible and stable';
  const states = params.enabled ? ['stable', 'visible', 'enabled', 'not inert'] : ['stable', 'visible'];
  const outcome = await prepared(element, params, states, words, log);
  if (outcome) return outcome;
  if (!params.force) log.push(`  element is ${words}`);
  log.push('  scrolling into view if needed');
  if (!element.isConnected) return 'detached';
  if (params.stay ? !rectsOf(element).length : !scrollTo(element, params.attempt)) return { retry: 'element is not visible' };
  log.push('  done scrolling');
  const point = pointOf(element, params.position);
  if (typeof point === 'string') return { retry: point };
  const target = retarget(element, 'button-link');
  if (params.force) {
    log.push('  forcing action');
    return { done: { point } };
  }
  const blocker = blockerAt(point, target);
  if (blocker) return { retry: `${blocker} intercepts pointer events` };
  intercept(params.token, target, params.kind, params.trial);
  return { done: { point } };
}

/** What a person would hit at this point instead of the target; null when it is the target. */
function blockerAt(point, target) {
  const roots = [];
  for (let at = target; at;) {
    const root = rootOf(at);
    if (!root) break;
    roots.push(root);
    if (root.nodeType === DOCUMENT) break;
    at = root.host;
  }
  let hit = null;
  for (let i = roots.length - 1; i >= 0; i--) {
    const stack = roots[i].elementsFromPoint(point.x, point.y);
    const single = roots[i].elementFromPoint(point.x, point.y);
    // `elementsFromPoint` leaves out `display: contents`, and sometimes lists a host before what is inside of it.
    if (single && stack[0] && parentOrHost(single) === stack[0] && styleOf(single)?.display === 'contents') stack.unshift(single);
    if (stack[0] && stack[1] === single && roots.slice(i).some(root => root.host === stack[0])) stack.shift();
    if (!stack[0]) break;
    hit = stack[0];
    if (i && hit !== roots[i - 1].host) break;
  }
  const above = [];
  while (hit && hit !== target) {
    above.push(hit);
    hit = hit.assignedSlot ?? parentOrHost(hit);
  }
  if (hit === target) return null;
  const blocker = preview(above[0] ?? document.documentElement);
  for (let at = target; at; at = parentOrHost(at)) {
    const index = above.indexOf(at);
    if (index > 1) return `${blocker} from ${preview(above[index - 1])} subtree`;
    if (index !== -1) break;
  }
  return blocker;
}

const INTERCEPTED = {
  hover: ['mousemove'],
  tap: ['pointerdown', 'pointerup', 'touchstart', 'touchend', 'touchcancel'],
  mouse: ['mousedown', 'mouseup', 'pointerdown', 'pointerup', 'click', 'auxclick', 'dblclick', 'contextmenu'],
};

/** Milliseconds after which nobody will end the watch any more: the action was given up. */
const FORGOTTEN = 10_000;

let interception = null;

/** Until `finish(token)`: the first event of the action has to arrive at the target, else all of them are swallowed. */
function intercept(token, target, kind, trial) {
  release();
  if (kind === 'drag') return;
  interception = { token, target, trial, events: INTERCEPTED[kind], blocker: undefined, until: performance.now() + FORGOTTEN };
  // For each action anew: `document.open` takes a window's listeners away.
  for (const type of interception.events) addEventListener(type, judge, { capture: true, passive: false });
}

function release() {
  for (const type of interception?.events ?? []) removeEventListener(type, judge, { capture: true });
  interception = null;
}

function judge(event) {
  const current = interception;
  if (!event.isTrusted) return;
  if (performance.now() > current.until) {
    release();
    return;
  }
  const point = window.TouchEvent && event instanceof TouchEvent ? event.touches[0] : event;
  if (current.blocker === undefined && point) current.blocker = blockerAt({ x: point.clientX, y: point.clientY }, current.target);
  if (!current.trial && !current.blocker) return;
  event.preventDefault();
  event.stopPropagation();
  event.stopImmediatePropagation();
}

async function fill(node, params, log) {
  const outcome = await prepared(node, params, ['visible', 'enabled', 'editable', 'not inert'], 'visible, enabled and editable', log);
  if (outcome) return outcome;
  const element = retarget(node, 'follow-label');
  if (!element) return 'detached';
  let { value } = params;
  if (element.nodeName.toLowerCase() === 'input') {
    const type = element.type.toLowerCase();
    const set = ['color', 'date', 'time', 'datetime-local', 'month', 'range', 'week'].includes(type);
    if (!set && !['', 'email', 'number', 'password', 'search', 'tel', 'text', 'url'].includes(type)) {
      throw new StateError(`Input of type "${type}" cannot be filled`);
    }
    if (type === 'number' && Number.isNaN(Number(value.trim()))) throw new StateError('Cannot type text into input[type=number]');
    if (set) {
      value = value.trim();
      element.focus();
      element.value = value;
      element.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
      element.dispatchEvent(new Event('change', { bubbles: true }));
      return { done: 'set' };
    }
  } else if (element.nodeName.toLowerCase() !== 'textarea' && !element.isContentEditable) {
    throw new StateError('Element is not an <input>, <textarea> or [contenteditable] element');
  }
  selectAll(element);
  return { done: 'type' };
}

function selectAll(element) {
  const tag = element.nodeName.toLowerCase();
  if (tag === 'input' || tag === 'textarea') {
    element.select();
    element.focus();
    return;
  }
  let editable = element;
  while (editable.isContentEditable && editable.parentElement?.isContentEditable) editable = editable.parentElement;
  editable.focus();
  const range = element.ownerDocument.createRange();
  range.selectNodeContents(element);
  const selection = element.ownerDocument.defaultView.getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

async function selectText(node, params, log) {
  const outcome = await prepared(node, params, ['visible'], 'visible', log);
  if (outcome) return outcome;
  selectAll(retarget(node, 'follow-label'));
  return { done: null };
}

async function scrollIntoView(element, params, log) {
  const outcome = await prepared(element, params, ['stable'], 'stable', log);
  if (outcome) return outcome;
  if (!element.isConnected) return 'detached';
  return scrollTo(element, 0) ? { done: null } : { retry: 'element is not visible' };
}

async function selectOption(node, params, log, handles) {
  const outcome = await prepared(node, params, ['visible', 'enabled', 'not inert'], 'visible and enabled', log);
  if (outcome) return outcome;
  const select = retarget(node, 'follow-label');
  if (!select) return 'detached';
  if (select.nodeName.toLowerCase() !== 'select') throw new StateError('Element is not a <select> element');
  const sameLabel = (option, label) => label === option.label || collapse(label) === collapse(option.label);
  const fits = (option, index) => wanted => {
    if (wanted.handle !== undefined) return handles[wanted.handle] === option;
    return (wanted.valueOrLabel === undefined || wanted.valueOrLabel === option.value || sameLabel(option, wanted.valueOrLabel))
      && (wanted.value === undefined || wanted.value === option.value)
      && (wanted.label === undefined || sameLabel(option, wanted.label))
      && (wanted.index === undefined || wanted.index === index);
  };
  const chosen = [];
  let wanted = params.options;
  for (const [index, option] of [...select.options].entries()) {
    if (!wanted.some(fits(option, index))) continue;
    if (isDisabled(option)) return { retry: 'option being selected is not enabled' };
    chosen.push(option);
    wanted = select.multiple ? wanted.filter(each => !fits(option, index)(each)) : [];
    if (!select.multiple) break;
  }
  if (wanted.length) return { retry: 'did not find some options' };
  select.value = undefined;
  for (const option of chosen) option.selected = true;
  select.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  select.dispatchEvent(new Event('change', { bubbles: true }));
  log.push('  selected specified option(s)');
  return { done: chosen.map(option => option.value) };
}

/** `reset` puts the caret of a field that had no focus at its start, as typing into it would. */
function focus(element, params) {
  if (!element.isConnected) return 'detached';
  const was = isActive(element);
  const active = element.getRootNode().activeElement;
  if (element.isContentEditable && !was) active?.blur?.();
  element.focus();
  element.focus();
  if (params.reset && !was && element.nodeName.toLowerCase() === 'input') {
    try {
      element.setSelectionRange(0, 0);
    } catch {
      // Fields without a selection, as of type "email".
    }
  }
  return { done: null };
}

function blur(element) {
  if (!element.isConnected) return 'detached';
  element.blur();
  return { done: null };
}

/** Files as `[{ name, mimeType, base64 }]`. */
function transferOf(files) {
  const transfer = new DataTransfer();
  for (const { name, mimeType, base64, lastModified } of files ?? []) {
    const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: mimeType, lastModified: lastModified ?? Date.now() }));
  }
  return transfer;
}

function setFiles(node, params) {
  const input = retarget(node, 'follow-label');
  if (!input) return 'detached';
  if (input.nodeName !== 'INPUT') throw new StateError('Node is not an HTMLInputElement');
  if (input.type.toLowerCase() !== 'file') throw new StateError('Not an input[type=file] element');
  if (params.files.folder) {
    if (!input.webkitdirectory) throw new StateError('File input does not support directories, pass individual files instead');
    return { done: null };
  }
  if (input.webkitdirectory) throw new StateError('[webkitdirectory] input requires passing a path to a directory');
  if (params.files.length > 1 && !input.multiple) {
    throw new StateError('Non-multiple file input can only accept single file');
  }
  input.files = transferOf(params.files).files;
  input.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  input.dispatchEvent(new Event('change', { bubbles: true }));
  return { done: null };
}

/** Drops files and data from outside of the page onto the element. */
async function drop(element, params, log) {
  const aimed = await pointer(element, { ...params, kind: 'drag' }, log);
  if (!aimed.done) return aimed;
  log.push('  performing drop action');
  const { point } = aimed.done;
  const dataTransfer = transferOf(params.files);
  for (const [type, text] of params.options) dataTransfer.setData(type, text);
  const tell = type => element.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, composed: true, clientX: point.x, clientY: point.y, dataTransfer }));
  tell('dragenter');
  if (tell('dragover')) {
    tell('dragleave');
    throw new EngineError('Drop target did not accept the drop — its dragover handler did not call preventDefault()');
  }
  tell('drop');
  return { done: null };
}

/** For `waitForElementState`. */
async function waitForState(element, { state, frameVisible }) {
  const missing = await missingState(element, [state], frameVisible);
  if (missing === 'detached') return 'detached';
  return missing ? { retry: missing } : { done: null };
}

const ACTIONS = { pointer, fill, selectText, scrollIntoView, selectOption, focus, blur, setFiles, drop, waitForState };
const ATTEMPTED = { fill: 'fill', selectText: 'selectText', scrollIntoView: 'scroll into view', selectOption: 'select option', drop: 'drop' };

/** Elements of running actions by token, so that another attempt is of the same element. The oldest go first. */
const targets = new Map();

/** Logs of attempts that have not ended, by token. */
const underway = new Map();

/** Finds the element (or takes that of `token`) and makes one attempt: `{ outcome?, box?, missing? }`. */
async function act(params, handles, log) {
  underway.set(params.token, log);
  try {
    return await attempt(params, handles, log);
  } finally {
    underway.delete(params.token);
  }
}

async function attempt(params, handles, log) {
  let element = targets.get(params.token);
  if (!params.attempt) {
    const target = found(params, handles);
    if (!target) return { missing: true };
    ({ element } = target);
    if (target.line) log.push(target.line);
    if (params.needsVisibleFrame && !params.frameVisible && !params.force) {
      log.push('  element is inside a hidden frame, retrying');
      return { missing: true };
    }
    if (params.checked !== undefined) {
      const { matches, received, radio } = withCaches(() => stateOf(element, params.checked ? 'checked' : 'unchecked'));
      if (received === 'detached') return { outcome: 'detached' };
      if (matches) return { outcome: { done: 'already' }, box: boxOf(element) };
      if (radio && !params.checked) {
        throw new EngineError('Cannot uncheck radio button. Radio buttons can only be unchecked by selecting another radio button in the same group.');
      }
    }
    const name = params.action === 'waitForState' ? `wait for ${params.state}` : params.name ?? ATTEMPTED[params.action];
    if (params.action === 'fill') log.push(`  fill("${params.value}")`);
    if (name) log.push(`attempting ${name} action${params.trial ? ' (trial run)' : ''}`);
    targets.set(params.token, element);
    if (targets.size > 50) targets.delete(targets.keys().next().value);
  }
  if (!element || (!element.isConnected && !params.handle)) return { outcome: 'detached' };
  const outcome = await ACTIONS[params.action](element, params, log, handles);
  if (outcome.retry && !params.force) log.push(`  ${outcome.retry}`);
  return { outcome, box: boxOf(element) };
}

/** Ends the watch over an input: `{ blocker?, checked? }`. */
function finish({ token, checked }) {
  const blocker = interception?.token === token ? interception.blocker : null;
  if (interception?.token === token) release();
  const element = targets.get(token);
  const result = { blocker };
  if (checked !== undefined && element && !blocker) result.checked = withCaches(() => stateOf(element, 'checked'));
  if (!blocker) targets.delete(token);
  return result;
}
