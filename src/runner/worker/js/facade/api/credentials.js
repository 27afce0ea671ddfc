// `context.credentials`: passkeys without a device.
import { quiet } from '../op.js';

export class Credentials {
  #context;
  constructor(context) { this.#context = context; }
  async install() { await this.#call('install'); }
  create(rpId, options = {}) { return this.#call('create', { ...options, rpId }); }
  get({ id, rpId } = {}) { return this.#call('get', { id, rpId }); }
  async delete(id) { await this.#call('delete', { id }); }
  #call(method, params) { return quiet(`credentials.${method}`, `credentials.${method}`, { ...params, context: this.#context._id }); }
}
