// `expect` and its variants: soft, poll, configured, extended.
import { assertion } from './assertion.js';
import { asymmetric, custom as customAsymmetric, inverse } from './asymmetric.js';
import { contextOf } from './call.js';

/** `settings`: timeout, soft, message, poll; `custom`: matchers of `expect.extend`. */
function createExpect(settings, custom) {
  const variant = changes => createExpect({ ...settings, ...changes }, custom);
  const expect = (actual, messageOrOptions) => assertion({ ...settings, ...messageOf(messageOrOptions) }, custom, actual);
  Object.assign(expect, asymmetric);
  expect.not = { ...inverse };
  const own = matchers => {
    for (const [name, matcher] of Object.entries(matchers)) {
      if (name in asymmetric) continue;
      [expect[name], expect.not[name]] = customAsymmetric(name, matcher, isNot => contextOf(settings, { isNot, promise: '' }));
    }
  };
  own(custom);
  expect.soft = (actual, messageOrOptions) => variant({ soft: true })(actual, messageOrOptions);
  expect.poll = (actual, messageOrOptions) => {
    const { timeout = settings.timeout, intervals } = typeof messageOrOptions === 'object' ? messageOrOptions : {};
    return assertion({ ...settings, ...messageOf(messageOrOptions), poll: { timeout, intervals } }, custom, actual);
  };
  expect.configure = (options = {}) => {
    const changes = {};
    for (const key of ['timeout', 'soft', 'message']) if (options[key] !== undefined) changes[key] = options[key];
    if (options._poll !== undefined) changes.poll = options._poll === true ? {} : options._poll;
    return variant(changes);
  };
  expect.extend = matchers => {
    // The one it was called on knows them too, as with Jest.
    Object.assign(custom, matchers);
    own(matchers);
    return createExpect(settings, { ...custom });
  };
  expect.getState = () => ({});
  Object.defineProperty(expect, '__custom', { value: custom });
  return expect;
}

function messageOf(given) {
  const message = typeof given === 'string' ? given : given?.message;
  return message === undefined ? {} : { message };
}

export const expect = createExpect({}, {});

export function mergeExpects(...expects) {
  return createExpect({}, Object.assign({}, ...expects.map(item => {
    if (!item?.__custom) throw new Error('mergeExpects() accepts "expect" functions as parameters.');
    return item.__custom;
  })));
}
