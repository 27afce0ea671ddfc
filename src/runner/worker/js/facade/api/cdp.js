// CDPSession: the protocol of Chromium itself.
import { quiet } from '../op.js';
import { Emitter } from './emitter.js';
import { forget, register } from './registry.js';

export class CDPSession extends Emitter {
  constructor(id) {
    super();
    this._id = id;
    register(id, this);
  }
  _event(name, params) {
    if (name === 'closed') {
      forget(this._id);
      this.emit('close', this);
      return;
    }
    this.emit(params.method, params.params);
    this.emit('event', params);
  }
  async send(method, params, options = {}) {
    const sent = { session: this._id, method, params, timeout: options.timeout ?? 0 };
    return (await quiet('cdpSession.send', 'cdp.send', sent)).result;
  }
  async detach() { await quiet('cdpSession.detach', 'cdp.detach', { session: this._id }); }
}

/** A session of what `subject` names: a page, a frame, or the browser where it names nothing. */
export async function openSession(apiName, subject) {
  return new CDPSession((await quiet(apiName, 'cdp.new', subject)).session);
}
