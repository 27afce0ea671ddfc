// What is left of an accessibility tree when all is gone that says nothing: runs of text are joined, boxes for one thing are opened. Of a
// tree for machines (`ai`) also names that repeat the content, pictures without a name, text that repeats the name.

/** Roles whose name says which one it is, whatever is inside. */
const KEEPS_NAME = new Set(`alertdialog dialog banner complementary contentinfo form main navigation region search application document figure
  group grid listbox menu menubar radiogroup tablist tabpanel toolbar tree treegrid table columnheader rowheader`.split(/\s+/));

function distil({ top, known }, { ai = false, depth: deepest } = {}) {
  /** Refs whose text stands in a name and has not been met as content. */
  const unmet = new Set();
  const ancestors = [];

  /** `keep`, `remove` or `open`: its children stand for it. */
  const leave = node => {
    joinText(node);
    if (!ai) return isNeedlessBox(node) ? 'open' : 'keep';
    if (node.role === 'img' && !node.name && !node.children.length && !isTarget(node)) return 'remove';
    dropRepeatedName(node);
    inlineText(node);
    if (repeatsParent(node)) {
      if (node.ref) unmet.add(node.ref);
      return 'remove';
    }
    return isNeedlessBox(node) ? 'open' : 'keep';
  };
  const isTarget = node => node.ref && node.pointer && !ancestors.some(ancestor => ancestor.ref && ancestor.pointer);
  const isNeedlessBox = node => node.role === 'generic' && !node.name && node.children.length < 2
    && node.children.every(child => typeof child !== 'string' && child.ref) && (node.children.length || !isTarget(node));
  const namedBy = node => (ai && node.ref ? known.get(node.ref).namedBy : []);
  const enter = (node, depth) => {
    for (const ref of namedBy(node)) unmet.add(ref);
    const isShown = !deepest || depth <= deepest;
    const isText = node.role === 'generic' && node.children.every(child => typeof child === 'string');
    if (ai && node.ref && isShown && !isText) unmet.delete(node.ref);
  };
  const dropRepeatedName = node => {
    const by = namedBy(node);
    if (!by.length) return;
    if (!KEEPS_NAME.has(node.role) && by.every(ref => !unmet.has(ref))) node.name = '';
    else for (const ref of by) unmet.delete(ref);
  };
  const repeatsParent = node => {
    const parent = ancestors.at(-1);
    if (!parent?.name || node.role !== 'generic' || node.active || Object.keys(node.props).length) return false;
    const text = node.name ? !node.children.length && node.name : onlyText(node);
    return Boolean(text) && text === parent.name;
  };
  const visit = (node, depth) => {
    const children = [];
    ancestors.push(node);
    for (const child of node.children) {
      if (typeof child === 'string') {
        children.push(child);
        continue;
      }
      enter(child, depth + 1);
      visit(child, depth + 1);
      const verdict = leave(child);
      if (verdict === 'keep') children.push(child);
      else if (verdict === 'open') children.push(...child.children);
    }
    ancestors.pop();
    node.children = children;
  };
  visit(top, -1);
  joinText(top);
  return top;
}

const onlyText = ({ children }) => (children.length === 1 && typeof children[0] === 'string' ? children[0] : undefined);

/** Joins runs of text, drops empty ones and what only repeats the name. */
function joinText(node) {
  const children = [];
  let run = '';
  const flush = () => {
    const text = collapse(run);
    if (text) children.push(text);
    run = '';
  };
  for (const child of node.children) {
    if (typeof child === 'string') {
      run += child;
    } else {
      flush();
      children.push(child);
    }
  }
  flush();
  node.children = onlyText({ children }) === node.name ? [] : children;
}

/** The text of a box in a box is the outer one's. */
function inlineText(node) {
  if (node.role !== 'generic' || Object.keys(node.props).length || node.children.length !== 1) return;
  const [child] = node.children;
  if (typeof child === 'string' || child.role !== 'generic' || child.name || child.active || Object.keys(child.props).length) return;
  const text = onlyText(child);
  if (text !== undefined) node.children = [text];
}
