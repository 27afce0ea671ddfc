// `test` and what hangs on it: builds the tree of suites while the file is evaluated.
import { capture, locationOf } from '../native.js';
import { currentInfo } from './info.js';
import { skippedStep, step } from './step.js';
import { Suite, Test } from './suite.js';

const tree = { root: undefined, current: undefined };

/** A new file: declarations go to a new root suite, which is returned. */
export function beginFile(path) {
  tree.root = tree.current = new Suite(path, undefined, { file: path, line: 0, column: 0 }, 'file');
  return tree.root;
}
/** The file was evaluated: from now on nothing may be declared. */
export function endFile() { tree.current = undefined; }

function here(what) {
  if (!tree.current) throw new Error(`Playwright Test did not expect ${what} to be called here.\nMost common reasons include:\n- You are calling ${what} in a configuration file.\n- You are calling ${what} in a file that is imported by the configuration file.\n- You have two different versions of @playwright/test. This usually happens\n  when one of the dependencies in your package.json depends on @playwright/test.`);
  return tree.current;
}

export class TestType {
  /** `lists`: `{ fixtures, location }` of `extend`, outermost first. */
  constructor(lists) {
    this.lists = lists;
    const test = (...args) => this.#declare('test', args);
    this.test = test;
    test.info = () => {
      const info = currentInfo();
      if (!info) throw new Error('test.info() can only be called while test is running');
      return info;
    };
    test.only = (...args) => this.#declare('only', args);
    test.skip = (...args) => this.#modify('skip', args);
    test.fixme = (...args) => this.#modify('fixme', args);
    test.fail = (...args) => this.#modify('fail', args);
    test.fail.only = (...args) => { const made = this.#declare('only', args); made.annotations.push({ type: 'fail', location: made.location }); };
    test.slow = (...args) => this.#modify('slow', args);
    test.abort = message => {
      const info = currentInfo();
      if (!info) throw new Error('test.abort() can only be called inside a test or fixture');
      info._abort(message);
    };
    test.setTimeout = timeout => {
      const info = currentInfo();
      if (info) info.setTimeout(timeout);
      else here('test.setTimeout()').timeout = timeout;
    };
    test.describe = (...args) => this.#describe('default', args);
    test.describe.only = (...args) => this.#describe('only', args);
    test.describe.skip = (...args) => this.#describe('skip', args);
    test.describe.fixme = (...args) => this.#describe('fixme', args);
    test.describe.configure = options => configure(options);
    test.describe.serial = (...args) => this.#describe('serial', args);
    test.describe.serial.only = (...args) => this.#describe('serial.only', args);
    test.describe.parallel = (...args) => this.#describe('parallel', args);
    test.describe.parallel.only = (...args) => this.#describe('parallel.only', args);
    for (const kind of ['beforeAll', 'afterAll', 'beforeEach', 'afterEach']) test[kind] = (...args) => this.#hook(kind, args);
    test.use = fixtures => {
      const suite = here('test.use()');
      suite.uses.push({ fixtures, location: locationOf(capture()), isOfGroup: suite.kind !== 'file' });
    };
    test.step = (title, body, options) => step(title, body, options);
    test.step.skip = skippedStep;
    test.extend = fixtures => {
      const location = locationOf(capture());
      const lists = fixtures?.__type instanceof TestType ? fixtures.__type.lists.filter(list => !this.lists.includes(list)) : [{ fixtures, location }];
      return new TestType([...this.lists, ...lists]).test;
    };
    Object.defineProperty(test, '__type', { value: this });
  }

  #declare(kind, args) {
    const suite = here('test()');
    const location = locationOf(capture());
    const [title, ...rest] = [String(args[0]), ...args.slice(1)];
    const fn = functionOf(rest);
    const test = new Test(title, fn, suite, location ?? suite.location, this);
    details(test, rest.length > 1 ? rest[0] : {}, test.location);
    test.only = kind === 'only';
    suite.entries.push(test);
    return test;
  }

  #describe(kind, args) {
    const parent = here('test.describe()');
    const title = typeof args[0] === 'function' ? '' : String(args[0]);
    const fn = typeof args[0] === 'function' ? args[0] : functionOf(args.slice(1));
    if (kind.startsWith('parallel') && parent.chain().some(suite => suite.mode === 'serial')) throw new Error('describe.parallel cannot be nested inside describe.serial');
    const suite = new Suite(title, parent, locationOf(capture()));
    details(suite, typeof args[1] === 'object' ? args[1] : {}, suite.location);
    suite.only = kind.endsWith('only');
    if (kind === 'skip' || kind === 'fixme') suite.annotations.push({ type: kind, location: suite.location });
    if (kind.startsWith('serial')) suite.mode = 'serial';
    if (kind.startsWith('parallel')) suite.mode = 'parallel';
    parent.entries.push(suite);
    tree.current = suite;
    try {
      fn();
    } finally {
      tree.current = parent;
    }
  }

  #hook(kind, args) {
    const suite = here(`test.${kind}()`);
    const fn = typeof args[0] === 'function' ? args[0] : args[1];
    if (typeof fn !== 'function') throw new Error(`test.${kind}() needs a function`);
    suite.hooks[kind].push({ kind, title: typeof args[0] === 'string' ? args[0] : `${kind} hook`, fn, location: locationOf(capture()), type: this });
  }

  /** `test.skip('title', fn)`, `test.skip(condition, why)`, `test.skip(fn, why)` and the same inside a test. */
  #modify(type, args) {
    const [first, second] = args;
    if (type !== 'slow' && typeof first === 'string' && (typeof second === 'function' || typeof args[2] === 'function')) {
      const test = this.#declare('test', args);
      test.annotations.push({ type, location: test.location });
      return;
    }
    const info = currentInfo();
    if (info) { info._modify(type, args); return; }
    const suite = here(`test.${type}()`);
    const location = locationOf(capture());
    const words = args.length === 1 ? first : second;
    const annotation = { type, description: typeof words === 'string' ? words : undefined, location };
    if (typeof first === 'function') suite.modifiers.push({ annotation, fn: first, location, type: this });
    else if (!args.length || first) suite.annotations.push(annotation);
  }
}

/** The body behind a title and, perhaps, details. */
function functionOf(args) {
  const fn = args.find(value => typeof value === 'function');
  if (!fn) throw new Error(`details: expected ${typeof args[0] === 'object' ? 'a function after it' : 'object'}, got ${typeof args[args.length > 1 ? 1 : 0]}`);
  return fn;
}

function details(declared, { tag, annotation } = {}, location) {
  const tags = tag === undefined ? [] : Array.isArray(tag) ? tag : [tag];
  for (const name of tags) if (!String(name).startsWith('@')) throw new Error("Tag must start with '@'");
  declared.tags.push(...tags);
  const annotations = annotation === undefined ? [] : Array.isArray(annotation) ? annotation : [annotation];
  declared.annotations.push(...annotations.map(one => ({ ...one, location })));
}

function configure({ mode, retries, timeout } = {}) {
  const suite = here('test.describe.configure()');
  if (mode !== undefined) {
    if (suite.mode !== 'none' && suite.kind !== 'file') throw new Error(`"${suite.mode}" mode is already assigned for the enclosing scope.`);
    suite.mode = mode;
  }
  if (retries !== undefined) suite.retries = retries;
  if (timeout !== undefined) suite.timeout = timeout;
}

export function mergeTests(...tests) {
  const lists = [];
  for (const test of tests) {
    if (!(test?.__type instanceof TestType)) throw new Error('mergeTests() accepts "test" functions as parameters.\nDid you mean to call test.extend() with fixtures instead?');
    for (const list of test.__type.lists) if (!lists.includes(list)) lists.push(list);
  }
  return new TestType(lists).test;
}
