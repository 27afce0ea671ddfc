// BrowserType: what starts browsers. Here it is Chromium, and nothing else.
import { native } from '../native.js';
import { apiStep, op } from '../op.js';
import { recordHar } from './archive.js';
import { Browser } from './browser.js';
import { withCertificates } from './certificates.js';

/** How long a start may take, milliseconds. */
const LAUNCH_TIMEOUT = 180_000;
/** Of the options of a persistent context those that are the browser's. */
const LAUNCH = ['args', 'channel', 'chromiumSandbox', 'downloadsPath', 'env', 'executablePath', 'firefoxUserPrefs', 'handleSIGHUP', 'handleSIGINT', 'handleSIGTERM', 'headless',
  'ignoreDefaultArgs', 'logger', 'proxy', 'slowMo', 'timeout', 'tracesDir', 'artifactsDir'];

const PORT = 'Cannot specify a port without launching as a server.';

const noAddress = endpoint => new TypeError(`browserType.connectOverCDP: Invalid URL\nCall log:\n  - <ws preparing> retrieving websocket url from ${endpoint}\n`);

export class BrowserType {
  #name;
  #defaults;
  /** `defaults()` are the `use` options of the running test. */
  constructor(name, defaults) {
    this.#name = name;
    this.#defaults = defaults;
  }
  name() { return this.#name; }
  executablePath() {
    this.#mustBeHere('executablePath');
    const { value, message } = JSON.parse(native.file('executablePath', '{}'));
    if (value === undefined) throw new Error(`browserType.executablePath: ${message}`);
    return value;
  }
  async launch(options = {}) {
    this.#mustBeHere('launch');
    if (options.userDataDir) throw new Error('browserType.launch: userDataDir option is not supported in `browserType.launch`. Use `browserType.launchPersistentContext` instead');
    if (options.port) throw new Error(`browserType.launch: ${PORT}`);
    return apiStep('browserType.launch', 'Launch browser', {}, async step => {
      const { browser, version } = await this.#op('launch', 'launch', { options: this.#wishes(options), timeout: options.timeout ?? LAUNCH_TIMEOUT }, step);
      return new Browser(this, this.#defaults, { id: browser, version });
    });
  }
  async launchPersistentContext(userDataDir, options = {}) {
    this.#mustBeHere('launchPersistentContext');
    if (options.port) throw new Error(`browserType.launchPersistentContext: ${PORT}`);
    return apiStep('browserType.launchPersistentContext', 'Launch persistent context', {}, async step => {
      const all = { ...this.#defaults().context, ...options };
      if (all.recordVideo) all.recordVideo = { dir: this.#defaults().artifacts, ...all.recordVideo };
      const context = Object.fromEntries(Object.entries(all).filter(([name]) => !LAUNCH.includes(name) || name === 'proxy'));
      const params = { userDataDir: String(userDataDir ?? ''), context: withCertificates(context, 'browserType.launchPersistentContext'), options: this.#wishes(options), timeout: options.timeout ?? LAUNCH_TIMEOUT };
      const made = await this.#op('launchPersistentContext', 'launchPersistent', params, step);
      return this.#adopt(made, all, true, step, 'launchPersistentContext');
    });
  }
  async connectOverCDP(endpoint, options = {}) {
    this.#mustBeHere('connectOverCDP');
    if (typeof endpoint?.send === 'function') throw new Error('browserType.connectOverCDP: a transport of the test is not supported, an address is');
    if (typeof endpoint !== 'string') [endpoint, options] = [endpoint?.endpointURL ?? endpoint?.wsEndpoint, endpoint ?? {}];
    if (endpoint === undefined) throw new Error('Cannot connect over CDP without wsEndpoint.');
    if (!URL.canParse(endpoint)) throw noAddress(endpoint);
    return apiStep('browserType.connectOverCDP', 'Connect over CDP', {}, async step => {
      const made = await this.#op('connectOverCDP', 'connectOverCDP', {
        endpoint, timeout: options.timeout ?? 30_000, headers: options.headers, slowMo: options.slowMo, artifactsDir: options.artifactsDir, noDefaults: options.noDefaults,
      }, step);
      return (await this.#adopt(made, {}, false, step, 'connectOverCDP')).browser();
    });
  }
  toString() { return this.#name; }
  toJSON() { return { _type: 'BrowserType', _guid: this.#name }; }
  #op(method, operation, params, step) {
    return op(`browser.${operation}`, params, { apiName: `browserType.${method}`, step: step.id, stack: step.stack });
  }
  /** The context that a browser begins with; `opens` whether it has a page at once. */
  async #adopt({ browser, version, context }, options, opens, step, method) {
    const made = new Browser(this, this.#defaults, { id: browser, version })._add(context, options);
    if (options.recordHar) await recordHar(made, options.recordHar, `browserType.${method}`);
    await this.#op(method, 'enter', { context, opens }, step);
    return made;
  }
  #wishes(options) {
    const all = { ...this.#defaults().launchOptions, ...options };
    return Object.fromEntries(Object.entries(all).filter(([name]) => LAUNCH.includes(name) && name !== 'logger'));
  }
  #mustBeHere(method) {
    if (this.#name !== 'chromium') throw new Error(`browserType.${method}: ${this.#name} is not supported: understudy drives Chromium`);
  }
}
