// What of a verdict is compared. tests/conformance.rs does the same to ours; change both.

/** Strips what no two runs share: colours, ports, durations, counts and timing of attempts. */
export function normalise(verdict, site) {
  const { file, title, status, expectedStatus, retry, location, error, annotations, steps, more } = verdict;
  return {
    file,
    title,
    retry,
    status,
    expectedStatus,
    line: location.line,
    annotations: annotations.map(({ type, description }) => (description ? `${type}: ${description}` : type)),
    ...(error && { ...message(error.message, site), errorLine: error.location?.line }),
    ...(more?.length && { more: more.map(error => message(error.message, site)) }),
    ...(steps && { steps: steps.map(step => withoutPorts(step, site)) }),
  };
}

// Lines of a call log that depend on how fast the machine is, or say who asks.
const TIMING = /^(waiting \d+ms( before taking screenshot)?|retrying .* action.*|element is not stable|user-agent: .*)$/;

// Frames of what either runner injects into the page, in the text of an error from there.
const INJECTED = /\n +at .*(<anonymous>|__understudy|understudy:).*/g;

// The code frame and the stack that `toThrow` puts into its message; with understudy they stand beside it.
const FRAME = /\n\n +(> )? *\d+ \|[^]*$/;

/** The site by its two names. */
function withoutPorts(text, site) {
  const host = site.slice('http://'.length);
  return text.replaceAll(host, 'site').replaceAll(host.replace('127.0.0.1', 'localhost'), 'other');
}

// The official runner ends this sentence sometimes.
const SENTENCE = 'Execution context was destroyed, most likely because of a navigation';

/** The text before the call log, and the call log's distinct lines in the order in which they first appear. */
function message(text, site) {
  // eslint-disable-next-line no-control-regex
  const [head, log] = withoutPorts(text.replace(/\u001b\[[0-9;]*m/g, ''), site).replace(INJECTED, '').replaceAll(`${SENTENCE}.`, SENTENCE).replace(FRAME, '').split(/\n*Call log:\n/);
  const lines = (log ?? '').split('\n').map(line => line.replace(/^[\s-]*(\d+ × )?/, '').trimEnd());
  return { error: head.trimEnd(), log: [...new Set(lines)].filter(line => line && !TIMING.test(line)) };
}
