// The one door to Rust. `__native` is taken away after start-up, so nobody else has it.
export const native = globalThis.__native;

/** A message as JSON. Half of a character, which a script may well have, is none in it. */
export function encode(message) {
  const text = JSON.stringify(message);
  return /\\ud[89a-f]/i.test(text) ? JSON.stringify(message, (_, value) => (typeof value === 'string' ? value.toWellFormed() : value)) : text;
}

/** Sends one message of runner/protocol.rs to the host. */
export function send(message) {
  native.send(encode(message));
}

/** Where the caller stands, as the engine tells it: handed to `framesOf` when somebody wants to know. */
export function capture() {
  const holder = {};
  Error.captureStackTrace(holder, capture);
  return holder.stack ?? '';
}

/** `[{ file, line, column }]` in the user's files, innermost first. */
export function framesOf(stack) {
  return native.mapStack(stack ?? '').split('\n').map(parseFrame).filter(Boolean);
}

/** Innermost place in the user's files, or undefined. */
export function locationOf(stack) {
  return parseFrame(native.mapStack(stack ?? '').split('\n', 1)[0]);
}

function parseFrame(text) {
  const match = /\(?([^()\s][^()]*):(\d+):(\d+)\)?$/.exec(text ?? '');
  return match ? { file: match[1].replace(/^at (async )?/, ''), line: Number(match[2]), column: Number(match[3]) } : undefined;
}
