// `test.info().project` and `.config`: what the run was given, filled up with what Playwright fills up.

export function project(config) {
  return {
    name: config.project ?? '', testDir: config.testDir ?? '', snapshotDir: config.snapshotDir || config.testDir || '', outputDir: config.outputDir ?? '',
    timeout: config.timeout, retries: config.retries ?? 0, repeatEach: config.repeatEach || 1, use: { ...config.use }, metadata: config.metadata ?? {},
    dependencies: [], grep: expressions(config.projectGrep, /.*/), grepInvert: expressions(config.projectGrepInvert, null), testMatch: '**/*.@(spec|test).?(c|m)[jt]s?(x)', testIgnore: [], ignoreSnapshots: config.ignoreSnapshots ?? false,
  };
}

export function fullConfig(config, project) {
  return {
    rootDir: config.root ?? '', configFile: undefined, forbidOnly: false, fullyParallel: false, globalSetup: null, globalTeardown: null, globalTimeout: 0,
    grep: /.*/, grepInvert: null, maxFailures: 0, metadata: {}, preserveOutput: 'always', projects: [project], quiet: false, reporter: [], shard: null, tags: [],
    reportSlowTests: { max: 5, threshold: 300_000 }, updateSnapshots: 'default', updateSourceMethod: 'patch', version: '1.65.1', webServer: null, workers: 1,
    ...config.fullConfig,
  };
}

const expressions = (texts, byDefault) => (texts?.length ? texts.map(expression) : byDefault);
function expression(text) {
  const match = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return match ? new RegExp(match[1], match[2]) : new RegExp(text, 'i');
}
