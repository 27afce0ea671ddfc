// Captures fixtures/facade/values.json from the official runner: node capture.mjs <file>, with @playwright/test installed in tests/interop.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cases } from './value-cases.mjs';

process.env.FORCE_COLOR = '0';
const { expect } = createRequire(new URL('../interop/package.json', import.meta.url))('@playwright/test');
const captured = {};
for (const [name, run] of Object.entries(cases(expect))) {
  captured[name] = null;
  try { await run(); } catch (error) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    // eslint-disable-next-line no-control-regex
    captured[name] = text.replace(/\u001b\[[0-9;]*m/g, '').replace(/\n\n +(> *)?\d+ \|[\s\S]*/, '');
  }
}
writeFileSync(process.argv[2], `${JSON.stringify(captured, null, 1)}\n`);
