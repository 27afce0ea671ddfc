// Selector engines of the test's own.
import { quiet } from '../op.js';
import { textOf } from './file.js';
import { functionText } from './handle.js';

const PREDEFINED = new Set(['css', 'xpath', '_react', '_vue', 'text', 'id', 'data-testid', 'data-test-id', 'data-test', 'nth', 'visible', 'role', 'aria-ref', 'aria-template', 'zs']);
const registered = new Set();

export async function register(name, script, options = {}) {
  const source = await sourceOf(script);
  if (!/^[a-zA-Z_0-9-]+$/.test(name)) throw new Error('selectors.register: Selector engine name may only contain [a-zA-Z0-9_] characters');
  if (PREDEFINED.has(name)) throw new Error(`selectors.register: "${name}" is a predefined selector engine`);
  if (registered.has(name)) throw new Error(`selectors.register: "${name}" selector engine has been already registered`);
  registered.add(name);
  await quiet('selectors.register', 'selectors.register', { name, source, isolated: Boolean(options.contentScript) });
}

async function sourceOf(script) {
  if (typeof script === 'function') return `(${functionText(script)})(undefined)`;
  if (typeof script === 'string') return script;
  if (script?.content !== undefined) return script.content;
  if (script?.path !== undefined) return textOf(script.path, 'selectors.register');
  throw new Error('Either path or content property must be present');
}
