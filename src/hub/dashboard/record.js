//# sourceURL=understudy:hub/dashboard/record.js
// The form that starts a recording.
import { LANGUAGES } from './recordings.js';

const $ = id => document.getElementById(id);
let devices = {};

/** The descriptor of the device that a recording was started with. */
export const deviceOf = ({ start }) => devices[start?.payload?.config?.device];

/** Fills what can be chosen; `start(payload)` is called with a `recording:start` but for its ids. */
export function prepare(start) {
  $('record-language').replaceChildren(...LANGUAGES.map(([name, label]) => new Option(label, name)));
  fetch('/dashboard/devices.json').then(answer => answer.json()).then((all) => {
    devices = all;
    $('record-devices').replaceChildren(...Object.keys(all).map(name => new Option(name)));
  }).catch(() => {});
  $('record-device').addEventListener('input', fit);
  $('record').addEventListener('submit', (event) => {
    event.preventDefault();
    start(wanted());
  });
}

/** What the device brings along is what the empty fields mean. */
function fit() {
  const { width, height } = devices[$('record-device').value.trim()]?.viewport ?? { width: 1280, height: 720 };
  $('record-width').placeholder = width;
  $('record-height').placeholder = height;
}

function wanted() {
  const text = id => $(id).value.trim();
  const [width, height] = ['record-width', 'record-height'].map(id => Number($(id).value || $(id).placeholder));
  const ownSize = text('record-width') || text('record-height');
  const config = {
    preview: true,
    ...(text('record-device') && { device: text('record-device') }),
    ...(ownSize && { viewport: { width, height } }),
  };
  const agentId = $('record-agent').value;
  return { url: text('record-url'), language: $('record-language').value, config, ...(agentId && { agentId }) };
}

/** As it was started, to be changed and started again. */
export function fill({ payload } = {}) {
  if (!payload) return;
  $('record-url').value = payload.url ?? '';
  $('record-language').value = payload.language ?? 'typescript';
  $('record-device').value = payload.config?.device ?? '';
  $('record-width').value = payload.config?.viewport?.width ?? '';
  $('record-height').value = payload.config?.viewport?.height ?? '';
  fit();
}
