// A WebSocket of a page, to be watched.
import { Emitter } from './emitter.js';
import { forget, register } from './registry.js';
import { Timeouts } from './timeouts.js';
import { eventStep } from './waiter.js';

export class WebSocket extends Emitter {
  #url;
  #closed = false;
  #id;
  constructor(page, { socket, url }) {
    super();
    this.#id = socket;
    this.#url = url;
    this._timeouts = new Timeouts(page._timeouts);
    register(socket, this);
    page.on('close', () => { this.#over(); });
  }
  url() { return this.#url; }
  isClosed() { return this.#closed; }
  waitForEvent(event, optionsOrPredicate = {}) {
    return eventStep(this, 'webSocket.waitForEvent', event, optionsOrPredicate);
  }
  _event(name, { binary, data, error }) {
    switch (name) {
      case 'framesent': case 'framereceived': this.emit(name, { payload: binary ? Buffer.from(data, 'base64') : data }); break;
      case 'socketerror': this.emit('socketerror', error); break;
      case 'closed': this.#over(); break;
    }
  }
  #over() {
    if (this.#closed) return;
    this.#closed = true;
    forget(this.#id);
    this.emit('close', this);
  }
}
