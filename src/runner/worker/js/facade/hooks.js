// `globalSetup` and `globalTeardown` of a configuration: what runs before all tests and after them.
import { byDefault } from './api/timeouts.js';
import { testError } from './errors.js';
import { fullConfig, project } from './test/project.js';

/** `{ setups, teardowns }`: functions that import a file each. */
let hooks;
/** What setups returned, last first. */
const undo = [];

/** Keeps the functions of the module that names the files. */
export function keepHooks(module) {
  hooks = module;
  // No test's time runs out here: as long as Playwright as a library waits.
  Object.assign(byDefault, { action: 30_000, navigation: 30_000 });
}

/** Runs the hooks of one side of the tests; all of those after them, whatever fails. The host's `hooksEnded`. */
export async function runHooks({ over, projects }) {
  const errors = [];
  const guarded = async body => {
    try { await body(); } catch (error) { errors.push(testError(error)); }
  };
  const shown = projects.map(project);
  const config = fullConfig(projects[0], undefined);
  config.projects = shown;
  const call = async (load, file) => {
    const module = await load();
    const hook = [module.default?.default, module.default, module].find(it => typeof it === 'function');
    if (!hook) throw new Error(`${file}: file must export a single function.`);
    return hook(config);
  };
  if (!over) {
    for (const [file, load] of hooks.setups) {
      await guarded(async () => {
        const result = await call(load, file);
        if (typeof result === 'function') undo.unshift(result);
      });
      if (errors.length) break;
    }
  } else {
    for (const back of undo.splice(0)) await guarded(back);
    for (const [file, load] of hooks.teardowns) await guarded(() => call(load, file));
  }
  return { t: 'hooksEnded', errors, env: { ...process.env } };
}
