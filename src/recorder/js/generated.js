// Which ids, classes and values a machine made: they are others after the next build, or on the next visit.

const MACHINE_MADE = [
  // React's useId, alone or with a library's words around it.
  /:[rR][\da-z]*:|«[rR][\da-z]*»|_[rR]_[\da-z]*_/,
  /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}/i,
  /\d{4,}/,
  // Styles in scripts and scoped styles.
  /^(css|jsx|jss|emotion|svelte|astro|tss|data-v)-?[\da-z]*\d[\da-z]*/i,
  /^(css|svelte|astro)-[\da-z]{5,}/i,
  /^sc-[a-zA-Z]{5,}$/,
  /^_?ng-?(tns|content|host|c)[-\d]/,
  // Counters of libraries.
  /^(aria|cdk|chakra|dijit|downshift|el-id|ember|ext-gen|gwt|headlessui|j_idt|mantine|mat|mui|radix|rc|react-aria|react-select|select2|tippy|ui-id|v|yui)[-_:\w]*?\d+/,
];

function isGenerated(value) {
  return MACHINE_MADE.some(pattern => pattern.test(value)) || value.split(/[-_:\s]+/).some(isHash);
}

/** Letters and digits, or small and capital letters, in turns: `1q2w3e`, `bdVaJa`. */
function isHash(word) {
  if (word.length < 5) return false;
  const turns = word.replace(/[a-z]+/g, 'a').replace(/[A-Z]+/g, 'A').replace(/\d+/g, '0').length;
  const digits = word.replace(/\D/g, '').length;
  // Words that are joined by capitals turn less often.
  return digits ? digits > 1 && turns > 2 : turns > word.length * 0.7;
}

const NAMES_IN_CSS = /[#.]((?:[\w-]|\\.|[^\x00-\x7f])+)|="((?:[^"\\]|\\.)*)"/g;

/** Whether tokens will mean the same when the page has changed a little: no place in a list, no position in the tree, no such names. */
function isLasting(tokens) {
  return tokens.every(([engine, body]) => {
    if (engine === 'nth') return false;
    if (engine !== 'css') return true;
    if (body.includes(':nth-child(')) return false;
    return [...body.matchAll(NAMES_IN_CSS)].every(([, name, value]) => !isGenerated((name ?? value).replace(/\\(.)/g, '$1')));
  });
}
