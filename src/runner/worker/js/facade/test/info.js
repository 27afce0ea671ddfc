// `test.info()`: what a test knows and changes about itself.
import { mkdirSync } from 'understudy:polyfills/node/fs.js';
import { SkipError } from '../errors.js';
import { capture, locationOf } from '../native.js';
import { makeAttachment } from './attach.js';
import { attemptFolder, below } from './folder.js';
import { SnapshotNames } from './names.js';
import { fullConfig, project } from './project.js';

let current;
export function currentInfo() { return current; }
export function setCurrentInfo(info) { current = info; }

/** A file's path from the folder of the project's tests, where it is in there. */
function inTestDir(file, { root, testDir }) {
  const folder = testDir?.startsWith(`${root}/`) ? `${testDir.slice(root.length + 1)}/` : '';
  return file.startsWith(folder) ? file.slice(folder.length) : file;
}

export class TestInfo {
  constructor({ test, config, retry, repeat, timeout }) {
    this._test = test;
    this.title = test.title;
    this.titlePath = [test.location.file, ...test.titlePath()];
    this.file = test.location.file;
    this.line = test.location.line;
    this.column = test.location.column;
    this.tags = test.allTags();
    this.annotations = test.allAnnotations().map(annotation => ({ ...annotation }));
    this.expectedStatus = test.expectedStatus();
    this.status = 'passed';
    this.errors = [];
    this.attachments = [];
    this.retry = retry;
    this.repeatEachIndex = repeat;
    this.workerIndex = config.workerIndex ?? 0;
    this.parallelIndex = config.parallelIndex ?? 0;
    this.duration = 0;
    this.timeout = timeout;
    this.testId = test.id;
    this.outputDir = attemptFolder(config.outputDir ?? '', { file: inTestDir(this.file, config), titles: test.titlePath(), project: config.project, retry, repeat });
    this.snapshotSuffix = process.platform;
    this.fn = test.fn;
    this._slow = this.annotations.some(({ type }) => type === 'slow');
    this.project = project(config);
    this.config = fullConfig(config, this.project);
    this._names = new SnapshotNames(this, config);
    this._updateSnapshots = this.config.updateSnapshots;
    this._expectOptions = config.expect ?? {};
  }
  get error() { return this.errors[0]; }
  get snapshotDir() { return this._names.folder; }

  skip(...args) { this._modify('skip', args); }
  fixme(...args) { this._modify('fixme', args); }
  fail(...args) { this._modify('fail', args); }
  slow(...args) { this._modify('slow', args); }
  _modify(type, args, location = locationOf(capture())) {
    const [condition, second] = args;
    if (typeof condition === 'function') throw new Error(`test.${type}() with a function can only be called inside describe block`);
    if (args.length > 0 && !condition) return;
    const description = args.length === 1 && typeof condition === 'string' ? condition : second;
    this.annotations.push({ type, description, location });
    if (type === 'slow') this.#slowDown();
    else if (type === 'fail') { if (this.expectedStatus !== 'skipped') this.expectedStatus = 'failed'; } else {
      this.expectedStatus = 'skipped';
      throw new SkipError(`Test is skipped: ${description ?? ''}`);
    }
  }
  _abort(message) {
    this.annotations.push({ type: 'abort', description: message, location: locationOf(capture()) });
    throw new Error(`Test aborted${message ? `: ${message}` : ''}`);
  }
  /** Three times the time, once. */
  #slowDown() {
    if (this._slow) return;
    this._slow = true;
    this.setTimeout(this.timeout * 3);
  }
  setTimeout(timeout) {
    this.timeout = this._retime(timeout);
  }
  async attach(name, options = {}) {
    this.attachments.push(await makeAttachment(this.outputDir, name, options));
  }
  /** `kind` decides which template of the configuration holds. */
  snapshotPath(...names) {
    const { kind = 'snapshot' } = typeof names.at(-1) === 'object' ? names.pop() : {};
    return this._names.path(names, kind);
  }
  outputPath(...segments) {
    const path = below(this.outputDir, segments);
    if (path === undefined) throw new Error(`testInfo.outputPath: ${segments.join('/')} is outside the test's folder; files are written in there`);
    // An agent has no folders of its tests: their files are attachments.
    try { mkdirSync(this.outputDir, { recursive: true }); } catch { /* whoever writes is told */ }
    return path;
  }
}
