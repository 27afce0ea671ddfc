// Accessibility trees as JSON (`ariaSnapshotJSON`) and YAML (`ariaSnapshot`), and templates of them (`toMatchAriaSnapshot`).

/**
 * `{ json, frames }`: frames that are in it by their refs, with their depth. `mode`: `ai` or `default`; `depth`: how far below the first
 * level, 0 is all; `boxes`: with the place of each element; `prefix`: of refs. From here on refs are those of this snapshot.
 */
function snapshotJson(element, { mode, depth, boxes, prefix } = {}) {
  const ai = mode === 'ai';
  const tree = ariaTree(element, { ai, prefix });
  referred = tree.known;
  return treeJson(distil(tree, { ai, depth }), { ai, depth, boxes });
}

const snapshotOf = (element, options) => yamlOf(snapshotJson(element, options).json);

function treeJson(top, { ai = false, depth, boxes } = {}) {
  const frames = {};
  const visit = (node, level, pointed) => {
    const { role, name, states, props, ref, children } = node;
    if (role === 'iframe' && ref) frames[ref] = level;
    const json = { role };
    if (name) json.name = name;
    for (const state of STATE_ORDER) {
      const value = state === 'active' ? ai && node.active : states[state];
      if (value && !(state === 'expanded' && value !== true)) json[state] = value;
    }
    const points = Boolean(ref && node.pointer && !pointed);
    if (ref) json.ref = ref;
    if (points) json.cursor = 'pointer';
    if (boxes) {
      const { x, y, width, height } = node.element.getBoundingClientRect();
      json.box = { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) };
    }
    if (props.url !== undefined) json.url = props.url;
    if (props.placeholder !== undefined) json.placeholder = props.placeholder;
    if (props.hidden) json.ariaHidden = true;
    const text = onlyText(node);
    if (text !== undefined) json.text = text;
    else if (children.length && !(depth && level === depth)) {
      json.children = children.map(child => (typeof child === 'string' ? child : visit(child, level + 1, pointed || points)));
    }
    return json;
  };
  return { json: top.children.map(child => (typeof child === 'string' ? { role: 'text', text: child } : visit(child, 0, false))), frames };
}

const STATE_ORDER = ['checked', 'disabled', 'expanded', 'active', 'invalid', 'level', 'pressed', 'selected'];

function yamlOf(json) {
  const lines = [];
  const writeText = (text, indent) => {
    if (text) lines.push(`${indent}- text: ${yamlText(text)}`);
  };
  const write = (node, indent) => {
    if (node.role === 'text') return writeText(node.text, indent);
    const head = `${indent}- ${yamlKey(yamlHead(node))}`;
    const props = [['url', node.url], ['placeholder', node.placeholder]].filter(([, value]) => value !== undefined);
    if (node.text === undefined && !props.length && !node.children?.length) {
      lines.push(head);
    } else if (node.text !== undefined && !props.length) {
      lines.push(`${head}: ${yamlText(node.text)}`);
    } else {
      lines.push(`${head}:`);
      const inside = indent + '  ';
      for (const [name, value] of props) lines.push(`${inside}- /${name}: ${yamlText(value)}`);
      writeText(node.text, inside);
      for (const child of node.children ?? []) typeof child === 'string' ? writeText(child, inside) : write(child, inside);
    }
  };
  for (const node of json) write(node, '');
  return lines.join('\n');
}

function yamlHead(node) {
  const flags = STATE_ORDER.filter(name => node[name]).map(name => (node[name] === true ? name : `${name}=${node[name]}`));
  if (node.ariaHidden) flags.push('aria-hidden');
  if (node.ref) flags.push(`ref=${node.ref}`);
  if (node.cursor) flags.push(`cursor=${node.cursor}`);
  if (node.box) flags.push(`box=${node.box.x},${node.box.y},${node.box.width},${node.box.height}`);
  // A very long name is most of the time the content again.
  const name = node.name && node.name.length <= 900 ? ` ${JSON.stringify(node.name)}` : '';
  return `${node.role}${name}${flags.map(flag => ` [${flag}]`).join('')}`;
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
  const tree = distil(ariaTree(element));
  const received = yamlOf(treeJson(tree).json);
  const anywhere = node => typeof node !== 'string' && (nodeFits(node, template, false) || node.children.some(anywhere));
  const single = template.children.length === 1 ? template.children[0] : null;
  const inside = node => typeof node !== 'string' && ((single && nodeFits(node, single, false)) || node.children.some(child => (typeof child === 'string' ? single && nodeFits(child, single, false) : inside(child))));
  return { matches: anywhere(tree) || inside(tree), received };
}
