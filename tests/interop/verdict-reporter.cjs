// A Playwright reporter that prints what `understudy run --reporter jsonl` prints, one JSON object per finished attempt, and the
// titles of its steps with it.
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
      error: first && { message: first.message ?? first.value, stack: first.stack, location: first.location?.file.startsWith(this.root) ? at(first.location) : undefined },
      more: result.errors.slice(1).map(error => ({ message: error.message ?? error.value })),
      annotations: result.annotations.map(({ type, description }) => ({ type, description })),
      steps: steps(result.steps, ''),
    }));
  }
  onError(error) {
    console.log(`error outside of a test: ${error.message ?? error.value}`);
  }
  printsToStdio() {
    return true;
  }
}

/** `category title`, indented below its parent. Hooks are only shown by what they do; fixtures, which differ by version, not at all. */
function steps(list, indent) {
  return list.flatMap(step => {
    if (step.category === 'hook') return steps(step.steps, indent);
    if (!['pw:api', 'expect', 'test.step'].includes(step.category)) return [];
    return [`${indent}${step.category} ${step.title}${step.subtitle ? ` ${step.subtitle}` : ''}${step.error ? ' !' : ''}`, ...steps(step.steps, indent + '  ')];
  });
}
module.exports = Verdicts;
