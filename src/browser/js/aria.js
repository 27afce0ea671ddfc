// Roles and states after ARIA in HTML and WAI-ARIA 1.2, as assistive technology would be told them.

const ROLES = new Set(`alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox
  complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid gridcell group heading
  img insertion link list listbox listitem log main mark marquee math meter menu menubar menuitem menuitemcheckbox menuitemradio
  navigation none note option paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search
  searchbox separator slider spinbutton status strong subscript superscript switch tab table tablist tabpanel term textbox time timer
  toolbar tooltip tree treegrid treeitem`.split(/\s+/));

const IMPLICIT_ROLES = {
  ARTICLE: 'article', ASIDE: 'complementary', BLOCKQUOTE: 'blockquote', BUTTON: 'button', CAPTION: 'caption', CODE: 'code',
  DATALIST: 'listbox', DD: 'definition', DEL: 'deletion', DETAILS: 'group', DFN: 'term', DIALOG: 'dialog', DT: 'term', EM: 'emphasis',
  FIELDSET: 'group', FIGURE: 'figure', H1: 'heading', H2: 'heading', H3: 'heading', H4: 'heading', H5: 'heading', H6: 'heading',
  HR: 'separator', HTML: 'document', INS: 'insertion', LI: 'listitem', MAIN: 'main', MARK: 'mark', MATH: 'math', MENU: 'list',
  METER: 'meter', NAV: 'navigation', OL: 'list', OPTGROUP: 'group', OPTION: 'option', OUTPUT: 'status', P: 'paragraph',
  PROGRESS: 'progressbar', SEARCH: 'search', STRONG: 'strong', SUB: 'subscript', SUP: 'superscript', SVG: 'img', TABLE: 'table',
  TBODY: 'rowgroup', TEXTAREA: 'textbox', TFOOT: 'rowgroup', THEAD: 'rowgroup', TIME: 'time', TR: 'row', UL: 'list',
  A: element => (element.hasAttribute('href') ? 'link' : null),
  AREA: element => (element.hasAttribute('href') ? 'link' : null),
  FOOTER: element => (insideSection(element) ? null : 'contentinfo'),
  HEADER: element => (insideSection(element) ? null : 'banner'),
  FORM: element => (saysItsName(element) ? 'form' : null),
  SECTION: element => (saysItsName(element) ? 'region' : null),
  IMG: element => (element.getAttribute('alt') === '' && !element.getAttribute('title') && !hasGlobalAria(element, null) && !hasTabIndex(element)
    ? 'presentation' : 'img'),
  INPUT: inputRole,
  SELECT: element => (element.hasAttribute('multiple') || element.size > 1 ? 'listbox' : 'combobox'),
  TD: element => (insideGrid(element) ? 'gridcell' : 'cell'),
  TH: headerCellRole,
};

const INPUT_ROLES = { button: 'button', checkbox: 'checkbox', file: 'button', image: 'button', number: 'spinbutton', radio: 'radio',
  range: 'slider', reset: 'button', submit: 'button' };

/** Tags whose role depends on more than the tag, by what it may be. */
const TAGS_OF_ROLES = { banner: 'header', button: 'input', cell: 'td', checkbox: 'input', columnheader: 'th', combobox: 'input,select', contentinfo: 'footer', form: 'form',
  gridcell: 'td', img: 'img', link: 'a,area', listbox: 'select', radio: 'input', region: 'section', rowheader: 'th', searchbox: 'input', slider: 'input',
  spinbutton: 'input', textbox: 'input' };

/** CSS that everything of a role matches, and not much else. */
function cssOfRole(role) {
  // These are handed down by what is around.
  if (role === 'none' || role === 'presentation') return '*';
  const tags = Object.entries(IMPLICIT_ROLES).filter(([, implicit]) => implicit === role).map(([tag]) => tag.toLowerCase());
  return [...tags, ...(TAGS_OF_ROLES[role] ? [TAGS_OF_ROLES[role]] : []), '[role]'].join(',');
}

function inputRole(element) {
  const type = element.type.toLowerCase();
  if (type === 'hidden') return null;
  if (['email', 'search', 'tel', 'text', 'url', ''].includes(type)) {
    const [list] = referenced(element, 'list');
    return list && tagOf(list) === 'DATALIST' ? 'combobox' : type === 'search' ? 'searchbox' : 'textbox';
  }
  return INPUT_ROLES[type] ?? 'textbox';
}

function headerCellRole(element) {
  switch (element.getAttribute('scope')) {
    case 'col': case 'colgroup': return 'columnheader';
    case 'row': case 'rowgroup': return 'rowheader';
  }
  const beside = [element.previousElementSibling, element.nextElementSibling].filter(Boolean);
  if (!beside.length) {
    const inRow = element.parentElement && tagOf(element.parentElement) === 'TR';
    return inRow && closestAcross(element, 'table')?.rows.length <= 1 ? null : 'columnheader';
  }
  const holdsData = cell => tagOf(cell) === 'TD' && (cell.textContent.trim() || cell.children.length);
  return beside.some(holdsData) ? 'rowheader' : 'columnheader';
}

function insideSection(element) {
  return !!closestAcross(element.parentElement ?? element,
    'article:not([role]), aside:not([role]), main:not([role]), nav:not([role]), section:not([role]), [role=article], [role=complementary], [role=main], [role=navigation], [role=region]');
}

function insideGrid(element) {
  const table = closestAcross(element, 'table');
  const role = table && explicitRole(table);
  return role === 'grid' || role === 'treegrid';
}

const saysItsName = element => element.hasAttribute('aria-label') || element.hasAttribute('aria-labelledby');
const hasTabIndex = element => element.hasAttribute('tabindex') && !Number.isNaN(Number(element.getAttribute('tabindex')));
const GLOBAL_ARIA = ['aria-atomic', 'aria-busy', 'aria-controls', 'aria-current', 'aria-describedby', 'aria-details', 'aria-dropeffect',
  'aria-flowto', 'aria-grabbed', 'aria-hidden', 'aria-keyshortcuts', 'aria-label', 'aria-labelledby', 'aria-live', 'aria-owns',
  'aria-relevant', 'aria-roledescription'];
/** What has no name can't be given one. */
const UNNAMED_ROLES = new Set(['caption', 'code', 'deletion', 'emphasis', 'generic', 'insertion', 'paragraph', 'presentation', 'strong',
  'subscript', 'superscript']);

function hasGlobalAria(element, role) {
  const prohibited = name => (UNNAMED_ROLES.has(role) && (name === 'aria-label' || name === 'aria-labelledby'))
    || (role === 'generic' && name === 'aria-roledescription');
  return GLOBAL_ARIA.some(name => element.hasAttribute(name) && !prohibited(name));
}

function isFocusable(element) {
  if (isNativelyDisabled(element)) return false;
  if (hasTabIndex(element)) return true;
  switch (tagOf(element)) {
    case 'BUTTON': case 'DETAILS': case 'SELECT': case 'TEXTAREA': return true;
    case 'A': case 'AREA': return element.hasAttribute('href');
    case 'INPUT': return !element.hidden;
    default: return false;
  }
}

/** Parents that hand `role=presentation` down to what only makes sense inside of them. */
const PRESENTATION_FROM = { DD: ['DL', 'DIV'], DIV: ['DL'], DT: ['DL', 'DIV'], LI: ['OL', 'UL'], TBODY: ['TABLE'], TD: ['TR'], TFOOT: ['TABLE'],
  TH: ['TR'], THEAD: ['TABLE'], TR: ['THEAD', 'TBODY', 'TFOOT', 'TABLE'] };

function implicitRole(element) {
  const entry = IMPLICIT_ROLES[tagOf(element)];
  const role = typeof entry === 'function' ? entry(element) : entry ?? null;
  if (!role) return null;
  for (let at = element; at;) {
    const parent = parentOrHost(at);
    if (!parent || !PRESENTATION_FROM[tagOf(at)]?.includes(tagOf(parent))) return role;
    const own = explicitRole(parent);
    if ((own === 'none' || own === 'presentation') && !resistsPresentation(parent, own)) return own;
    at = parent;
  }
  return role;
}

function explicitRole(element) {
  return (element.getAttribute('role') ?? '').toLowerCase().split(' ').map(token => token.trim()).find(token => ROLES.has(token)) ?? null;
}

const resistsPresentation = (element, role) => hasGlobalAria(element, role) || isFocusable(element);

function roleOf(element) {
  return cached('role', element, () => {
    const role = explicitRole(element);
    if (!role) return implicitRole(element);
    if (role !== 'none' && role !== 'presentation') return role;
    const implicit = implicitRole(element);
    return resistsPresentation(element, implicit) ? implicit : role;
  });
}

const isNeverTold = element => ['STYLE', 'SCRIPT', 'NOSCRIPT', 'TEMPLATE'].includes(tagOf(element));

/** Text without a box: outside of all slots, or in a closed <details>. */
function isTextLeftOut(node) {
  const parent = node.parentElement;
  return !!parent && ((!!parent.shadowRoot && !node.assignedSlot) || (tagOf(parent) === 'DETAILS' && !parent.open));
}

/** Not told to assistive technology. */
function isAriaHidden(element) {
  return cached('ariaHidden', element, () => {
    if (isNeverTold(element)) return true;
    const style = styleOf(element);
    const slot = element.nodeName === 'SLOT';
    if (style?.display === 'contents' && !slot) {
      for (let child = element.firstChild; child; child = child.nextSibling) {
        if (child.nodeType === ELEMENT && !isAriaHidden(child)) return false;
        if (child.nodeType === TEXT && isTextVisible(child)) return false;
      }
      return true;
    }
    const listed = element.nodeName === 'OPTION' && !!element.closest('select');
    if (!listed && !slot && !isStyleVisible(element, style)) return true;
    return isInHiddenTree(element);
  });
}

function isInHiddenTree(element) {
  return cached('hiddenTree', element, () => {
    if (element.parentElement?.shadowRoot && !element.assignedSlot) return true;
    if (styleOf(element)?.display === 'none') return true;
    if (element.getAttribute('aria-hidden')?.toLowerCase() === 'true') return true;
    const parent = parentOrHost(element);
    return !!parent && isInHiddenTree(parent);
  });
}

function referenced(element, attribute) {
  const ids = (element.getAttribute(attribute) ?? '').split(/[ \t\n\f\r]+/).filter(Boolean);
  const root = rootOf(element);
  return [...new Set(ids.map(id => root?.querySelector('#' + CSS.escape(id))).filter(Boolean))];
}

/** What `aria-labelledby` names; null where there is no such attribute or it names nothing. */
function labelledByOf(element) {
  const found = element.ariaLabelledByElements ?? referenced(element, 'aria-labelledby');
  return found.length ? [...found] : null;
}

const FORM_CONTROLS = new Set(['BUTTON', 'INPUT', 'SELECT', 'TEXTAREA', 'OPTION', 'OPTGROUP']);
/** What is in a disabled list is not disabled itself, but in a disabled group of fields it is. */
function isNativelyDisabled(element) {
  const tag = tagOf(element);
  if (tag !== 'OPTION' && tag !== 'OPTGROUP') return FORM_CONTROLS.has(tag) && element.matches(':disabled');
  const fields = element.closest('fieldset[disabled]');
  const legend = fields?.querySelector(':scope > legend');
  return element.disabled || !!element.closest('optgroup[disabled]') || (!!fields && !legend?.contains(element));
}

const DISABLED_ROLES = new Set(`application button composite gridcell group input link menuitem scrollbar separator tab checkbox columnheader
  combobox grid listbox menu menubar menuitemcheckbox menuitemradio option radio radiogroup row rowheader searchbox select slider spinbutton
  switch tablist textbox toolbar tree treegrid treeitem`.split(/\s+/));

function isDisabled(element) {
  if (isNativelyDisabled(element)) return true;
  if (!DISABLED_ROLES.has(roleOf(element) ?? '')) return false;
  for (let at = element; at; at = parentOrHost(at)) {
    const value = at.getAttribute('aria-disabled')?.toLowerCase();
    if (value === 'true' || value === 'false') return value === 'true';
  }
  return false;
}

const READONLY_ROLES = new Set(`checkbox combobox grid gridcell listbox radiogroup slider spinbutton textbox columnheader rowheader searchbox
  switch treegrid`.split(/\s+/));

/** null where it can't be. */
function readonlyOf(element) {
  if (['INPUT', 'TEXTAREA', 'SELECT'].includes(tagOf(element))) return element.hasAttribute('readonly');
  if (READONLY_ROLES.has(roleOf(element) ?? '')) return element.getAttribute('aria-readonly')?.toLowerCase() === 'true';
  return element.isContentEditable ? false : null;
}

const CHECKED_ROLES = ['checkbox', 'menuitemcheckbox', 'option', 'radio', 'switch', 'menuitemradio', 'treeitem'];

/** true, false or 'mixed'; null where it can't be. */
function checkedOf(element) {
  if (tagOf(element) === 'INPUT' && element.indeterminate) return 'mixed';
  if (tagOf(element) === 'INPUT' && ['checkbox', 'radio'].includes(element.type)) return element.checked;
  if (!CHECKED_ROLES.includes(roleOf(element) ?? '')) return null;
  const value = element.getAttribute('aria-checked')?.toLowerCase();
  return value === 'true' ? true : value === 'mixed' ? 'mixed' : false;
}

const SELECTED_ROLES = ['gridcell', 'option', 'row', 'tab', 'rowheader', 'columnheader', 'treeitem'];
const EXPANDED_ROLES = ['application', 'button', 'checkbox', 'combobox', 'gridcell', 'link', 'listbox', 'menuitem', 'row', 'rowheader', 'tab',
  'treeitem', 'columnheader', 'menuitemcheckbox', 'menuitemradio', 'switch'];

function selectedOf(element) {
  if (tagOf(element) === 'OPTION') return element.selected;
  return SELECTED_ROLES.includes(roleOf(element) ?? '') && element.getAttribute('aria-selected')?.toLowerCase() === 'true';
}

function pressedOf(element) {
  if (roleOf(element) !== 'button') return false;
  const value = element.getAttribute('aria-pressed')?.toLowerCase();
  return value === 'true' ? true : value === 'mixed' ? 'mixed' : false;
}

/** undefined where nobody says. */
function expandedOf(element) {
  if (tagOf(element) === 'DETAILS') return element.open;
  if (!EXPANDED_ROLES.includes(roleOf(element) ?? '')) return undefined;
  const value = element.getAttribute('aria-expanded');
  return value === null ? undefined : value.toLowerCase() === 'true';
}

function levelOf(element) {
  const native = /^H([1-6])$/.exec(tagOf(element));
  if (native) return Number(native[1]);
  const value = element.getAttribute('aria-level');
  if (['heading', 'listitem', 'row', 'treeitem'].includes(roleOf(element) ?? '') && value !== null && Number.isInteger(Number(value)) && Number(value) >= 1) return Number(value);
  return 0;
}

const ROLE_STATES = { checked: element => checkedOf(element) ?? false, pressed: pressedOf, selected: selectedOf, expanded: expandedOf, level: levelOf, disabled: isDisabled };

const roleCss = (body, internal) => cssOfRole(parseAttributes(body, internal).name);

function roleQuery(body, internal) {
  const { name: role, attributes } = parseAttributes(body, internal);
  if (!role) throw new EngineError('Role must not be empty');
  const tests = [];
  let includeHidden = false;
  for (const { name, op, value, exact } of attributes) {
    const wanted = op === '<truthy>' ? true : value;
    if (name === 'include-hidden') includeHidden = wanted !== false;
    else if (name === 'name') tests.push(element => nameMatches(nameOf(element, includeHidden), { op, value, exact }, internal));
    else if (name === 'description') tests.push(element => nameMatches(descriptionOf(element, includeHidden), { op, value, exact }, internal));
    else if (name === 'level') tests.push(element => levelOf(element) === Number(wanted));
    else if (ROLE_STATES[name]) tests.push(element => ROLE_STATES[name](element) === wanted);
    else throw new EngineError(`Unknown attribute "${name}", must be one of "checked", "description", "disabled", "expanded", "include-hidden", "level", "name", "pressed", "selected".`);
  }
  return element => roleOf(element) === role && (includeHidden || !isAriaHidden(element)) && tests.every(test => test(element));
}

function nameMatches(actual, { op, value, exact }, internal) {
  if (value instanceof RegExp) return value.test(actual);
  const wanted = collapse(String(value));
  // `getByRole` means a part of the name unless it is told "exact"; the public `role=` engine has operators for that.
  if (internal && !exact && op === '=') return actual.toLowerCase().includes(wanted.toLowerCase());
  return attributeMatches(actual, { op, value: wanted, exact });
}
