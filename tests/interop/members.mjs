// Captures fixtures/api/members.json from the type declarations of the official package (names only):
//   node members.mjs [FOLDER]      FOLDER has node_modules with @playwright/test; default: this one, after ./install.sh --deps
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const packages = join(process.argv[2] ?? here, 'node_modules');

/** What tests reach for. Electron, Android, reporters and the types of configuration files are other matters. */
const CLASSES = ['APIRequest', 'APIRequestContext', 'APIResponse', 'APIResponseAssertions', 'AsymmetricMatchers', 'Browser', 'BrowserContext', 'BrowserServer',
  'BrowserType', 'CDPSession', 'Clock', 'ConsoleMessage', 'Coverage', 'Credentials', 'Debugger', 'Dialog', 'Disposable', 'Download', 'ElementHandle', 'FileChooser', 'Frame',
  'FrameLocator', 'GenericAssertions', 'JSHandle', 'Keyboard', 'Locator', 'LocatorAssertions', 'Mouse', 'Page', 'PageAssertions', 'Request', 'Response', 'Route',
  'Screencast', 'Selectors', 'SnapshotAssertions', 'TestInfo', 'TestStepInfo', 'TestType', 'Touchscreen', 'Tracing', 'Video', 'WebError', 'WebMCP', 'WebSocket',
  'WebSocketRoute', 'WebStorage', 'Worker'];

const bodies = new Map();
for (const file of ['playwright-core/types/types.d.ts', 'playwright/types/test.d.ts'])
  for (const [name, body] of interfaces(readFileSync(join(packages, file), 'utf8'))) if (!bodies.has(name)) bodies.set(name, body);

const lines = [];
const events = { BrowserContext: new Set(), Page: new Set() };
for (const name of CLASSES) {
  const members = new Map();
  collect(members, `${name}.`, bodies.get(name));
  for (const [member, { property, options }] of members) {
    const facts = { ...(property && { property: true }), ...(options.size && { options: [...options].sort() }) };
    lines.push(`${JSON.stringify(member)}: ${JSON.stringify(facts)}`);
  }
  for (const [, event] of bodies.get(name).matchAll(/\bon\(event: '(\w+)'/g)) events[name]?.add(event);
}
const { version } = JSON.parse(readFileSync(join(packages, '@playwright/test/package.json'), 'utf8'));
const { default: _, ...exported } = await import(pathToFileURL(join(packages, '@playwright/test/index.mjs')));
const list = values => JSON.stringify([...values].sort());
writeFileSync(new URL('../../fixtures/api/members.json', import.meta.url), `{
"playwright": ${JSON.stringify(version)},
"exports": ${list(Object.keys(exported))},
"events": {
"BrowserContext": ${list(events.BrowserContext)},
"Page": ${list(events.Page)}
},
"members": {
${lines.sort().join(',\n')}
}
}
`);
console.log(`${lines.length} members of ${CLASSES.length} classes, ${version}`);

/** `[name, body]` of every interface and class, without comments. */
function interfaces(source) {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...text.matchAll(/^(?:export )?(?:interface|class|type) (\w+)[^;\n]*\{$/gm)].map(found => [found[1], inside(text, found.index + found[0].length)]);
}

/** Up to the brace that closes. */
function inside(text, start) {
  let depth = 1;
  let at = start;
  for (; depth > 0; at++) {
    if ('{(['.includes(text[at])) depth++;
    if ('})]'.includes(text[at])) depth--;
  }
  return text.slice(start, at - 1);
}

/** Splits at what stands in no bracket. */
function statements(body, separator = /[;\n]/) {
  const found = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < body.length; at++) {
    if ('{(['.includes(body[at])) depth++;
    if ('})]'.includes(body[at])) depth--;
    if (depth === 0 && separator.test(body[at])) {
      found.push(body.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...found, body.slice(from).trim()].filter(Boolean);
}

function collect(members, prefix, body) {
  for (const statement of statements(body)) {
    const head = /^(?:readonly )?([A-Za-z$][\w$]*|\$+)(\?)?\s*([(<:])/.exec(statement);
    if (!head) continue;
    const [, name, , mark] = head;
    const member = members.get(prefix + name) ?? { property: true, options: new Set() };
    members.set(prefix + name, member);
    const value = statement.slice(head[0].length).trim();
    if (mark !== ':' || /^[({]?\s*\(|^<|^\{\s*[(<]|^(Expect|Function)\b/.test(value)) member.property = false;
    // `test.describe.only` and the like.
    const callable = mark === ':' && value.startsWith('{') && prefix.startsWith('TestType.');
    if (callable) collect(members, `${prefix}${name}.`, inside(value, 1));
    const calls = callable ? statements(inside(value, 1)).filter(part => /^[(<]/.test(part)) : [statement];
    for (const option of calls.flatMap(optionsOf)) member.options.add(option);
  }
}

function optionsOf(statement) {
  const found = /\b(?:options|optionsOrPredicate)\??: /.exec(statement);
  if (!found) return [];
  const type = statement.slice(found.index + found[0].length);
  const inline = type.indexOf('{');
  if (inline >= 0 && inline < 60 && !/^[^{]*\w+\)?\s*[,)]/.test(type.slice(0, inline))) return names(inside(type, inline + 1));
  const named = /^(\w+)/.exec(type)?.[1];
  return bodies.has(named) ? names(bodies.get(named)) : [];
}

function names(body) {
  return statements(body, /[;,\n]/).map(statement => /^(\w+)\??:/.exec(statement)?.[1]).filter(Boolean);
}
