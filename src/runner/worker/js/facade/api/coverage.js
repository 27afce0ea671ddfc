// Coverage: what of a page's scripts and style sheets was used.
import { quiet } from '../op.js';

export class Coverage {
  #page;
  constructor(page) { this.#page = page; }
  async startJSCoverage(options = {}) { await this.#call('startJSCoverage', 'startJS', options); }
  async stopJSCoverage() { return (await this.#call('stopJSCoverage', 'stopJS')).entries; }
  async startCSSCoverage(options = {}) { await this.#call('startCSSCoverage', 'startCSS', options); }
  async stopCSSCoverage() { return (await this.#call('stopCSSCoverage', 'stopCSS')).entries; }
  #call(method, operation, options = {}) {
    return quiet(`coverage.${method}`, `coverage.${operation}`, { page: this.#page._id, options });
  }
}
