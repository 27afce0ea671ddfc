// What a file declares: suites and tests, in a tree. Loading builds it; nothing runs here.

export class Suite {
  constructor(title, parent, location, kind = 'describe') {
    this.title = title;
    this.parent = parent;
    this.location = location;
    this.kind = kind;
    this.entries = [];
    this.hooks = { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
    /** `test.use` of this suite: lists of fixtures, in order. */
    this.uses = [];
    this.annotations = [];
    /** What its `beforeAll` noted, for all tests in it. */
    this.gained = [];
    /** `test.skip(condition, why)` and friends with a function: judged before each test. */
    this.modifiers = [];
    this.tags = [];
    this.only = false;
    this.timeout = undefined;
    this.retries = undefined;
    this.mode = 'none';
  }
  /** From the file's suite down to this one. */
  chain() { return this.parent ? [...this.parent.chain(), this] : [this]; }
  allTests() { return this.entries.flatMap(entry => (entry instanceof Suite ? entry.allTests() : [entry])); }
  /** What its declaration says about every test in it. */
  notes() { return this.mode === 'serial' ? [{ type: 'serial', location: this.location }, ...this.annotations] : this.annotations; }
  titles() { return this.chain().slice(1).map(suite => suite.title).filter(Boolean); }
}

export class Test {
  constructor(title, fn, suite, location, type) {
    this.title = title;
    this.fn = fn;
    this.suite = suite;
    this.location = location;
    /** The `test` it was declared with: decides the fixtures. */
    this.type = type;
    this.annotations = [];
    this.tags = [];
    this.only = false;
  }
  titlePath() { return [...this.suite.titles(), this.title]; }

  allAnnotations() {
    const chain = this.suite.chain();
    return [...chain.flatMap(suite => suite.notes()), ...this.annotations, ...chain.flatMap(suite => suite.gained)];
  }
  allTags() {
    return [...this.suite.chain().slice(1), this].flatMap(({ title, tags }) => [...title.match(/@\S+/g) ?? [], ...tags]);
  }
  expectedStatus() {
    const kinds = this.allAnnotations().map(({ type }) => type);
    if (kinds.includes('skip') || kinds.includes('fixme')) return 'skipped';
    return kinds.includes('fail') ? 'failed' : 'passed';
  }
  /** Milliseconds: the innermost suite's that says so, else `byDefault`; three times that for each `slow`. */
  timeout(byDefault) {
    const own = this.suite.chain().findLast(suite => suite.timeout !== undefined)?.timeout ?? byDefault;
    return this.allAnnotations().some(({ type }) => type === 'slow') ? own * 3 : own;
  }
  retries() { return this.suite.chain().findLast(suite => suite.retries !== undefined)?.retries ?? null; }
  /** The outermost serial suite around it. */
  serialGroup() { return this.suite.chain().find(suite => suite.mode === 'serial'); }
}

/** Tests that will be told to the host: those at the lines named, `only` chosen, `grep` applied. */
export function selectTests(root, { grep, grepInvert, projectGrep = [], projectGrepInvert = [], project, lines }) {
  const places = lines?.[root.title];
  const named = test => !places || [test, ...test.suite.chain()].some(({ location }) => location
    && places.some(({ line, column }) => location.line === line && (!column || location.column === column)));
  let tests = root.allTests().filter(named);
  const only = tests.some(test => test.only || test.suite.chain().some(suite => suite.only));
  if (only) tests = chosen(root, false).filter(named);
  const title = test => [project, root.title, ...test.titlePath(), ...test.allTags()].filter(part => part !== undefined).join(' ');
  if (projectGrep.length) tests = tests.filter(test => projectGrep.some(own => pattern(own).test(title(test))));
  tests = tests.filter(test => !projectGrepInvert.some(own => pattern(own).test(title(test))));
  if (grep) tests = tests.filter(test => pattern(grep).test(title(test)));
  if (grepInvert) tests = tests.filter(test => !pattern(grepInvert).test(title(test)));
  return { tests, only };
}

/** `only` of something inside beats `only` of what is around it. */
function chosen(suite, inherited) {
  const hasOnly = entry => entry.only || (entry instanceof Suite && entry.entries.some(hasOnly));
  const narrowed = suite.entries.some(hasOnly);
  const wanted = inherited || suite.only;
  return suite.entries
    .filter(entry => (narrowed ? hasOnly(entry) : wanted))
    .flatMap(entry => (entry instanceof Suite ? chosen(entry, narrowed ? entry.only : true) : [entry]));
}

function pattern(source) {
  const match = /^\/(.*)\/([a-z]*)$/s.exec(source);
  try {
    return match ? new RegExp(match[1], match[2].replace('g', '')) : new RegExp(source, 'i');
  } catch (error) {
    const problem = new Error(`${JSON.stringify(source)} is not a regular expression: ${error.message}. To match it as it is, put a \\ before characters such as ( [ * + ? .`);
    problem.stack = '';
    throw problem;
  }
}
