// What the official generators write for the recording in fixtures/recordings/everything/jsonl.txt, which no scripted person can make
// (assertions, downloads, positions): golden files beside it. The generators are no part of the package's API: the bundle is
// loaded with one more export.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Module from 'node:module';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, '../../fixtures/recordings/everything');
const bundle = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'lib/coreBundle.js');
const module = new Module(bundle);
module.filename = bundle;
module.paths = Module._nodeModulePaths(dirname(bundle));
module._compile(`${readFileSync(bundle, 'utf8')}\n;init_languages?.(); module.exports = { generateCode, languageSet };`, bundle);
const { generateCode, languageSet } = module.exports;

const lines = readFileSync(join(folder, 'jsonl.txt'), 'utf8').trim().split('\n').map(line => JSON.parse(line));
const [options, ...actions] = lines;
const recorded = actions.map(({ pageGuid, signals, locator, ...action }) => ({ pageGuid, signals, action }));
for (const generator of languageSet()) {
  const name = { 'playwright-test': 'typescript' }[generator.id] ?? generator.id;
  if (name === 'csharp-xunit') continue;
  let { text } = generateCode(recorded, generator, options);
  // The official lines leave aria snapshots out; ours are read back.
  if (name === 'jsonl') text = text.trim().split('\n').map((line, at) => (at && actions[at - 1].ariaSnapshot ? JSON.stringify({ ...JSON.parse(line), ariaSnapshot: actions[at - 1].ariaSnapshot }) : line)).join('\n');
  writeFileSync(join(folder, `${name}.txt`), text.endsWith('\n') ? text : `${text}\n`);
}
