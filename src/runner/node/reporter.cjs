// A reporter for the official runner: tells what happens as lines of JSON, in the words of `told.rs`.
const path = require('node:path');

const plain = text => (text ?? '').replace(/\u001b\[[0-9;]*m/g, '');
let root = process.cwd();
const place = location => location && { file: path.relative(root, location.file), line: location.line, column: location.column };
const notes = list => list.map(({ type, description, location }) => ({ type, description, ...(location ? { location: place(location) } : {}) }));
const words = text => plain(text).split(`${root}/`).join('');
const errorOf = error => {
  const [head, ...frames] = words(error.stack ?? error.message ?? String(error.value)).split(/\n(?= {4}at )/);
  return { message: words(error.message ?? String(error.value)) || head, stack: frames.join('\n'), location: place(error.location), snippet: error.snippet ? words(error.snippet) : null };
};
const STATUS = { passed: 'passed', failed: 'failed', timedOut: 'timedOut', skipped: 'skipped', interrupted: 'interrupted' };
const CATEGORIES = ['pw:api', 'expect', 'test.step', 'hook', 'fixture'];
/** Of what a step is titled, the call of the API. What is not here is no step for people who watch. */
const CALLS = [
  [/^Navigate/, 'page.goto'], [/^Reload/, 'page.reload'], [/^Go back/, 'page.goBack'], [/^Go forward/, 'page.goForward'], [/^Set content/, 'page.setContent'], [/^Fill/, 'locator.fill'],
  [/^Clear/, 'locator.clear'], [/^Double click/, 'locator.dblclick'], [/^Click/, 'locator.click'], [/^Tap/, 'locator.tap'], [/^Hover/, 'locator.hover'], [/^Check/, 'locator.check'], [/^Uncheck/, 'locator.uncheck'],
  [/^Select option/, 'locator.selectOption'], [/^Select text/, 'locator.selectText'], [/^Set input files/, 'locator.setInputFiles'], [/^Focus/, 'locator.focus'], [/^Blur/, 'locator.blur'],
  [/^Scroll into view/, 'locator.scrollIntoViewIfNeeded'], [/^Dispatch/, 'locator.dispatchEvent'], [/^Drag and drop/, 'locator.dragTo'], [/^Press/, 'locator.press'], [/^Type/, 'locator.pressSequentially'],
  [/^Mouse move/, 'mouse.move'], [/^Mouse down/, 'mouse.down'], [/^Mouse up/, 'mouse.up'], [/^Mouse wheel/, 'mouse.wheel'],
];
/** What is done without an element is done by keys and mouse. */
const WITHOUT_ELEMENT = { 'locator.press': 'keyboard.press', 'locator.pressSequentially': 'keyboard.type', 'locator.click': 'mouse.click', 'locator.dblclick': 'mouse.dblclick', 'locator.tap': 'touchscreen.tap' };

function callOf({ category, title, params = {} }) {
  if (category === 'expect') {
    const [, not, matcher] = /"(not )?(\w+)"/.exec(title) ?? [];
    return matcher ? [`expect.${matcher}`, { ...params, ...(not ? { isNot: true } : {}) }] : ['', params];
  }
  if (category !== 'pw:api') return ['', {}];
  const call = CALLS.find(([pattern]) => pattern.test(title))?.[1] ?? '';
  const { source, options, ...rest } = params;
  const named = { ...rest, ...(source ? { locator: source } : {}), ...(options ? { values: options.map(one => one.valueOrLabel ?? one.label ?? one.value ?? one.index) } : {}) };
  return [named.locator ? call : WITHOUT_ELEMENT[call] ?? call, named];
}

class Teller {
  #steps = new Map();
  #tell(t, fields) { process.stdout.write(`\n${JSON.stringify({ t, ...fields })}\n`); }

  onBegin(config, suite) {
    root = config.rootDir;
    const tests = suite.allTests().map(test => {
      const [, , , ...titlePath] = test.titlePath();
      return { id: test.id, titlePath, location: place(test.location), tags: test.tags ?? [], annotations: notes(test.annotations), expectedStatus: STATUS[test.expectedStatus], timeout: test.timeout, retries: test.retries };
    });
    this.#tell('planned', { tests, workers: config.workers });
  }
  onTestBegin(test, result) { this.#tell('testBegin', { test: test.id, retry: result.retry }); }
  onStepBegin(test, result, step) {
    if (!CATEGORIES.includes(step.category)) return;
    const id = this.#steps.size + 1;
    this.#steps.set(step, id);
    const [apiName, params] = callOf(step);
    this.#tell('stepBegin', { test: test.id, step: { id, parent: this.#steps.get(step.parent) ?? null, category: step.category, title: step.subtitle ? `${step.title} ${step.subtitle}` : step.title, apiName, params, location: place(step.location) ?? null } });
  }
  onStepEnd(test, result, step) {
    const id = this.#steps.get(step);
    if (id !== undefined) this.#tell('stepEnd', { test: test.id, id, durationMs: Math.max(0, Math.round(step.duration)), error: step.error ? errorOf(step.error) : null });
  }
  onStdOut(chunk, test) { this.#log('info', chunk, test); }
  onStdErr(chunk, test) { this.#log('error', chunk, test); }
  #log(level, chunk, test) {
    for (const text of String(chunk).replace(/\n$/, '').split('\n')) this.#tell('log', { test: test?.id ?? null, level, text: plain(text) });
  }
  onTestEnd(test, result) {
    const attachments = result.attachments.map(({ name, contentType, path: file, body }) => ({ name, contentType, path: file ?? null, body: body ? body.toString('base64') : null }));
    this.#tell('testEnd', { attempt: { test: test.id, retry: result.retry, status: STATUS[result.status], expectedStatus: STATUS[test.expectedStatus], durationMs: Math.max(0, Math.round(result.duration)), errors: result.errors.map(errorOf), annotations: notes(result.annotations ?? test.annotations), timeout: test.timeout, attachments } });
  }
  onError(error) { this.#tell('error', { error: errorOf(error) }); }
  printsToStdio() { return true; }
}
module.exports = Teller;
