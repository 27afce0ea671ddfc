// Snapshots: what was seen once, kept in a file beside the test. `toMatchSnapshot`, and what `toHaveScreenshot` shares with it.
import { ask } from '../op.js';
import { send } from '../native.js';
import { currentInfo } from '../test/info.js';
import { unified } from './unified.js';

const PICTURES = ['.png', '.jpg', '.jpeg', '.webp'];
const TYPES = { '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.webp': 'image/webp', '.txt': 'text/plain', '.json': 'application/json', '.html': 'text/html', '.yml': 'text/yaml', '.md': 'text/markdown', '.svg': 'image/svg+xml' };

const log = text => { send({ t: 'log', test: currentInfo()?.testId ?? null, level: 'info', text }); };

/** One snapshot of the running test. */
export class Snapshot {
  /** `call`: { stack, step, isNot }. */
  constructor(name, kind, byDefault, call) {
    this.info = currentInfo();
    if (!this.info) throw new Error(`${kind === 'screenshot' ? 'toHaveScreenshot' : 'toMatchSnapshot'}() must be called during the test`);
    Object.assign(this, { kind, call, ...this.info._names.next(name, kind, byDefault) });
    this.mode = this.info._updateSnapshots;
    /** Nothing is compared: `ignoreSnapshots` of the configuration. */
    this.ignored = this.info.project.ignoreSnapshots;
  }

  get isPicture() { return PICTURES.includes(this.ending.toLowerCase()); }

  /** The file's bytes as base64, or undefined where there is none. */
  read() { return ask('snapshot.read', { path: this.expected })?.base64; }

  write(base64) { ask('snapshot.write', { path: this.expected, base64 }); }

  compare(expected, actual, tolerance) { return ask('snapshot.compare', { expected, actual, ...tolerance }); }

  /** Keeps a file of this run and attaches it; what is expected stays where it is. */
  attach(files) {
    for (const [what, base64] of Object.entries(files)) {
      if (base64 === undefined || base64 === null) continue;
      const name = this.attachment(what);
      let path = this.expected;
      if (what !== 'expected') {
        path = this.info.outputPath(name);
        ask('artifact.write', { path, base64 });
      }
      this.info.attachments.push({ name, contentType: TYPES[this.ending.toLowerCase()] ?? 'application/octet-stream', path });
    }
  }

  /** The path as seen from where the run was started. */
  get shortPath() {
    const { cwd } = this.info._names;
    return cwd && this.expected.startsWith(`${cwd}/`) ? this.expected.slice(cwd.length + 1) : this.expected;
  }

  attachText(what, text) {
    this.info.attachments.push({ name: this.attachment(what), contentType: 'text/yaml', body: Buffer.from(text) });
  }

  /** There is none yet: an error unless one may be made; `actual` is what there is to see then, if that is known. */
  refuseMissing(actual) {
    if (this.call.isNot) throw new Error(`${this.#absence}${this.mode === 'none' ? '.' : ', matchers using ".not" won\'t write them automatically.'}`);
    if (this.mode !== 'none') return;
    if (actual !== undefined) this.attach({ actual });
    throw new Error(`${this.#absence}.`);
  }

  /** The first one. */
  keep(actual) {
    this.write(actual);
    this.attach({ expected: actual, actual });
    this.told(`${this.#absence}, writing actual.`);
  }

  get #absence() { return `A snapshot doesn't exist at ${this.expected}`; }

  /** What was kept is replaced, as whoever started the run wished. */
  replace(actual, why) {
    this.write(actual);
    log(`${this.expected} ${why}, writing actual.`);
  }

  /** Something new was kept: said aloud where it was wished for; otherwise the test has nothing to show for itself and fails, later. */
  told(message) {
    if (this.mode !== 'default') { log(message); return; }
    const error = new Error(message);
    error.stack = this.call.stack;
    this.call.attempt().soft(error);
  }
}

/** Options of a matcher about pictures: those of the call over those of the configuration. */
export function tolerance(options, matcher) {
  const given = currentInfo()?._expectOptions[matcher] ?? {};
  const all = { ...given, ...options };
  const { maxDiffPixels, maxDiffPixelRatio } = all;
  if (maxDiffPixels !== undefined && !(Number.isInteger(maxDiffPixels) && maxDiffPixels >= 0)) throw new Error('`maxDiffPixels` option value must be non-negative integer');
  if (maxDiffPixelRatio !== undefined && !(maxDiffPixelRatio >= 0 && maxDiffPixelRatio <= 1)) throw new Error('`maxDiffPixelRatio` option value must be between 0 and 1');
  return all;
}

/** The message of a comparison that failed. */
export function snapshotWords({ what, matcher, rows = [], why, name, log: lines }) {
  const indented = why.replace(/^(?=.)/gm, '  ');
  return `expect(${what}).${matcher}(expected) failed\n\n${rows.map(row => `${row}\n`).join('')}${indented}\n\n  Snapshot: ${name}\n${lines ? `\nCall log:\n${lines.join('\n')}\n` : ''}`;
}

/** `toMatchSnapshot(name, options)`, `toMatchSnapshot(options)`. Returns when it is as kept. */
export function toMatchSnapshot(received, args, call) {
  if (typeof received?.then === 'function') throw new Error('An unresolved Promise was passed to toMatchSnapshot(), make sure to resolve it by adding await to it.');
  const isText = typeof received === 'string';
  if (!isText && !ArrayBuffer.isView(received)) throw new Error(`toMatchSnapshot() takes a string or a Buffer, not ${received === null ? 'null' : typeof received}`);
  const [first, second] = args;
  const named = typeof first === 'string' || Array.isArray(first);
  const { name = named ? first : undefined, ...rest } = (named ? second : first) ?? {};
  const options = tolerance(rest, 'toMatchSnapshot');
  const bytes = Buffer.from(received);
  const snapshot = new Snapshot(name, 'snapshot', isText ? '.txt' : endingOf(bytes), call);
  if (snapshot.ignored) return;
  const actual = bytes.toString('base64');
  const expected = snapshot.read();
  if (expected === undefined) {
    snapshot.refuseMissing(actual);
    snapshot.keep(actual);
    return;
  }
  const different = difference(snapshot, expected, received, actual, options);
  if (call.isNot) {
    if (!different) throw new Error('Snapshot comparison failed:\n\n  Expected result should be different from the actual one.');
    return;
  }
  if (!different) {
    if (snapshot.mode === 'all' && expected !== actual) snapshot.replace(actual, 'is re-generated');
    return;
  }
  if (snapshot.mode === 'all' || snapshot.mode === 'changed') { snapshot.replace(actual, 'does not match'); return; }
  snapshot.attach({ expected, actual, diff: different.diff });
  throw new Error(snapshotWords({ what: isText ? 'string' : 'Buffer', matcher: 'toMatchSnapshot', why: different.why, name: snapshot.shown }));
}

/** `{ why, diff? }`, or nothing. The file's ending says what is compared. */
function difference(snapshot, expected, received, actual, options) {
  const isText = typeof received === 'string';
  if (snapshot.isPicture) {
    if (isText) return { why: 'Actual result should be a Buffer.' };
    return snapshot.compare(expected, actual, options);
  }
  if ((TYPES[snapshot.ending.toLowerCase()] ?? '').startsWith('text/') || (isText && !snapshot.ending) || snapshot.ending.toLowerCase() === '.json') {
    if (!isText) return { why: 'Actual result should be a string' };
    const why = unified(Buffer.from(expected, 'base64').toString('utf8'), received);
    return why && { why };
  }
  return expected === actual ? undefined : { why: 'Buffers differ' };
}

function endingOf(bytes) {
  const begins = (...start) => start.every((byte, index) => bytes[index] === byte);
  return begins(0x89, 0x50, 0x4e, 0x47) ? '.png' : begins(0xff, 0xd8, 0xff) ? '.jpg' : '.dat';
}
