// What an origin keeps, as a storage state has it: `collect` and `restore`. The form is Playwright's, so that either reads the other's files.
({ task, indexedDB: withDatabases, opfs: withFiles, state }) => {
  const TYPED = {
    i8: Int8Array, ui8: Uint8Array, ui8c: Uint8ClampedArray, i16: Int16Array, ui16: Uint16Array, i32: Int32Array, ui32: Uint32Array,
    f32: Float32Array, f64: Float64Array, bi64: BigInt64Array, bui64: BigUint64Array,
  };
  const kindOf = value => Object.prototype.toString.call(value).slice(8, -1);
  const isPlain = value => kindOf(value) === 'Object' && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  const done = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  function toBase64(bytes) {
    let text = '';
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(text);
  }
  const fromBase64 = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

  /** Whether JSON says all of it; a loop does not. */
  function isJson(value, above = []) {
    if (value === null || ['string', 'boolean'].includes(typeof value)) return true;
    if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
    if (typeof value !== 'object' || above.includes(value) || !(Array.isArray(value) || isPlain(value))) return false;
    return Object.values(value).every(item => isJson(item, [...above, value]));
  }
  function encode(root) {
    const seen = new Map();
    const visit = value => {
      if (value === null) return { v: 'null' };
      switch (typeof value) {
        case 'string': case 'boolean': return value;
        case 'bigint': return { bi: String(value) };
        case 'number':
          if (Object.is(value, -0)) return { v: '-0' };
          return Number.isFinite(value) ? value : { v: String(value) };
        case 'object': break;
        default: return { v: 'undefined' };
      }
      const kind = kindOf(value);
      if (kind === 'Date') return { d: value.toJSON() };
      if (kind === 'RegExp') return { r: { p: value.source, f: value.flags } };
      if (kind === 'Error') return { e: { n: value.name, m: value.message, s: value.stack ?? '' } };
      const typed = Object.entries(TYPED).find(([, type]) => type.name === kind);
      if (typed) return { ta: { b: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)), k: typed[0] } };
      if (kind === 'ArrayBuffer') return { ab: { b: toBase64(new Uint8Array(value)) } };
      if (seen.has(value)) return { ref: seen.get(value) };
      const id = seen.size + 1;
      seen.set(value, id);
      if (kind === 'Map') return { m: [...value].map(([k, v]) => ({ k: visit(k), v: visit(v) })), id };
      if (kind === 'Set') return { s: [...value].map(visit), id };
      if (Array.isArray(value)) return { a: value.map(visit), id };
      return { o: Object.keys(value).map(k => ({ k, v: visit(value[k]) })), id };
    };
    return visit(root);
  }
  function decode(root) {
    const seen = new Map();
    const kept = (id, value) => { seen.set(id, value); return value; };
    const visit = value => {
      if (typeof value !== 'object' || value === null) return value;
      if ('ref' in value) return seen.get(value.ref);
      if ('v' in value) return { null: null, NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity, '-0': -0 }[value.v];
      if ('d' in value) return new Date(value.d);
      if ('u' in value) return new URL(value.u);
      if ('bi' in value) return BigInt(value.bi);
      if ('r' in value) return new RegExp(value.r.p, value.r.f);
      if ('e' in value) return Object.assign(new Error(value.e.m), { name: value.e.n, stack: value.e.s });
      if ('ta' in value) return new TYPED[value.ta.k](fromBase64(value.ta.b).buffer);
      if ('ab' in value) return fromBase64(value.ab.b).buffer;
      if ('a' in value) {
        const array = kept(value.id, []);
        for (const item of value.a) array.push(visit(item));
        return array;
      }
      if ('m' in value) {
        const map = kept(value.id, new Map());
        for (const { k, v } of value.m) map.set(visit(k), visit(v));
        return map;
      }
      if ('s' in value) {
        const set = kept(value.id, new Set());
        for (const item of value.s) set.add(visit(item));
        return set;
      }
      const object = kept(value.id, {});
      for (const { k, v } of value.o ?? []) if (k !== '__proto__') object[k] = visit(v);
      return object;
    };
    return visit(root);
  }
  const said = (name, value) => (isJson(value) ? { [name]: value } : { [`${name}Encoded`]: encode(value) });
  const read = (name, record) => (name in record ? record[name] : decode(record[`${name}Encoded`]));
  /** A path of keys is one text or several. */
  const paths = keyPath => ({ keyPath: typeof keyPath === 'string' ? keyPath : undefined, keyPathArray: Array.isArray(keyPath) ? keyPath : undefined });

  async function database({ name, version }) {
    const open = await done(indexedDB.open(name));
    try {
      const names = [...open.objectStoreNames];
      if (!names.length) return { name, version, stores: [] };
      const transaction = open.transaction(names, 'readonly');
      const stores = names.map(async name => {
        const store = transaction.objectStore(name);
        const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
        const records = keys.map((key, at) => ({ ...(store.keyPath === null ? said('key', key) : {}), ...said('value', values[at]) }));
        const indexes = [...store.indexNames].map(name => store.index(name))
          .map(index => ({ name: index.name, ...paths(index.keyPath), multiEntry: index.multiEntry, unique: index.unique }));
        return { name, records, indexes, autoIncrement: store.autoIncrement, ...paths(store.keyPath) };
      });
      return { name, version, stores: await Promise.all(stores) };
    } finally {
      open.close();
    }
  }
  async function restoreDatabase({ name, version, stores }) {
    const opening = indexedDB.open(name, version);
    opening.onupgradeneeded = () => {
      for (const { name, autoIncrement, keyPath, keyPathArray, indexes } of stores) {
        const store = opening.result.createObjectStore(name, { autoIncrement, keyPath: keyPathArray ?? keyPath });
        for (const index of indexes) store.createIndex(index.name, index.keyPathArray ?? index.keyPath, { unique: index.unique, multiEntry: index.multiEntry });
      }
    };
    const open = await done(opening);
    try {
      if (!open.objectStoreNames.length) return;
      const transaction = open.transaction([...open.objectStoreNames], 'readwrite');
      const adding = stores.flatMap(({ name, records }) => {
        const store = transaction.objectStore(name);
        return records.map(record => done(store.keyPath === null ? store.add(read('value', record), read('key', record)) : store.add(read('value', record))));
      });
      await Promise.all(adding);
    } finally {
      open.close();
    }
  }

  async function files(folder, above) {
    const found = [];
    for await (const [name, handle] of folder.entries()) found.push([name, handle]);
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    const listed = await Promise.all(found.map(async ([name, handle]) => {
      const path = above + name;
      if (handle.kind === 'directory') return [{ path, type: 'directory' }, ...await files(handle, `${path}/`)];
      const content = await (await handle.getFile()).arrayBuffer();
      return [{ path, type: 'file', base64: toBase64(new Uint8Array(content)) }];
    }));
    return listed.flat();
  }
  async function restoreFiles(entries) {
    const root = await navigator.storage.getDirectory();
    const names = [];
    for await (const name of root.keys()) names.push(name);
    await Promise.all(names.map(name => root.removeEntry(name, { recursive: true })));
    for (const { path, type, base64 } of entries) {
      const above = path.split('/');
      const name = above.pop();
      let folder = root;
      for (const part of above) folder = await folder.getDirectoryHandle(part, { create: true });
      if (type === 'directory') {
        await folder.getDirectoryHandle(name, { create: true });
        continue;
      }
      const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await writable.write(fromBase64(base64));
      await writable.close();
    }
  }

  async function about(what, work) {
    try { return await work(); } catch (error) { throw new Error(`Unable to ${what}: ${error.message}`); }
  }
  async function collect() {
    const found = { localStorage: Object.keys(localStorage).map(name => ({ name, value: localStorage.getItem(name) })) };
    if (withDatabases) found.indexedDB = await about('serialize IndexedDB', async () => Promise.all((await indexedDB.databases()).map(database)));
    if (withFiles) found.opfs = await about('serialize OPFS', async () => files(await navigator.storage.getDirectory(), ''));
    return found;
  }
  async function restore() {
    const workers = await navigator.serviceWorker?.getRegistrations() ?? [];
    for (const worker of workers) worker.unregister().catch(() => {});
    await about('restore IndexedDB', async () => {
      for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
      await Promise.all((state?.indexedDB ?? []).map(restoreDatabase));
    });
    sessionStorage.clear();
    localStorage.clear();
    for (const { name, value } of state?.localStorage ?? []) localStorage.setItem(name, value);
    // Where there is no such file system, only who wants files in it misses it.
    if (state?.opfs || navigator.storage?.getDirectory) await about('restore OPFS', () => restoreFiles(state?.opfs ?? []));
  }
  return task === 'collect' ? collect() : restore();
}
