// Steps: what the test does, told as it happens. There are no asynchronous contexts in this engine, so a step's parent is the
// innermost step that is open and can have children; steps that run side by side share it.
import { native, send, capture, locationOf } from './native.js';
import { testError } from './errors.js';

let lastId = 0;
let testId = null;
const parents = [];

/** Steps belong to this test from now on; null is between tests. */
export function stepsOf(test) {
  testId = test;
  parents.length = 0;
}

/** For people: what is longer is cut; characters of a text, entries of a list, depth. */
function short(value, depth = 0) {
  if (typeof value === 'string') return value.length > 10_000 ? `${value.slice(0, 10_000)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 3) return '…';
  if (Array.isArray(value)) return value.slice(0, 100).map(entry => short(entry, depth + 1));
  return Object.fromEntries(Object.entries(value).slice(0, 100).map(([name, entry]) => [name, short(entry, depth + 1)]));
}

/** Those that are open and contain others, the outermost first. */
export const openSteps = () => parents.map(({ step }) => step);

/** Begins a step; call what it returns with the error or nothing when it ends. */
export function beginStep({ category, title, apiName = '', params = {}, stack, location, box = false, isParent = false }) {
  const id = ++lastId;
  const began = native.now();
  const test = testId;
  const step = { id, parent: parents.at(-1)?.id ?? null, category, title: short(title), apiName, params: short(params), location: location === undefined ? locationOf(stack ?? capture()) ?? null : location };
  const entry = { id, box, step, failure: undefined };
  if (isParent) parents.push(entry);
  send({ t: 'stepBegin', test, step });
  let ended = false;
  const end = error => {
    if (ended) return;
    ended = true;
    const index = parents.indexOf(entry);
    if (index >= 0) parents.splice(index, 1);
    const failure = error === undefined ? entry.failure : error;
    send({ t: 'stepEnd', test, id, durationMs: Math.round(native.now() - began), error: failure === undefined ? null : testError(failure) });
  };
  return { id, end, location: step.location };
}

/** A failure after which the test goes on: the steps around it failed all the same. */
export function failOpenSteps(error) {
  for (const entry of parents) entry.failure ??= error;
}

/** Runs `body` as a step that contains the steps it makes. */
export async function inStep(options, body) {
  const step = beginStep({ ...options, isParent: true });
  try {
    const value = await body(step);
    step.end();
    return value;
  } catch (error) {
    step.end(error);
    throw error;
  }
}
