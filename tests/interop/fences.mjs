// The code that the protocols' documents print, as it stands there; see fences.md for what is done with which.
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** The code of a document's fence that begins so, without what stands below `// Usage`, where it has that. */
export function printed(document, beginning) {
  const text = readFileSync(new URL(`../../fixtures/seeds/${document}.md`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```\w*\n([^]*?)^```/gm)].map(match => match[1]);
  const found = blocks.filter(block => block.trimStart().startsWith(beginning));
  if (found.length !== 1) throw new Error(`${document} has ${found.length} blocks that begin with ${beginning}`);
  return found[0];
}

/** Code in which everything of `what` became what it says; all of it must be there. */
export function replaced(code, what) {
  for (const [old, other] of Object.entries(what ?? {})) {
    if (!code.includes(old)) throw new Error(`the code has no ${old}`);
    code = code.replaceAll(old, other);
  }
  return code;
}

/** TypeScript or a module as a plain script for Node.js. */
export function script(code) {
  const compilerOptions = { target: 'es2022', module: 'commonjs', esModuleInterop: true };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}
