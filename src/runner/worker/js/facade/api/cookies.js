// Cookies of a browser's context and of requests, which have the same calls for them.
import { quiet } from '../op.js';
import { isRegExp } from '../values.js';

/** Gives a class its calls; `named(it)` is the room of the host's operations and its name there. */
export function installCookies(prototype, type, named) {
  const call = (it, method, params) => {
    const [room, id] = named(it);
    return quiet(`${type}.${method}`, `${room}.${method}`, { [room]: id, ...params });
  };
  const methods = {
    cookies(urls) { return call(this, 'cookies', { urls: urls === undefined ? [] : Array.isArray(urls) ? urls : [urls] }); },
    addCookies(cookies) { return call(this, 'addCookies', { cookies }); },
    /** Those that are gone are over: others, which a page may set meanwhile, stay as they are. */
    async clearCookies(options = {}) {
      const given = ['name', 'domain', 'path'].filter(name => options[name] !== undefined);
      if (!given.length) { await call(this, 'clearCookies', {}); return; }
      const matches = cookie => given.every(name => fits(options[name], cookie[name]));
      const gone = (await call(this, 'cookies', { urls: [] })).filter(matches);
      if (gone.length) await call(this, 'addCookies', { cookies: gone.map(cookie => ({ ...cookie, expires: 0 })) });
    },
  };
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

const fits = (wanted, text) => (isRegExp(wanted) ? new RegExp(wanted.source, wanted.flags).test(text) : wanted === text);
