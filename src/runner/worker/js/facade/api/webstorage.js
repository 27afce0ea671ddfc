// `page.localStorage` and `page.sessionStorage`: what the origin of the main frame keeps.
import { quiet } from '../op.js';

export class WebStorage {
  #page;
  #kind;
  /** `kind` is `local` or `session`. */
  constructor(page, kind) {
    this.#page = page;
    this.#kind = kind;
  }
  items() { return this.#call('items'); }
  getItem(name) { return this.#call('getItem', { name }); }
  async setItem(name, value) { await this.#call('setItem', { name, value }); }
  async removeItem(name) { await this.#call('removeItem', { name }); }
  async clear() { await this.#call('clear'); }
  #call(method, given = {}) {
    return quiet(`webStorage.${method}`, 'page.webStorage', { page: this.#page._id, kind: this.#kind, method, ...given });
  }
}
