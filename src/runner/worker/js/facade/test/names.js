// What snapshots are called and where they are: names made of titles, paths made of a template, as Playwright makes them.
import { plain, shortened } from './folder.js';

const DEFAULT = '{snapshotDir}/{testFileDir}/{testFileName}-snapshots/{arg}{-projectName}{-snapshotSuffix}{ext}';
const ARIA = '{snapshotDir}/{testFileDir}/{testFileName}-snapshots/{arg}{ext}';
const ARIA_ENDING = '.aria.yml';

/** Longest name that is made of titles. */
const LONGEST = 100;

const segments = path => path.split('/').filter(part => part && part !== '.');
const dirname = path => path.split('/').slice(0, -1).join('/');
const basename = path => path.split('/').at(-1);

/** `to` as seen from `from`; both absolute, or both relative to the same folder. */
function relative(from, to) {
  const [a, b] = [segments(from), segments(to)];
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  return [...a.slice(same).map(() => '..'), ...b.slice(same)].join('/');
}

function clean(path) {
  const parts = [];
  for (const part of segments(path)) if (part === '..' && parts.length && parts.at(-1) !== '..') parts.pop(); else parts.push(part);
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}

/** Name and ending: `.aria.yml` is one for trees. */
function split(name, kind) {
  if (kind === 'aria' && name.endsWith(ARIA_ENDING)) return [name.slice(0, -ARIA_ENDING.length), ARIA_ENDING];
  const at = name.lastIndexOf('.');
  return at > name.lastIndexOf('/') + 1 ? [name.slice(0, at), name.slice(at)] : [name, ''];
}

/** The names of one attempt's snapshots. `info` knows the test, `config` is the worker's. */
export class SnapshotNames {
  #used = { aria: 0, other: 0 };
  #again = new Map();

  constructor(info, config) {
    Object.assign(this, { info, config });
  }

  /** Of a file of the test: its folder below the project's, and its name. */
  get #place() {
    const { root = '', testDir = '' } = this.config;
    const file = root ? `${root}/${this.info.file}` : this.info.file;
    const path = testDir ? relative(testDir, file) : file;
    return { path, folder: dirname(path), name: basename(path) };
  }

  /** Where the run was started. */
  get cwd() { return this.config.root; }

  get #snapshotDir() { return this.config.snapshotDir || this.config.testDir || '.'; }

  /** `test.info().snapshotDir` */
  get folder() {
    const { folder, name } = this.#place;
    return clean(`${this.#snapshotDir}/${folder}/${name}-snapshots`);
  }

  /** `test.info().snapshotPath(…names, { kind })` */
  path(names, kind) {
    const { arg, ending } = this.#arg(names, kind, this.#counter(kind) + 1, kind === 'screenshot' ? '.png' : '.txt');
    return this.#full(arg, ending, kind);
  }

  /** For a matcher: where what is expected is kept, and how files of the run about it begin. `name` is a text, a list or nothing. */
  next(name, kind, byDefault) {
    const names = name === undefined ? [] : [name].flat();
    const count = names.length ? 0 : this.#count(kind);
    const { arg, ending } = this.#arg(Array.isArray(name) ? [name] : names, kind, count, byDefault);
    const expected = this.#full(arg, ending, kind);
    const times = (this.#again.get(arg + ending) ?? 0) + 1;
    this.#again.set(arg + ending, times);
    const base = times > 1 ? `${arg}-${times - 1}` : arg;
    return { expected, attachment: what => `${base}-${what}${ending}`, ending, shown: names.length ? names.join('/') : arg + ending };
  }

  #counter(kind) { return this.#used[kind === 'aria' ? 'aria' : 'other']; }
  #count(kind) { return ++this.#used[kind === 'aria' ? 'aria' : 'other']; }

  /** A single name is made fit for a file system; of several each is a folder and taken as it is. */
  #arg(names, kind, count, byDefault) {
    if (!names.length) {
      const title = [...this.info.titlePath.slice(1), count].join(' ');
      return { arg: plain(shortened(title, LONGEST)), ending: kind === 'aria' ? ARIA_ENDING : byDefault };
    }
    const list = names.flat();
    const [arg, ending] = split(list.join('/'), kind);
    return { arg: names.length > 1 || Array.isArray(names[0]) ? arg : plain(arg), ending };
  }

  #full(arg, ending, kind) {
    const { info, config } = this;
    const { path, folder, name } = this.#place;
    const own = { aria: config.expect?.toMatchAriaSnapshot?.pathTemplate, screenshot: config.expect?.toHaveScreenshot?.pathTemplate }[kind];
    const values = {
      arg, ext: ending, platform: process.platform, projectName: plain(config.project ?? ''), snapshotDir: this.#snapshotDir, snapshotSuffix: info.snapshotSuffix,
      testDir: config.testDir || '.', testFileDir: folder, testFileName: name, testFilePath: path, testName: plain(shortened(info.titlePath.slice(1).join(' '), LONGEST)),
    };
    const template = own ?? config.snapshotPathTemplate ?? (kind === 'aria' ? ARIA : DEFAULT);
    return clean(template.replace(/\{(.)?([a-zA-Z]+)\}/g, (whole, before, token) => {
      // `{-projectName}` has its own first character; `{arg}` has none.
      const [lead, key] = before && /[a-zA-Z]/.test(before) ? ['', before + token] : [before ?? '', token];
      if (!(key in values)) return whole;
      return values[key] ? lead + values[key] : '';
    }));
  }
}
