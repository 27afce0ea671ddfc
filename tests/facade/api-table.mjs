// docs/playwright-api.md: every documented member (fixtures/api/members.json) and whether the facade has it, by reflection.
//
//   node tests/facade/api-table.mjs            is the table what it would be? (cargo test --test facade asks the same)
//   node tests/facade/api-table.mjs --write    writes it, and documented.js and absent.txt of src/runner/worker/js/facade: what is
//                                              refused at run time, and what the check of a source before a run looks for
//
// What is there but not whole stands in fixtures/api/partly.json, one line each; options nobody ever names in the sources are found
// without being told. What will not come stands in facade/plans.js.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const read = path => readFileSync(new URL(path, root), 'utf8');
const { playwright, members, events } = JSON.parse(read('fixtures/api/members.json'));
const partly = JSON.parse(read('fixtures/api/partly.json'));
const write = process.argv.includes('--write');
const stale = [];
/** What Playwright itself documents as never told. */
const NEVER = ['backgroundpage'];

output('src/runner/worker/js/facade/documented.js', documented());
const { presence, has } = await import('./objects.mjs');
const { whyNot } = await import('understudy:facade/plans.js');
const known = knownWords();
const absent = [];
const table = markdown();
output('docs/playwright-api.md', table);
output('src/runner/worker/js/facade/absent.txt', absent.sort().join('\n') + '\n');
for (const name of Object.keys(partly)) if (!members[name] || presence(name) !== 'here') stale.push(`fixtures/api/partly.json: ${name} is not in the facade, or not documented`);
if (stale.length) console.log(stale.join('\n'));
process.exitCode = stale.length ? 1 : 0;

function output(path, text) {
  if (write) writeFileSync(new URL(path, root), text);
  else if (read(path) !== text) stale.push(`${path} is stale: node tests/facade/api-table.mjs --write`);
}

/** Names by class, for refusals at run time. */
function documented() {
  const lines = [];
  for (const [type, names] of classes()) {
    const own = names.filter(name => !name.includes('.'));
    const of = property => own.filter(name => Boolean(members[`${type}.${name}`].property) === property).join(' ');
    const abortable = own.filter(name => members[`${type}.${name}`].options?.includes('signal')).join(' ');
    lines.push(`  ${type}: { methods: '${of(false)}', properties: '${of(true)}'${abortable && `, abortable: '${abortable}'`} },`);
  }
  return `// Names of Playwright's documented members. Written by tests/facade/api-table.mjs from fixtures/api/members.json.\nexport const DOCUMENTED = {\n${lines.join('\n')}\n};\n`;
}

function classes() {
  const found = new Map();
  for (const name of Object.keys(members)) {
    const [type] = name.split('.', 1);
    found.set(type, [...(found.get(type) ?? []), name.slice(type.length + 1)]);
  }
  return [...found];
}

/** Every word of the facade and of what serves it, in JavaScript's way of writing. */
function knownWords() {
  const words = new Set();
  for (const folder of ['src/runner/worker/js/facade', 'src/runner/host/ops', 'src/browser']) {
    for (const entry of readdirSync(new URL(folder, root), { recursive: true })) {
      if (!/\.(js|rs)$/.test(entry) || /documented\.js$/.test(entry)) continue;
      const code = read(`${folder}/${entry.replaceAll('\\', '/')}`).replace(/^\s*\/\/.*$/gm, '');
      for (const [word] of code.matchAll(/\w+/g)) words.add(word).add(word.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()));
    }
  }
  return words;
}

/** `[state, words]` of a member. */
function stateOf(type, name) {
  const full = `${type}.${name}`;
  const why = whyNot(type, name);
  if (presence(full) !== 'here') return why ? ['not planned', why] : ['not yet', ''];
  const options = (members[full].options ?? []).filter(option => !known.has(option));
  const lacking = [options.length ? `without ${options.map(option => `\`${option}\``).join(', ')}` : '', partly[full] ?? ''].filter(Boolean);
  return lacking.length ? ['partly', lacking.join('; ')] : ['done', ''];
}

function markdown() {
  const counts = { 'done': 0, 'partly': 0, 'not yet': 0, 'not planned': 0 };
  const sections = classes().map(([type, names]) => {
    const rows = names.map(name => {
      const [state, words] = stateOf(type, name);
      counts[state]++;
      if (state.startsWith('not')) absent.push(`${type}.${name}${words && `: ${words}`}`);
      return `| \`${name}\` | ${state} | ${words.replaceAll('|', '\\|')} |`;
    });
    return `## ${type}\n\n${has(type) ? '' : 'Not in the runner.\n\n'}| Member | | |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  const rows = Object.entries(events).flatMap(([type, names]) => names.map(name => {
    const state = known.has(name) || NEVER.includes(name) ? 'done' : 'not yet';
    counts[state]++;
    if (state !== 'done') absent.push(`${type}.on('${name}')`);
    return `| \`${type}\` | \`${name}\` | ${state} |`;
  }));
  const sum = Object.entries(counts).map(([state, count]) => `${count} ${state}`).join(', ');
  return `# Playwright's API in understudy

Every member that Playwright ${playwright} documents for tests, and what \`understudy run\` and the agent have of it: ${sum}.
Written by \`node tests/facade/api-table.mjs --write\` from the names in \`fixtures/api/members.json\` and what the runner really has; the tests fail when
it is stale. *partly* says what is missing; *not yet* is refused by name, before a browser is opened where it can be told from the source.

${sections.join('\n')}
## Events

| Class | Event | |
|---|---|---|
${rows.join('\n')}
`;
}
