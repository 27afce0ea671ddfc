// Video: what a page looked like as long as it was there.
import { quiet } from '../op.js';

export class Video {
  #id;
  constructor(id) { this.#id = id; }
  path() { return this.#call('path'); }
  async saveAs(path) { await this.#call('saveAs', { path: String(path) }); }
  async delete() { await this.#call('delete'); }
  #call(operation, params) { return quiet(`video.${operation}`, `video.${operation}`, { video: this.#id, ...params }); }
}
