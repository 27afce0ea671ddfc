//# sourceURL=understudy:hub/dashboard/socket.js
// A Socket.IO v5 client as small as the dashboard needs it: WebSocket only, one namespace, text only.

/** Delays between attempts to connect, ms; the last repeats. Half of each is random, so that tabs do not come back together. */
const RETRY_DELAYS = [300, 1_000, 3_000, 10_000];

export class Socket {
  #token;
  #tell;
  #web;
  /** Whether the hub has said yes to this connection. */
  #agreed = false;
  /** What was said before the first yes. */
  #early = [];
  #failures = 0;
  #retry;
  #watch;
  #silence = 60_000;

  /** `tell(what, …)` is called with `connected`, `lost`, `refused` and words, or `event`, name, payload and what acknowledges it. */
  constructor(token, tell) {
    this.#token = token;
    this.#tell = tell;
    this.#connect();
  }

  /** Whether it is said: at once, or when the first connection is there. While a hub is away that was there nothing is kept for it. */
  emit(name, payload) {
    const frame = `42${JSON.stringify([name, payload])}`;
    if (this.#agreed) this.#web.send(frame);
    else this.#early?.push(frame);
    return this.#agreed || Boolean(this.#early);
  }

  close() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watch);
    const web = this.#web;
    this.#web = undefined;
    this.#agreed = false;
    web?.close();
  }

  #connect() {
    const web = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
    this.#web = web;
    web.onmessage = ({ data }) => { if (web === this.#web) this.#read(data); };
    web.onclose = () => { if (web === this.#web) this.#lost(); };
    this.#expectWord();
  }

  #lost() {
    clearTimeout(this.#watch);
    this.#agreed = false;
    this.#tell('lost');
    const delay = RETRY_DELAYS[Math.min(this.#failures++, RETRY_DELAYS.length - 1)];
    this.#retry = setTimeout(() => this.#connect(), delay * (0.5 + Math.random() / 2));
  }

  /** A server that is silent for longer than its pings are apart is gone, whatever TCP believes. */
  #expectWord() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      const web = this.#web;
      this.#web = undefined;
      web?.close();
      this.#lost();
    }, this.#silence);
  }

  #event(frame) {
    const [, id] = /^42(\d*)/.exec(frame);
    const web = this.#web;
    const acknowledge = () => { if (id && web === this.#web && web.readyState === WebSocket.OPEN) web.send(`43${id}[]`); };
    const [name, payload] = JSON.parse(frame.slice(2 + id.length));
    this.#tell('event', name, payload, acknowledge);
  }

  #read(frame) {
    this.#expectWord();
    if (frame === '2') return this.#web.send('3');
    if (frame.startsWith('0')) {
      const { pingInterval, pingTimeout } = JSON.parse(frame.slice(1));
      this.#silence = pingInterval + pingTimeout;
      return this.#web.send(`40${JSON.stringify({ token: this.#token })}`);
    }
    if (frame.startsWith('40')) {
      this.#failures = 0;
      this.#agreed = true;
      this.#tell('connected');
      const early = this.#early ?? [];
      this.#early = undefined;
      return early.forEach(each => this.#web.send(each));
    }
    if (frame.startsWith('42')) return this.#event(frame);
    if (frame.startsWith('44')) {
      this.close();
      return this.#tell('refused', JSON.parse(frame.slice(2)).message);
    }
    if (frame.startsWith('41') || frame === '1') this.#web.close();
  }
}
