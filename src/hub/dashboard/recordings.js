//# sourceURL=understudy:hub/dashboard/recordings.js
// What the dashboard knows of a recording: events in, plain objects out. No document here.

/** What code is generated for: the protocol's word, what people call it, the file it is kept in. */
export const LANGUAGES = [
  ['typescript', 'Playwright Test (TypeScript)', 'recorded.spec.ts'],
  ['javascript', 'Playwright for Node.js', 'recorded.js'],
  ['python-pytest', 'Python, pytest', 'test_recorded.py'],
  ['python', 'Python', 'recorded.py'],
  ['python-async', 'Python, asyncio', 'recorded.py'],
  ['java-junit', 'Java, JUnit', 'TestExample.java'],
  ['java', 'Java', 'Example.java'],
  ['csharp-nunit', 'C#, NUnit', 'Tests.cs'],
  ['csharp-mstest', 'C#, MSTest', 'Tests.cs'],
  ['csharp', 'C#', 'Program.cs'],
  ['jsonl', 'Actions, a line of JSON each', 'recorded.jsonl'],
  ['chrome-recorder', 'Chrome DevTools Recorder', 'recorded.json'],
];

/** What a session of the kind `recording` has besides. */
export const fresh = () => ({
  ready: false, mode: 'record', code: '', actions: [], pages: new Map([['page', '']]), shown: 'page',
  frame: undefined, dialog: undefined, picker: undefined, picked: undefined,
});

/** What the protocol means where no language is said, and what an agent runs as it is. */
const TEST = 'typescript';

export const languageOf = ({ start }) => start?.payload?.language ?? TEST;

/** What an agent is to run: the code, or where that is in another language the actions, which make the same test. */
export function runnable({ recording, start }) {
  if (languageOf({ start }) === TEST) return recording.code;
  const { device, viewport } = start.payload.config ?? {};
  return JSON.stringify({ version: 1, options: { ...(device && { device }), ...(viewport && { viewport }) }, actions: recording.actions.filter(Boolean) });
}
export const fileOf = session => LANGUAGES.find(([name]) => name === languageOf(session))?.[2] ?? 'recorded.txt';

/** The variables that the code reads: what stands in it for secrets. */
export const variablesOf = ({ recording }) => [...new Set(recording.actions.map(action => action?.secret).filter(Boolean))];

/** Takes an event of the session in; what has changed, if anything has. */
export function hear({ recording }, name, payload) {
  switch (name) {
    case 'recording:ready':
      recording.ready = true;
      return 'phase';
    case 'recording:action':
      recording.actions[payload.index] = payload.action;
      recording.code = payload.code ?? recording.code;
      follow(recording, payload.action);
      return 'action';
    case 'recording:frame':
      recording.frame = payload;
      recording.shown = payload.page ?? recording.shown;
      recording.pages.set(recording.shown, payload.url ?? '');
      return 'frame';
    case 'recording:dialog':
      recording.dialog = payload;
      return 'dialog';
    case 'recording:picker':
      recording.picker = payload;
      return 'picker';
    case 'recording:picked':
      recording.picked = payload;
      recording.mode = 'record';
      return 'mode';
    case 'recording:mode':
      recording.mode = payload.mode;
      return 'mode';
    case 'recording:complete':
      recording.code = payload.code ?? recording.code;
      recording.dialog = recording.picker = undefined;
      return 'action';
    default:
      return undefined;
  }
}

/** What an action says of pages and dialogs. */
function follow(recording, { name, pageGuid, signals = [] }) {
  for (const signal of signals) {
    if (signal.name === 'popup' && !recording.pages.has(signal.popupPageGuid)) recording.pages.set(signal.popupPageGuid, '');
    // It was answered, be it elsewhere.
    if (signal.name === 'dialog') recording.dialog = undefined;
  }
  if (name === 'closePage') recording.pages.delete(pageGuid);
  else if (!recording.pages.has(pageGuid)) recording.pages.set(pageGuid, '');
}

/** `[word, kind]` of a recording that runs. */
export function standing({ ready, mode }) {
  if (!ready) return ['Opening', 'live'];
  return mode === 'pause' ? ['Paused', 'off'] : ['Recording', 'live'];
}

const VERBS = {
  openPage: 'Open a page', closePage: 'Close the page', navigate: 'Go to', click: 'Click', hover: 'Hover over', check: 'Check', uncheck: 'Uncheck',
  fill: 'Fill', press: 'Press', select: 'Select', setInputFiles: 'Choose files', dragTo: 'Drag', wheel: 'Scroll',
  assertVisible: 'Expect to be visible', assertText: 'Expect text', assertValue: 'Expect value', assertChecked: 'Expect checked',
  assertSnapshot: 'Expect snapshot',
};
const CLICKS = { 2: 'Double click', 3: 'Triple click' };
const MODIFIERS = [[2, 'Control'], [1, 'Alt'], [4, 'Meta'], [8, 'Shift']];

const unquote = text => text?.replace(/\\(.)/g, '$1');

/** The element that a selector means, as a person would call it. */
function target(selector = '') {
  const parts = selector.split(' >> ').filter(part => !/^(nth=|internal:control=|internal:chain)/.test(part));
  const last = parts.at(-1) ?? '';
  const role = /^internal:role=([\w-]+)(?:.*?\[name="((?:\\.|[^"\\])*)")?/.exec(last);
  if (role) return `${role[1]}${role[2] ? ` ‘${unquote(role[2])}’` : ''}`;
  const quoted = /^internal:[\w-]+=(?:\[[\w-]+=)?"((?:\\.|[^"\\])*)"/.exec(last);
  return quoted ? `‘${unquote(quoted[1])}’` : last;
}

function verb({ name, button, clickCount, modifiers = 0, checked }) {
  if (name === 'assertChecked' && checked === false) return 'Expect unchecked';
  if (name !== 'click') return VERBS[name] ?? name;
  const held = MODIFIERS.filter(([bit]) => modifiers & bit).map(([, key]) => `${key} `).join('');
  return held + (button === 'right' ? 'Right click' : button === 'middle' ? 'Middle click' : CLICKS[clickCount] ?? 'Click');
}

/** What an action was about, besides its element. */
function value(action) {
  const { name, text, secret, key, modifiers = 0, options, files, url, target: onto } = action;
  if (name === 'fill') return secret ? 'a secret' : `‘${text}’`;
  if (name === 'press') return MODIFIERS.filter(([bit]) => modifiers & bit).map(([, held]) => `${held}+`).join('') + key;
  if (name === 'dragTo') return `to ${target(onto)}`;
  return text ?? action.value ?? (options ?? files)?.join(', ') ?? url ?? '';
}

const CAUSES = {
  navigation: ({ url }) => `goes to ${url}`,
  popup: ({ popupPageGuid }) => `opens ${popupPageGuid}`,
  download: () => 'downloads a file',
  dialog: ({ accepted, promptText }) => (promptText ? `dialog: ‘${promptText}’` : `dialog ${accepted ? 'accepted' : 'dismissed'}`),
};

/** An action in words: what was done, to what, with what, and what came of it. */
export const words = action => ({
  verb: verb(action), target: target(action.selector), value: value(action),
  causes: (action.signals ?? []).map(signal => CAUSES[signal.name]?.(signal)).filter(Boolean),
});
