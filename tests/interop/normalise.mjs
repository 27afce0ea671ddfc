// What of a verdict is compared. tests/conformance.rs does the same to ours; change both.

/** Strips what no two runs share: colours, ports, durations, counts and timing of attempts. */
export function normalise(verdict, site) {
  const { file, title, status, expectedStatus, retry, location, error, annotations, steps } = verdict;
  return {
    file,
    title,
    retry,
    status,
    expectedStatus,
    line: location.line,
    annotations: annotations.map(({ type, description }) => (description ? `${type}: ${description}` : type)),
    ...(error && { ...message(error.message, site), errorLine: error.location?.line }),
    ...(steps && { steps: steps.map(step => step.replaceAll(site, 'http://site')) }),
  };
}

// Lines of a call log that depend on how fast the machine is, or say who asks.
const TIMING = /^(waiting \d+ms( before taking screenshot)?|retrying .* action.*|element is not stable|user-agent: .*)$/;

// Frames of what either runner injects into the page, in the text of an error from there.
const INJECTED = /\n +at .*(<anonymous>|__understudy|understudy:).*/g;

// The code frame and the stack that `toThrow` puts into its message; with understudy they stand beside it.
const FRAME = /\n\n +(> )? *\d+ \|[^]*$/;

/** The text before the call log, and the call log's distinct lines in the order in which they first appear. */
function message(text, site) {
  // eslint-disable-next-line no-control-regex
  const [head, log] = text.replace(/\u001b\[[0-9;]*m/g, '').replaceAll(site, 'http://site').replaceAll(site.slice('http://'.length), 'site').replace(INJECTED, '').replace(FRAME, '').split(/\n*Call log:\n/);
  const lines = (log ?? '').split('\n').map(line => line.replace(/^[\s-]*(\d+ × )?/, '').trimEnd());
  return { error: head.trimEnd(), log: [...new Set(lines)].filter(line => line && !TIMING.test(line)) };
}
