// The accessibility tree as YAML (`ariaSnapshot`), and templates of it (`toMatchAriaSnapshot`).

/** Elements whose values nobody may read. */
let isSecret = () => false;

/** `{ role, name, children: [node or text], states, props }` */
function ariaTree(root) {
  const visited = new Set();
  const top = { role: 'fragment', name: '', children: [], states: {}, props: {} };
  const visit = (into, node) => {
    if (visited.has(node)) return;
    visited.add(node);
    if (node.nodeType === TEXT) {
      if (into.role !== 'textbox' && node.nodeValue && !isTextLeftOut(node)) into.children.push(node.nodeValue);
      return;
    }
    if (node.nodeType !== ELEMENT || isAriaHidden(node)) return;
    const own = ariaNode(node);
    if (own) into.children.push(own);
    if (!own || !isSecret(node)) visitInside(own ?? into, node);
  };
  const visitInside = (into, element) => {
    const block = displayOf(element) !== 'inline' || element.nodeName === 'BR';
    if (block) into.children.push(' ');
    into.children.push(pseudoText(element, '::before'));
    const slotted = element.nodeName === 'SLOT' ? element.assignedNodes() : [];
    if (slotted.length) {
      for (const child of slotted) visit(into, child);
    } else {
      for (const child of element.childNodes) if (!child.assignedSlot) visit(into, child);
      for (const child of element.shadowRoot?.childNodes ?? []) visit(into, child);
    }
    for (const owned of referenced(element, 'aria-owns')) visit(into, owned);
    into.children.push(pseudoText(element, '::after'));
    if (block) into.children.push(' ');
    if (into.children.length === 1 && into.name === into.children[0]) into.children = [];
    if (into.role === 'link' && element.hasAttribute('href')) into.props.url = element.getAttribute('href');
    if (into.role === 'textbox' && element.hasAttribute('placeholder') && element.getAttribute('placeholder') !== into.name) {
      into.props.placeholder = element.getAttribute('placeholder');
    }
  };
  visit(top, root);
  tidy(top);
  return top;
}

const INVALID_ROLES = new Set(['application', 'checkbox', 'columnheader', 'combobox', 'gridcell', 'listbox', 'radiogroup', 'rowheader', 'searchbox',
  'slider', 'spinbutton', 'switch', 'textbox', 'tree']);

/** What `aria-invalid` says: false, true, 'grammar' or 'spelling'. */
function invalidOf(element) {
  const value = (element.getAttribute('aria-invalid') ?? '').trim().toLowerCase();
  return ['', 'false'].includes(value) ? false : ['grammar', 'spelling'].includes(value) ? value : true;
}

function ariaNode(element) {
  const role = element.nodeName === 'IFRAME' ? 'iframe' : roleOf(element) ?? 'generic';
  if (role === 'presentation' || role === 'none' || role === 'generic') return null;
  const states = {};
  if (CHECKED_ROLES.includes(role)) states.checked = checkedOf(element);
  if (DISABLED_ROLES.has(role)) states.disabled = isDisabled(element);
  if (EXPANDED_ROLES.includes(role)) states.expanded = expandedOf(element);
  if (INVALID_ROLES.has(role)) states.invalid = invalidOf(element);
  if (['heading', 'listitem', 'row', 'treeitem'].includes(role)) states.level = levelOf(element);
  if (role === 'button') states.pressed = pressedOf(element);
  if (SELECTED_ROLES.includes(role)) states.selected = selectedOf(element);
  const node = { role, name: role === 'iframe' ? '' : collapse(nameOf(element)), children: [], states, props: {}, box: element.getBoundingClientRect(), hidden: element.getAttribute('aria-hidden')?.toLowerCase() === 'true' };
  if ((element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) && !['checkbox', 'radio', 'file'].includes(element.type)) {
    node.children = isSecret(element) ? [] : [element.value];
  }
  return node;
}

/** Joins runs of text, drops empty ones and what only repeats the name. */
function tidy(node) {
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
      tidy(child);
      children.push(child);
    }
  }
  flush();
  node.children = children.length === 1 && children[0] === node.name ? [] : children;
}

const STATE_ORDER = ['checked', 'disabled', 'expanded', 'invalid', 'level', 'pressed', 'selected'];

function stateText(states) {
  return STATE_ORDER.map(name => {
    const value = states[name];
    if (!value) return '';
    return value === true ? ` [${name}]` : ` [${name}=${value}]`;
  }).join('');
}

/** `depth`: how far below the first level; `boxes`: with the place of each element. */
function snapshotOf(element, { depth, boxes } = {}) {
  const lines = [];
  const write = (node, indent, level) => {
    if (typeof node === 'string') {
      lines.push(`${indent}- text: ${yamlText(node)}`);
      return;
    }
    let key = node.role;
    // A very long name is most of the time the content again.
    if (node.name && node.name.length <= 900) key += ` ${JSON.stringify(node.name)}`;
    key += stateText(node.states) + (node.hidden ? ' [aria-hidden]' : '');
    if (boxes && node.box) key += ` [box=${[node.box.x, node.box.y, node.box.width, node.box.height].map(Math.round).join(',')}]`;
    const head = `${indent}- ${yamlKey(key)}`;
    if (depth !== undefined && level >= depth && !(node.children.length === 1 && typeof node.children[0] === 'string')) {
      lines.push(head);
      return;
    }
    const props = Object.entries(node.props);
    if (!node.children.length && !props.length) {
      lines.push(head);
    } else if (node.children.length === 1 && typeof node.children[0] === 'string' && !props.length) {
      lines.push(`${head}: ${yamlText(node.children[0])}`);
    } else {
      lines.push(`${head}:`);
      for (const [name, value] of props) lines.push(`${indent}  - /${name}: ${yamlText(value)}`);
      for (const child of node.children) write(child, indent + '  ', level + 1);
    }
  };
  for (const child of ariaTree(element).children) write(child, '', 0);
  return lines.join('\n');
}

function yamlNeedsQuotes(text) {
  return !text.length || /^\s|\s$|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|^-|[\n:](\s|$)|\s#|[\n\r]|^[&*\],?!>|@"'#%]|[{}`]|^\[/.test(text)
    || !Number.isNaN(Number(text)) || ['y', 'n', 'yes', 'no', 'true', 'false', 'on', 'off', 'null', '~'].includes(text.toLowerCase());
}

const yamlText = text => (yamlNeedsQuotes(text) ? JSON.stringify(text) : text);
const yamlKey = text => (yamlNeedsQuotes(text) ? `'${text.replace(/'/g, '\'\'')}'` : text);

/** One line of a template: `{ role, name?, states }`, name a string or a regex. */
function templateKey(text) {
  const match = /^([a-z]+)\s*(?:("(?:[^"\\]|\\.)*")|(\/(?:[^/\\]|\\.)*\/[a-z]*))?\s*((?:\[[^\]]*\]\s*)*)$/.exec(text.trim());
  if (!match) throw new StateError(`Unexpected input in an aria snapshot: ${text}`);
  const [, role, quoted, regex, brackets] = match;
  const states = {};
  for (const [, name, value] of brackets.matchAll(/\[([a-z]+)(?:=([a-z0-9]+))?\]/g)) {
    states[name] = value === undefined || value === 'true' ? true : value === 'false' ? false : value === 'mixed' ? value : Number(value);
  }
  return { role, name: quoted ? JSON.parse(quoted) : regex ? regexOf(regex) : undefined, states, children: [], props: {} };
}

/** The YAML of a template -> a node as `ariaTree` makes them. Only what snapshots consist of is understood. */
function parseTemplate(yaml) {
  const top = { role: 'fragment', children: [], states: {}, props: {} };
  const stack = [{ indent: -1, node: top }];
  for (const line of yaml.split('\n')) {
    if (!line.trim() || line.trim().startsWith('#')) continue;
    const match = /^(\s*)- (.*)$/.exec(line);
    if (!match) throw new StateError(`Aria snapshot must be a YAML sequence, elements starting with " -": ${line.trim()}`);
    const indent = match[1].length;
    while (stack.at(-1).indent >= indent) stack.pop();
    const parent = stack.at(-1).node;
    const { key, value } = splitYaml(match[2].trim());
    if (key === 'text') {
      parent.children.push(templateText(value));
    } else if (key.startsWith('/')) {
      if (key === '/children') parent.mode = value;
      else parent.props[key.slice(1)] = templateText(value);
    } else {
      const node = templateKey(key);
      parent.children.push(node);
      if (value) node.children.push(templateText(value));
      stack.push({ indent, node });
    }
  }
  return top;
}

function splitYaml(text) {
  if (text[0] === '\'') {
    const end = /^'((?:[^']|'')*)'/.exec(text);
    return { key: (end?.[1] ?? text).replace(/''/g, '\''), value: text.slice(end?.[0].length ?? 0).replace(/^:\s*/, '') };
  }
  const colon = /^((?:"(?:[^"\\]|\\.)*"|\/(?:[^/\\]|\\.)*\/|[^:"]|:(?!\s|$))*):(?:\s+(.*))?$/.exec(text);
  return colon ? { key: colon[1].trim(), value: colon[2] ?? '' } : { key: text, value: '' };
}

function templateText(text) {
  if (/^".*"$/s.test(text)) return JSON.parse(text);
  if (/^'.*'$/s.test(text)) return text.slice(1, -1).replace(/''/g, '\'');
  return regexOf(text) ?? collapse(text);
}

const textFits = (actual, wanted) => (wanted instanceof RegExp ? wanted.test(actual) : !wanted || actual === wanted);

function nodeFits(node, template, deep) {
  if (typeof node === 'string' || typeof template === 'string' || template instanceof RegExp) {
    return typeof node === 'string' && (typeof template === 'string' || template instanceof RegExp) && textFits(node, template);
  }
  if (template.role !== 'fragment' && template.role !== node.role) return false;
  if (template.name !== undefined && !textFits(node.name, template.name)) return false;
  for (const [name, value] of Object.entries(template.states)) if ((node.states[name] ?? false) !== value) return false;
  for (const [name, value] of Object.entries(template.props)) if (!textFits(node.props[name] ?? '', value)) return false;
  const mode = template.mode ?? (deep ? 'deep-equal' : 'contain');
  return childrenFit(node.children, template.children, mode);
}

function childrenFit(children, templates, mode) {
  if (mode === 'equal' || mode === 'deep-equal') {
    return children.length === templates.length && templates.every((template, i) => nodeFits(children[i], template, mode === 'deep-equal'));
  }
  let next = 0;
  for (const child of children) {
    if (next === templates.length) break;
    if (nodeFits(child, templates[next], false)) next++;
  }
  return next === templates.length;
}

function matchSnapshot(element, yaml) {
  const template = parseTemplate(yaml);
  const received = snapshotOf(element);
  const anywhere = node => typeof node !== 'string' && (nodeFits(node, template, false) || node.children.some(anywhere));
  const single = template.children.length === 1 ? template.children[0] : null;
  const inside = node => typeof node !== 'string' && ((single && nodeFits(node, single, false)) || node.children.some(child => (typeof child === 'string' ? single && nodeFits(child, single, false) : inside(child))));
  const tree = ariaTree(element);
  return { matches: anywhere(tree) || inside(tree), received };
}
