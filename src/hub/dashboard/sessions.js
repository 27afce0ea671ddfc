//# sourceURL=understudy:hub/dashboard/sessions.js
// What the dashboard knows of sessions: events in, plain objects out. No document here.
import { fresh, hear, standing as recordingStanding } from './recordings.js';

/** More than this is not kept of one session. */
const PICTURES_MAX = 80;
const LINES_MAX = 5_000;
const SESSIONS_MAX = 200;

/** What an exit code of protocol 000 means: a word for people and a kind for colours. */
const VERDICTS = {
  0: ['Passed', 'good'],
  1: ['Failed', 'bad'],
  2: ['Could not run', 'bad'],
  124: ['Timed out', 'bad'],
  130: ['Cancelled', 'off'],
};
const PHASES = { waiting: ['Waiting', 'off'], running: ['Running', 'live'], lost: ['Agent lost', 'bad'], ended: ['Ended', 'off'] };

const FORGOTTEN = 'The hub was started anew and does not know this session any more: how it ends is not told here.';

const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;

/** The first test's title, else what identifies the session. */
function titleOf({ payload } = {}, id) {
  if (payload?.code?.startsWith('{')) return 'Recorded actions';
  const title = /\b(?:test|it)(?:\.(?:only|skip|fixme|fail|slow))?\s*\(\s*(['"`])((?:\\.|(?!\1).)+)\1/.exec(payload?.code ?? '');
  return title?.[2].replace(/\\(.)/g, '$1') ?? payload?.url ?? id;
}

export class Sessions {
  /** By id, oldest first. */
  all = new Map();
  #changed;
  /** Those that the hub has not told of since it was asked for all. */
  #untold = new Set();

  /** `changed(session, what)` is called after each change; `what` is `new`, `phase`, `step`, `picture` or `line`, of recordings also what `hear` says.
   * After `frame` it calls what it is given besides, once the picture was seen. */
  constructor(changed) {
    this.#changed = changed;
  }

  clear() {
    this.all.clear();
  }

  /** The hub will tell of all that it knows. */
  expect() {
    this.#untold = new Set([...this.all.values()].filter(session => !isOver(session)).map(({ id }) => id));
  }

  /** It has done so: what it did not tell of it does not know. */
  replayed() {
    for (const session of [...this.#untold].map(id => this.all.get(id)).filter(Boolean)) {
      session.phase = 'ended';
      session.problem = FORGOTTEN;
      this.#changed(session, 'phase');
    }
    this.#untold.clear();
  }

  /** Takes an event in; `used()` is called once it was, pictures once they were seen. */
  take(name, payload, used) {
    const id = payload?.executionId;
    if (typeof id !== 'string') return used();
    if (name === 'hub:session') this.#view(id, payload);
    else if (name === 'recording:frame') return this.#picture(this.all.get(id), payload, used);
    else this.#event(this.all.get(id) ?? this.#begin(id), name, payload);
    return used();
  }

  #picture(session, payload, used) {
    if (!session?.recording) return used();
    hear(session, 'recording:frame', payload);
    return this.#changed(session, 'frame', undefined, used);
  }

  #begin(id, start, age = 0) {
    const kind = start?.event?.split(':')[0] ?? 'execution';
    const session = {
      id, start, title: titleOf(start, id), kind, recording: kind === 'recording' ? fresh() : undefined,
      began: Date.now() - age, phase: 'running', agent: undefined, reason: undefined,
      steps: new Map(), pictures: new Map(), lines: [], dropped: 0, complete: undefined, problem: undefined,
    };
    this.all.delete(id);
    this.#untold.delete(id);
    this.all.set(id, session);
    if (this.all.size > SESSIONS_MAX) this.all.delete(this.all.keys().next().value);
    this.#changed(session, 'new');
    return session;
  }

  #view(id, { phase, agentId, ageMs, reason, start }) {
    const session = start ? this.#begin(id, start, ageMs) : this.all.get(id);
    if (!session) return;
    session.phase = phase;
    session.agent = agentId ?? session.agent;
    session.reason = reason;
    this.#changed(session, 'phase');
  }

  #event(session, name, payload) {
    const what = session.recording && hear(session, name, payload);
    if (what) this.#changed(session, what);
    switch (name) {
      case 'execution:log':
        this.#line(session, payload.level, payload.message);
        break;
      case 'execution:step':
        session.steps.set(payload.stepNumber, { ...session.steps.get(payload.stepNumber), ...payload });
        this.#changed(session, 'step', payload.stepNumber);
        break;
      case 'execution:screenshot':
        session.pictures.set(payload.stepNumber, payload.imageData);
        if (session.pictures.size > PICTURES_MAX) session.pictures.delete(session.pictures.keys().next().value);
        this.#changed(session, 'picture', payload.stepNumber);
        break;
      case 'execution:complete':
      case 'recording:complete':
        session.complete = payload;
        session.phase = 'ended';
        this.#changed(session, 'phase');
        break;
      case 'error':
        session.problem = payload.message;
        this.#line(session, 'error', payload.message);
        this.#changed(session, 'phase');
        break;
      default:
    }
  }

  #line(session, level, message) {
    session.lines.push({ level, message: String(message).replace(ANSI, '') });
    if (session.lines.length > LINES_MAX) {
      session.lines.shift();
      session.dropped += 1;
    }
    this.#changed(session, 'line');
  }
}

/** `[word, kind]` of how a session stands; kind is `good`, `bad`, `live` or `off`. */
export function standing({ complete, phase, problem, recording }) {
  if (complete && 'success' in complete) return ended(complete);
  if (complete) return VERDICTS[complete.exitCode] ?? [`Exit code ${complete.exitCode}`, 'bad'];
  if (phase === 'ended' && problem) return ['Lost', 'bad'];
  if (recording && phase === 'running') return recordingStanding(recording);
  return PHASES[phase] ?? PHASES.running;
}

const ended = ({ success, message }) => {
  if (success) return ['Recorded', 'good'];
  return message === 'Recording cancelled' ? ['Cancelled', 'off'] : ['Not recorded', 'bad'];
};

export const isOver = ({ phase, complete }) => Boolean(complete) || phase === 'ended';

/** The step whose picture says most: the one that failed, once all is over, else the latest; before it where it has none. */
export function telling({ pictures, steps, phase, complete }) {
  const failed = isOver({ phase, complete }) && [...steps.values()].find(step => step.status === 'failed')?.stepNumber;
  const numbers = [...pictures.keys()].filter(number => !failed || number <= failed);
  return numbers.length > 0 ? Math.max(...numbers) : undefined;
}

/** Milliseconds the session has taken so far, or took. */
export const taken = ({ complete, began }) => complete?.duration ?? Date.now() - began;

/** `1.2 s`, `3 min 20 s` */
export function span(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}

/** A picture's `data:` URL; nothing where it is not base64. */
export function dataUrl(base64) {
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]+=*$/.test(base64)) return undefined;
  return `data:image/${base64.startsWith('iVBOR') ? 'png' : 'jpeg'};base64,${base64}`;
}
