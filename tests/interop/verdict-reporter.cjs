// A Playwright reporter that prints what `understudy run --reporter jsonl` prints: one JSON object per finished attempt.
const path = require('node:path');

class Verdicts {
  onBegin(config) {
    this.root = path.join(config.rootDir);
  }
  onTestEnd(test, result) {
    const [, , , ...titles] = test.titlePath();
    const at = location => location && { line: location.line, column: location.column };
    const first = result.errors[0];
    console.log(JSON.stringify({
      file: path.relative(this.root, test.location.file),
      title: titles.join(' › '),
      status: result.status,
      expectedStatus: test.expectedStatus,
      durationMs: result.duration,
      retry: result.retry,
      location: at(test.location),
      error: first && { message: first.message ?? first.value, stack: first.stack, location: at(first.location) },
      annotations: result.annotations.map(({ type, description }) => ({ type, description })),
    }));
  }
  onError(error) {
    console.log(`error outside of a test: ${error.message ?? error.value}`);
  }
  printsToStdio() {
    return true;
  }
}
module.exports = Verdicts;
