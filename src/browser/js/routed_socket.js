// What `routeWebSocket` leaves in every document: a WebSocket that asks the test before it connects, and says to the test what is
// said. Called with the name of the binding that reaches us.
binding => {
  const KEY = '__understudy_sockets';
  if (globalThis[KEY]) return;
  const tell = globalThis[binding];
  const Native = globalThis.WebSocket;
  const sockets = new Map();
  const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
  const LATE = 'WebSocket is already in CLOSING or CLOSED state.';

  /** Hands a message over as `{ data, binary }`; a Blob's bytes come later. */
  function pack(message, then) {
    const base64 = bytes => {
      let text = '';
      for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
      return btoa(text);
    };
    if (message instanceof Blob) message.arrayBuffer().then(buffer => then({ data: base64(new Uint8Array(buffer)), binary: true }));
    else if (ArrayBuffer.isView(message)) then({ data: base64(new Uint8Array(message.buffer, message.byteOffset, message.byteLength)), binary: true });
    else if (message instanceof ArrayBuffer) then({ data: base64(new Uint8Array(message)), binary: true });
    else then({ data: String(message), binary: false });
  }
  function unpack({ data, binary }, binaryType) {
    if (!binary) return data;
    const { buffer } = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
    return binaryType === 'arraybuffer' ? buffer : new Blob([buffer]);
  }

  /** The socket's own business, out of the page's sight. */
  class Line {
    server = null;
    /** Nobody of the test cares about it. */
    through = false;
    unsent = [];
    constructor(socket, protocols) {
      this.socket = socket;
      this.id = crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint32Array(4))].join('-');
      this.protocols = protocols;
      this.origin = new URL(socket.url).origin;
      sockets.set(this.id, this);
      this.say({ kind: 'created', url: socket.url, protocols: this.list() });
    }
    list() { return Array.isArray(this.protocols) ? [...this.protocols] : this.protocols ? [this.protocols] : []; }
    say(what) { tell(JSON.stringify({ socket: this.id, ...what })); }
    over(end, { code, reason, wasClean }) { this.say({ kind: end, code, reason, wasClean }); }

    // What the test and the page want.
    passThrough() {
      this.through = true;
      this.connect();
    }
    connect() {
      if (this.server) throw new Error('Can only connect to the server once');
      const server = new Native(this.socket.url, this.protocols);
      server.binaryType = this.socket.binaryType;
      server.onopen = () => {
        for (const message of this.unsent.splice(0)) server.send(message);
        this.open();
      };
      server.onclose = event => { this.serverClosed(event); };
      server.onmessage = ({ data }) => {
        if (this.through) this.toPage(data);
        else pack(data, packed => this.say({ kind: 'fromServer', ...packed }));
      };
      server.onerror = () => { this.socket.dispatchEvent(new Event('error', { cancelable: true })); };
      this.server = server;
    }
    fromPage(message) {
      if (!this.through) pack(message, packed => this.say({ kind: 'fromPage', ...packed }));
      else if (this.server) this.toServer(message);
    }
    toServer(message) {
      if (!this.server) throw new Error('Cannot send a message before connecting to the server');
      if (this.server.readyState === CONNECTING) this.unsent.push(message);
      else this.server.send(message);
    }
    toPage(message) {
      this.open();
      if (this.socket.readyState !== OPEN) throw new DOMException(LATE);
      this.socket.dispatchEvent(new MessageEvent('message', { data: message, origin: this.origin, cancelable: true }));
    }
    closedByPage(end) {
      if (this.through) this.closeServer(end);
      else this.over('pageClosed', end);
    }
    closeServer(end) {
      if (!this.server) this.serverClosed(end);
      else if (this.server.readyState === CONNECTING || this.server.readyState === OPEN) this.server.close(end.code, end.reason);
    }
    closePage(end) {
      if (this.socket.readyState === CLOSED) return;
      state(this.socket, { readyState: CLOSED });
      this.socket.dispatchEvent(new CloseEvent('close', { ...end, cancelable: true }));
      this.closedByPage(end);
      this.leave();
    }
    open() {
      if (this.socket.readyState !== CONNECTING) return;
      const { extensions = '', protocol = this.list()[0] ?? '' } = this.server ?? {};
      state(this.socket, { extensions, protocol, readyState: OPEN });
      this.socket.dispatchEvent(new Event('open', { cancelable: true }));
    }

    serverClosed({ code, reason, wasClean }) {
      const end = { code, reason, wasClean };
      const { server } = this;
      this.server = null;
      this.unsent = [];
      if (server) server.onopen = server.onclose = server.onmessage = server.onerror = null;
      if (this.through) this.closePage(end);
      else this.over('serverClosed', end);
      this.leave();
    }
    leave() {
      if (this.socket.readyState !== CLOSED || this.server || !sockets.delete(this.id)) return;
      this.say({ kind: 'gone' });
    }
  }

  const states = new WeakMap();
  const state = (socket, change) => Object.assign(states.get(socket), change);

  class WebSocket extends EventTarget {
    static CONNECTING = CONNECTING;
    static OPEN = OPEN;
    static CLOSING = CLOSING;
    static CLOSED = CLOSED;
    CONNECTING = CONNECTING;
    OPEN = OPEN;
    CLOSING = CLOSING;
    CLOSED = CLOSED;
    #line;
    #handlers = {};
    constructor(url, protocols) {
      super();
      const address = new URL(url, document.baseURI).href.replace(/^http/, 'ws');
      states.set(this, { url: address, readyState: CONNECTING, binaryType: 'blob', extensions: '', protocol: '' });
      this.#line = new Line(this, protocols);
    }
    get url() { return states.get(this).url; }
    get readyState() { return states.get(this).readyState; }
    get extensions() { return states.get(this).extensions; }
    get protocol() { return states.get(this).protocol; }
    get bufferedAmount() { return 0; }
    get binaryType() { return states.get(this).binaryType; }
    set binaryType(binaryType) {
      state(this, { binaryType });
      if (this.#line.server) this.#line.server.binaryType = binaryType;
    }
    send(message) {
      if (this.readyState === CONNECTING) throw new DOMException("Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.");
      if (this.readyState !== OPEN) throw new DOMException(LATE);
      this.#line.fromPage(message);
    }
    close(code, reason) {
      if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) {
        throw new DOMException(`Failed to execute 'close' on 'WebSocket': The close code must be either 1000, or between 3000 and 4999. ${code} is neither.`);
      }
      if (this.readyState === OPEN || this.readyState === CONNECTING) state(this, { readyState: CLOSING });
      this.#line.closedByPage({ code, reason, wasClean: true });
    }
    static {
      for (const name of ['open', 'message', 'error', 'close']) {
        Object.defineProperty(this.prototype, `on${name}`, {
          get() { return this.#handlers[name] ?? null; },
          set(handler) {
            if (this.#handlers[name]) this.removeEventListener(name, this.#handlers[name]);
            this.#handlers[name] = handler;
            if (handler) this.addEventListener(name, handler);
          },
          enumerable: true, configurable: true,
        });
      }
    }
  }
  globalThis.WebSocket = WebSocket;

  /** What the test wants of a socket, in order. One that is gone wants nothing. */
  Object.defineProperty(globalThis, KEY, { value(id, wanted) {
    for (const { kind, ...rest } of wanted) {
      const line = sockets.get(id);
      if (!line) return;
      try {
        if (kind === 'passThrough') line.passThrough();
        else if (kind === 'connect') line.connect();
        // With a server it is open when that is.
        else if (kind === 'open') { if (!line.server) line.open(); }
        else if (kind === 'toPage') line.toPage(unpack(rest, line.socket.binaryType));
        else if (kind === 'toServer') line.toServer(unpack(rest, line.socket.binaryType));
        else if (kind === 'closePage') line.closePage(rest);
        else if (kind === 'closeServer') line.closeServer(rest);
      } catch {
        // What comes too late for a socket is lost, as on a wire.
      }
    }
  } });
}
