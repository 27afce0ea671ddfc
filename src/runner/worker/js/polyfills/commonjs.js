// Modules of Node.js's old way: functions that are called when they are first required.
const native = globalThis.__native;
const hidden = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

/** By path; those under way have what they have exported so far. */
const cache = new Map();
/** Modules of the new way that may be required, by path. */
const namespaces = new Map();
hidden('__namespace', (path, namespace) => { namespaces.set(path, namespace); });

hidden('__required', path => load(path).exports);

function load(path, parent) {
  const known = cache.get(path);
  if (known) return known;
  const [filename, folder] = [__fileOf(path), __folderOf(path)];
  const module = { id: filename, filename, path: folder, exports: {}, loaded: false, children: [], paths: [], parent };
  module.require = requireIn(path, module);
  cache.set(path, module);
  try {
    native.compile(path, native.functionCode(path)).call(module.exports, module.exports, module.require, module, filename, folder);
  } catch (error) {
    cache.delete(path);
    throw error;
  }
  module.loaded = true;
  return module;
}

function requireIn(from, module) {
  const find = specifier => {
    if (typeof specifier !== 'string') throw new TypeError(`The "id" argument must be of type string. Received ${typeof specifier}`);
    const found = JSON.parse(native.required(from, specifier));
    if (found.why === undefined) return found;
    throw Object.assign(new Error(`${found.why}\nRequire stack:\n- ${__fileOf(from)}`), { code: 'MODULE_NOT_FOUND', requireStack: [__fileOf(from)] });
  };
  const require = specifier => {
    const { path, isFunction } = find(specifier);
    if (isFunction) return load(path, module).exports;
    const namespace = namespaces.get(path);
    if (!namespace) throw Object.assign(new Error(`require() of ${specifier} in a circle: it is still being loaded`), { code: 'ERR_REQUIRE_CYCLE_MODULE' });
    return path.startsWith('understudy:polyfills/') ? namespace.default ?? namespace : __interop(namespace);
  };
  require.resolve = specifier => {
    const { path, why } = JSON.parse(native.required(from, String(specifier)));
    if (why !== undefined) return __resolveFrom(from, specifier);
    return path.startsWith('understudy:') ? specifier : __fileOf(path);
  };
  require.cache = {};
  require.main = undefined;
  require.extensions = {};
  return require;
}

const ENDINGS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];
const isFile = path => JSON.parse(native.file('stat', JSON.stringify({ path, follow: true }))).value?.kind === 'file';
/** The file that is named, from a module; a package stays its name: whoever is told it looks for it himself. */
hidden('__resolveFrom', (from, specifier) => {
  if (!/^\.{0,2}\//.test(specifier)) return specifier;
  const base = specifier.startsWith('/') ? specifier : __fileOf(`${from}/../${specifier}`);
  const ending = ENDINGS.find(ending => isFile(base + ending));
  if (ending === undefined) throw Object.assign(new Error(`Cannot find module '${specifier}'\nRequire stack:\n- ${__fileOf(from)}`), { code: 'MODULE_NOT_FOUND', requireStack: [__fileOf(from)] });
  return base + ending;
});

// What `require` of a module gives where both ways meet: an old module's `module.exports`, else all exports.
hidden('__interop', module => (module.__commonjs ? module.__exports ?? module.default : module));

/** What `import * as x` of a module gives. */
const wildcards = new WeakMap();
hidden('__wildcard', namespace => {
  if (!namespace.__commonjs) return namespace;
  const exports = namespace.__exports ?? namespace.default;
  if (exports === null || (typeof exports !== 'object' && typeof exports !== 'function')) return { default: exports };
  if (exports.__esModule) return exports;
  if (!wildcards.has(exports)) wildcards.set(exports, { ...exports, default: exports });
  return wildcards.get(exports);
});
