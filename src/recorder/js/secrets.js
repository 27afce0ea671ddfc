// What is typed into passwords, codes and cards is a secret. Once secret, a field stays so, whatever becomes of its type.

/** Which variable stands for each field that is, or was, secret. */
const secrets = new WeakMap();
/** Names and ids of such fields: a script may put another one in their place, as to show a password. */
const secretNames = new Map();
const WITH_VALUE = ['INPUT', 'SELECT', 'TEXTAREA'];
const PASSWORDS = ['current-password', 'new-password'];

/** The environment variable that stands for what is typed here, where that is a secret. */
function secretOf(element) {
  if (revealing || !WITH_VALUE.includes(element.nodeName) || isCheckable(element)) return undefined;
  const kind = kindOf(element) ?? secrets.get(element) ?? secretNames.get(element.name) ?? secretNames.get(element.id);
  if (kind) keepSecret(element, kind);
  return kind;
}

/** By what it says about itself now. */
function kindOf(element) {
  if (typeOf(element) === 'password') return 'PASSWORD';
  return kindOfMeaning(element.getAttribute('autocomplete'));
}

function kindOfMeaning(autocomplete) {
  const meaning = (autocomplete ?? '').toLowerCase().split(/\s+/).find(word => word.startsWith('cc-') || word === 'one-time-code' || PASSWORDS.includes(word));
  return PASSWORDS.includes(meaning) ? 'PASSWORD' : meaning?.toUpperCase().replace(/\W/g, '_');
}

function keepSecret(element, kind) {
  if (!secrets.has(element)) {
    secrets.set(element, kind);
    // Fields of a list share their name; one that was secret is not all of them.
    for (const name of [element.name, element.id]) if (name && kind === 'PASSWORD') secretNames.set(name, kind);
  }
  cover(element);
}

/** Where pictures are taken, no letter of it is on them. Passwords are covered by the browser. */
function cover(element) {
  if (!covering || typeOf(element) === 'password' || element.style.getPropertyPriority('-webkit-text-security')) return;
  element.style.setProperty('-webkit-text-security', 'disc', 'important');
  if (element.nodeName === 'SELECT') element.style.setProperty('color', 'transparent', 'important');
}

const SECRET_FIELDS = ['[type=password i]', '[autocomplete^="cc-" i]', '[autocomplete*=" cc-" i]', '[autocomplete~="one-time-code" i]',
  '[autocomplete~="current-password" i]', '[autocomplete~="new-password" i]'].map(marked => `:is(input, select, textarea)${marked}`).join();

/** Documents and shadow roots whose fields are known. */
const knownRoots = new WeakSet();
const changes = new MutationObserver(records => {
  for (const { target, attributeName, oldValue } of records) {
    const kind = attributeName === 'type' ? (oldValue?.toLowerCase() === 'password' ? 'PASSWORD' : undefined) : kindOfMeaning(oldValue);
    if (WITH_VALUE.includes(target.nodeName) && !revealing) keepSecretOf(target, kind);
  }
});
const keepSecretOf = (element, kind = kindOf(element)) => kind && keepSecret(element, kind);

/** Looks for secret fields wherever a person acts. */
function knowSecrets(event) {
  if (revealing) return;
  for (const root of [document, ...event.composedPath().filter(node => node instanceof ShadowRoot)]) {
    for (const field of root.querySelectorAll(SECRET_FIELDS)) secretOf(field);
    if (knownRoots.has(root)) continue;
    knownRoots.add(root);
    changes.observe(root, { subtree: true, attributeFilter: ['type', 'autocomplete'], attributeOldValue: true });
  }
}

for (const type of ['DOMContentLoaded', 'pointerdown', 'focusin']) on(type, knowSecrets, { capture: true, passive: true });
coverAll();

/** Fields that come with a value, from the first picture on. */
function coverAll() {
  if (!covering) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${SECRET_FIELDS} { -webkit-text-security: disc !important } select:is(${SECRET_FIELDS}) { color: transparent !important }`);
  document.adoptedStyleSheets.push(sheet);
}
