// WebSockets about which the test decides: `routeWebSocket`.
import { quiet } from '../op.js';
import { forget, register } from './registry.js';
import { checkGlob, matchesUrl } from './url.js';

/** The page's end. The server's is what `connectToServer` returns. */
export class WebSocketRoute {
  #id;
  #url;
  #protocols;
  #connected = false;
  #ends = { page: {}, server: {} };
  /** What is to be told to the page, while it is being told something else. */
  #wanted = [];
  #telling = false;

  constructor({ socket, url, protocols }) {
    this.#id = socket;
    this.#url = url;
    this.#protocols = protocols;
    register(socket, this);
  }
  url() { return this.#url; }
  protocols() { return [...this.#protocols]; }
  onMessage(handler) { this.#ends.page.onMessage = handler; }
  onClose(handler) { this.#ends.page.onClose = handler; }
  send(message) { this.#tell({ kind: 'toPage', ...packed(message) }); }
  close(options = {}) { return this.#tell({ kind: 'closePage', ...options, wasClean: true }); }
  async [Symbol.asyncDispose]() { await this.close(); }
  connectToServer() {
    if (this.#connected) throw new Error('Already connected to the server');
    this.#connected = true;
    this.#tell({ kind: 'connect' });
    const end = this.#ends.server;
    return {
      url: () => this.url(),
      protocols: () => this.protocols(),
      onMessage: handler => { end.onMessage = handler; },
      onClose: handler => { end.onClose = handler; },
      send: message => { this.#tell({ kind: 'toServer', ...packed(message) }); },
      close: (options = {}) => this.#tell({ kind: 'closeServer', ...options, wasClean: true }),
      connectToServer() { throw new Error('connectToServer must be called on the page-side WebSocketRoute'); },
      async [Symbol.asyncDispose]() { await this.close(); },
    };
  }
  toJSON() { return { _type: 'WebSocketRoute', _guid: this.#id }; }

  _passThrough() { return this.#tell({ kind: 'passThrough' }); }
  /** Who did not connect it to a server is the server. */
  _handled() { return this.#connected ? undefined : this.#tell({ kind: 'open' }); }
  _event(name, { data, binary, code, reason, wasClean }) {
    const { page, server } = this.#ends;
    switch (name) {
      case 'fromPage':
        if (page.onMessage) hear(page.onMessage, unpacked(data, binary));
        else if (this.#connected) this.#tell({ kind: 'toServer', data, binary });
        break;
      case 'fromServer':
        if (server.onMessage) hear(server.onMessage, unpacked(data, binary));
        else this.#tell({ kind: 'toPage', data, binary });
        break;
      case 'pageClosed':
        if (page.onClose) hear(page.onClose, code, reason);
        else this.#tell({ kind: 'closeServer', code, reason, wasClean });
        break;
      case 'serverClosed':
        if (server.onClose) hear(server.onClose, code, reason);
        else this.#tell({ kind: 'closePage', code, reason, wasClean });
        break;
      case 'gone': forget(this.#id); break;
    }
  }

  /** In order; resolves when the page has it, or has gone. */
  #tell(what) {
    return new Promise(resolve => {
      this.#wanted.push({ what, resolve });
      if (!this.#telling) this.#tellAll();
    });
  }
  async #tellAll() {
    this.#telling = true;
    while (this.#wanted.length) {
      const now = this.#wanted.splice(0);
      await quiet('', 'webSocketRoute.tell', { socket: this.#id, wanted: now.map(({ what }) => what) }).catch(() => {});
      for (const { resolve } of now) resolve();
    }
    this.#telling = false;
  }
}

const packed = message => (typeof message === 'string' ? { data: message, binary: false } : { data: message.toString('base64'), binary: true });
const unpacked = (data, binary) => (binary ? Buffer.from(data, 'base64') : data);

/** What a handler throws is the test's error. */
function hear(handler, ...args) {
  try { handler(...args); } catch (error) { Promise.reject(error); }
}

/** Gives a class `routeWebSocket`; `room` is `page` or `context`. */
export function installSocketRouting(prototype, api, room, baseOf) {
  const value = async function routeWebSocket(url, handler) {
    checkGlob(url, `${api}.routeWebSocket`);
    const first = !this._socketRoutes;
    this._socketRoutes = [{ handler, matches: address => matchesUrl(url, address, baseOf(this), true) }, ...this._socketRoutes ?? []];
    if (first) await quiet(`${api}.routeWebSocket`, `${room}.routeWebSockets`, { [room]: this._id });
  };
  Object.defineProperty(prototype, 'routeWebSocket', { value, writable: true, configurable: true });
}

/** A page opens a socket: asks its routes, then its context's, the last added first; nobody wants it: it goes its way. */
export async function socketOpened(data, page, context) {
  const route = new WebSocketRoute(data);
  const found = [page, context].flatMap(owner => owner?._socketRoutes ?? []).find(({ matches }) => matches(route.url()));
  if (!found) {
    await route._passThrough();
    return;
  }
  await found.handler(route);
  await route._handled();
}
