// The words of failed value matchers against those of the official runner (fixtures/facade/values.json, captured: see its SOURCE.md).
import { readFileSync } from 'node:fs';
import { expect } from './load.mjs';
import { cases } from './value-cases.mjs';

const captured = JSON.parse(readFileSync(new URL('../../fixtures/facade/values.json', import.meta.url)));
/** Where the thrown error came from is not captured: those are lines of this folder. */
const cut = text => text.replace(/\nMatchers: .*/, '').replace(/\n\n +(> *)?(\d+ \||at )[\s\S]*/, '\n').trimEnd();
let failures = 0;
for (const [name, run] of Object.entries(cases(expect))) {
  let seen = null;
  try { await run(); } catch (error) { seen = error instanceof Error ? `${error.name}: ${error.message}` : String(error); }
  if ((seen && cut(seen)) === (captured[name] && cut(captured[name]))) continue;
  failures++;
  console.log(`### ${name}\n--- official\n${captured[name]}\n--- ours\n${seen}`);
}
console.log(`${failures} of ${Object.keys(captured).length} differ`);
process.exitCode = failures ? 1 : 0;
