// The accessibility tree: as assistive technology is told it, or with all that can be seen and names (refs) for what a pointer reaches
// (`ai`: for machines, after distil.js).

/** Elements whose values nobody may read. */
let isSecret = () => false;

/** What the last tree that was asked for calls its elements. */
let referred = new Map();
let lastRef = 0;
/** `{ ref, role, name }` of elements: a ref lasts as long as the other two. */
const refs = new WeakMap();

/** `{ role, name, children: [node or text], states, props, element, visible, ref?, pointer?, active? }`; refs begin with `prefix`. */
function ariaTree(root, { ai = false, prefix = '' } = {}) {
  const visited = new Set();
  const top = { role: 'fragment', name: '', children: [], states: {}, props: {} };
  /** By ref: the element and the refs of those that gave it its name. */
  const known = new Map();
  const refOf = new Map();
  const visit = (into, node, isShown) => {
    if (visited.has(node)) return;
    visited.add(node);
    if (node.nodeType === TEXT) {
      if (isShown && into.role !== 'textbox' && node.nodeValue && !isTextLeftOut(node)) into.children.push(node.nodeValue);
      return;
    }
    if (node.nodeType !== ELEMENT) return;
    const isTold = !isAriaHidden(node);
    const shown = isTold || (ai && isVisible(node));
    if (!shown && !ai) return;
    const own = shown ? ariaNode(node, ai) : null;
    if (own) {
      into.children.push(own);
      if (ai) refer(own, prefix);
      if (own.ref) {
        known.set(own.ref, { element: node, namedBy: [] });
        refOf.set(node, own.ref);
      }
    }
    if (!own || !isSecret(node)) visitInside(own ?? into, node, shown);
    if (own?.ref) known.get(own.ref).namedBy = [...own.namedBy].map(element => refOf.get(element)).filter(ref => ref && ref !== own.ref);
  };
  const visitInside = (into, element, isShown) => {
    const block = displayOf(element) !== 'inline' || element.nodeName === 'BR';
    if (block) into.children.push(' ');
    into.children.push(pseudoText(element, '::before'));
    const slotted = element.nodeName === 'SLOT' ? element.assignedNodes() : [];
    if (slotted.length) {
      for (const child of slotted) visit(into, child, isShown);
    } else {
      for (const child of element.childNodes) if (!child.assignedSlot) visit(into, child, isShown);
      for (const child of element.shadowRoot?.childNodes ?? []) visit(into, child, isShown);
    }
    for (const owned of referenced(element, 'aria-owns')) visit(into, owned, isShown);
    into.children.push(pseudoText(element, '::after'));
    if (block) into.children.push(' ');
    if (into.children.length === 1 && into.name === into.children[0]) into.children = [];
    if (into.role === 'link' && element.hasAttribute('href')) into.props.url = withoutData(element.getAttribute('href'));
    if (into.role === 'textbox' && element.hasAttribute('placeholder') && element.getAttribute('placeholder') !== into.name) {
      into.props.placeholder = element.getAttribute('placeholder');
    }
  };
  visit(top, root, true);
  return { top, known };
}

const withoutData = url => (url.startsWith('data:') && url.includes(',') ? `${url.slice(0, url.indexOf(',') + 1)}…` : url);

const INVALID_ROLES = new Set(['application', 'checkbox', 'columnheader', 'combobox', 'gridcell', 'listbox', 'radiogroup', 'rowheader', 'searchbox',
  'slider', 'spinbutton', 'switch', 'textbox', 'tree']);

/** What `aria-invalid` says: false, true, 'grammar' or 'spelling'. */
function invalidOf(element) {
  const value = (element.getAttribute('aria-invalid') ?? '').trim().toLowerCase();
  return ['', 'false'].includes(value) ? false : ['grammar', 'spelling'].includes(value) ? value : true;
}

function ariaNode(element, ai) {
  const isFrame = element.nodeName === 'IFRAME' || element.nodeName === 'FRAME';
  const role = isFrame ? 'iframe' : roleOf(element) ?? (ai ? 'generic' : null);
  if (!role || role === 'presentation' || role === 'none') return null;
  if (role === 'generic' && isOnlyInlineText(element)) return null;
  const states = {};
  if (CHECKED_ROLES.includes(role)) states.checked = checkedOf(element);
  if (DISABLED_ROLES.has(role)) states.disabled = isDisabled(element);
  if (EXPANDED_ROLES.includes(role)) states.expanded = expandedOf(element);
  if (INVALID_ROLES.has(role)) states.invalid = invalidOf(element);
  if (['heading', 'listitem', 'row', 'treeitem'].includes(role)) states.level = levelOf(element);
  if (role === 'button') states.pressed = pressedOf(element);
  if (SELECTED_ROLES.includes(role)) states.selected = selectedOf(element);
  const { name, by } = isFrame ? { name: '', by: [] } : namingOf(element);
  const node = { role, name: collapse(name), namedBy: by, children: [], states, props: {}, element };
  node.active = element.ownerDocument.activeElement === element && element.ownerDocument.hasFocus();
  if (element.getAttribute('aria-hidden')?.toLowerCase() === 'true') node.props.hidden = true;
  if ((element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) && !['checkbox', 'radio', 'file'].includes(element.type)) {
    node.children = isSecret(element) ? [] : [element.value];
  }
  return node;
}

/** Text that only stands in an element of its own for its looks. */
function isOnlyInlineText(element) {
  if (element.childNodes.length !== 1 || element.firstChild.nodeType !== TEXT) return false;
  const display = displayOf(element);
  return display === 'inline' ? isVisible(element) : display === 'contents' && isTextVisible(element.firstChild);
}

/** Gives it a name if a pointer can reach it. */
function refer(node, prefix) {
  const { role, name, element } = node;
  if (!isVisible(element) || !takesPointer(element)) return;
  let own = refs.get(element);
  if (!own || own.role !== role || own.name !== name) refs.set(element, own = { role, name, ref: `${prefix}e${++lastRef}` });
  node.ref = own.ref;
  node.pointer = styleOf(element)?.cursor === 'pointer';
}

/** The style is handed down, so the element's own tells. */
const takesPointer = element => styleOf(element)?.pointerEvents !== 'none';
