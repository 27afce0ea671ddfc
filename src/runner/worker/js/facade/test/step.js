// `test.step`: a named part of a test.
import { SkipError, TimeoutError } from '../errors.js';
import { capture } from '../native.js';
import { beginStep, inStep } from '../steps.js';
import { currentInfo } from './info.js';

class StepSkip extends SkipError {}

/** What a step's body is given. */
export class StepInfo {
  constructor(titlePath) {
    this.titlePath = titlePath;
    this.annotations = [];
  }
  skip(...args) {
    const [condition = true, description] = args;
    if (args.length && !condition) return;
    this.annotations.push({ type: 'skip', ...(description === undefined ? {} : { description }) });
    throw new StepSkip();
  }
  attach(name, options) { return currentInfo().attach(name, options); }
}

/** Titles of the `test.step`s that run, outermost first. */
const running = [];

export async function step(title, body, options = {}) {
  if (!currentInfo()) throw new Error('test.step() can only be called from a test');
  const stack = capture();
  const boxed = error => { if (options.box && error && typeof error === 'object') error.stack = stack; throw error; };
  return inStep({ category: 'test.step', title, apiName: 'test.step', stack, location: options.location, box: options.box }, async () => {
    const info = new StepInfo([...currentInfo().titlePath, ...running, title]);
    running.push(title);
    try {
      if (typeof body !== 'function') throw new TypeError('body is not a function');
      return await within(options.timeout, () => body(info), stack).catch(boxed);
    } catch (error) {
      if (error instanceof StepSkip) return undefined;
      throw error;
    } finally {
      running.splice(running.lastIndexOf(title), 1);
    }
  });
}

export async function skippedStep(title, body, options) {
  beginStep({ category: 'test.step', title, apiName: 'test.step', location: options?.location }).end();
}

function within(timeout, body, stack) {
  const running = (async () => body())();
  if (!timeout) return running;
  let timer;
  const expired = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const error = new TimeoutError(`Step timeout of ${timeout}ms exceeded.`);
      error.stack = stack;
      reject(error);
    }, timeout);
  });
  return Promise.race([running, expired]).finally(() => clearTimeout(timer));
}
