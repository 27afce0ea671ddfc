// `playwright.config.ts`: several into one, and what it says as plain data.

/** `defineConfig(base, own)`: the later one wins; `use`, `expect` and projects of the same name are merged, servers are added. */
export function defineConfig(...configs) {
  let result = {};
  for (const config of configs) {
    const projects = mergeProjects(result.projects, config.projects);
    const servers = [result.webServer, config.webServer].flat().filter(Boolean);
    result = { ...result, ...config, expect: { ...result.expect, ...config.expect }, use: { ...result.use, ...config.use }, build: { ...result.build, ...config.build } };
    if (servers.length) result.webServer = servers;
    if (projects) result.projects = projects;
  }
  return result;
}

function mergeProjects(before, after) {
  if (!before || !after) return before ?? after;
  const byName = new Map(before.map(project => [project.name, project]));
  const merged = before.map(project => {
    const own = after.find(({ name }) => name === project.name);
    return own ? { ...project, ...own, use: { ...project.use, ...own.use } } : project;
  });
  return [...merged, ...after.filter(({ name }) => !byName.has(name))];
}

/** What a configuration module exports as `{ config, lost }`: regular expressions become objects, and `lost` names what is no data. */
export function plainConfig(module) {
  const exported = module.default?.default ?? module.default ?? module;
  if (exported === null || typeof exported !== 'object') throw new Error('The configuration file must export a single object: export default defineConfig({ … })');
  const lost = [];
  return { config: plain(exported, '', lost, new Set()), lost };
}

function plain(value, path, lost, around) {
  if (value instanceof RegExp) return { $source: value.source, $flags: value.flags };
  if (value instanceof Date) return value.toISOString();
  if (value instanceof URL) return value.href;
  switch (typeof value) {
    case 'function': case 'symbol': lost.push(path); return undefined;
    case 'bigint': return Number(value);
    // Not JSON: no number is none, as in the official file's own checks.
    case 'number': return Number.isNaN(value) ? null : value === Infinity ? Number.MAX_SAFE_INTEGER : value;
  }
  if (value === null || typeof value !== 'object') return value;
  if (around.has(value)) { lost.push(path); return undefined; }
  around.add(value);
  const result = Array.isArray(value)
    ? value.map((item, at) => plain(item, `${path}[${at}]`, lost, around) ?? null)
    : Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item, path ? `${path}.${name}` : name, lost, around)]));
  around.delete(value);
  return result;
}
