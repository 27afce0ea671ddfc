// Screencast: a page is filmed while the test wants it, and words lie over it.
import { quiet } from '../op.js';
import { Disposable } from './disposable.js';

export class Screencast {
  #page;
  #started = false;
  #path;
  #onFrame;
  constructor(page) { this.#page = page; }
  async start({ onFrame, path, size, quality, fps } = {}) {
    if (this.#started) throw new Error('Screencast is already started');
    this.#started = true;
    this.#onFrame = onFrame;
    await this.#call('start', 'start', { size, quality, fps, frames: Boolean(onFrame), record: path !== undefined });
    this.#path = path;
    return new Disposable(() => this.stop());
  }
  async stop() {
    const path = this.#path;
    this.#started = false;
    this.#onFrame = this.#path = undefined;
    await this.#call('stop', 'stop', { path });
  }
  async showOverlay(html, options) {
    const { id } = await this.#call('showOverlay', 'showOverlay', { html, duration: options?.duration });
    return new Disposable(() => this.#call('showOverlay', 'removeOverlay', { id }));
  }
  async showActions({ cursor, duration, fontSize, position, style } = {}) {
    await this.#call('showActions', 'showActions', { cursor, duration, fontSize, position, style });
    return new Disposable(() => this.hideActions());
  }
  async hideActions() { await this.#call('hideActions', 'hideActions', {}); }
  async showChapter(title, options) {
    await this.#call('showChapter', 'showChapter', { title, description: options?.description, duration: options?.duration });
  }
  async showOverlays() { await this.#call('showOverlays', 'setVisible', { visible: true }); }
  async hideOverlays() { await this.#call('hideOverlays', 'setVisible', { visible: false }); }
  _frame({ base64, timestamp, viewportWidth, viewportHeight }) {
    this.#onFrame?.({ data: Buffer.from(base64, 'base64'), timestamp, viewportWidth, viewportHeight });
  }
  #call(method, operation, params) { return quiet(`screencast.${method}`, `screencast.${operation}`, { page: this.#page._id, ...params }); }
}
