//# sourceURL=understudy:hub/dashboard/app.js
// The dashboard: signs in, listens, and wires what people press to what the hub is told.
import { Socket } from './socket.js';
import { Sessions } from './sessions.js';
import { showAgents } from './agents.js';
import { fill, prepare } from './record.js';
import { RecordingView } from './recording-view.js';
import { runnable } from './recordings.js';
import { SessionList, SessionView } from './view.js';

const SAMPLE = `import { test, expect } from '@playwright/test';

test('a page that counts', async ({ page }) => {
  await page.setContent(\`
    <h1>Counter</h1>
    <button onclick="shown.value = Number(shown.value) + 1">Add one</button>
    <output id="shown">0</output>\`);
  const add = page.getByRole('button', { name: 'Add one' });
  await add.click();
  await add.click();
  await expect(page.getByRole('status')).toHaveText('2');
});
`;
const AWAY = 'The hub is not connected: nothing was started. Try again when it is.';
/** Where it is said why something does not start. */
const PROBLEMS = ['compose-problem', 'record-form-problem', 'record-problem'];
const KEEP = 'understudy-token';
/** What is open stays open when the page is loaded again. */
const OPEN = 'understudy-session';
const $ = id => document.getElementById(id);

let socket;
let token;
/** The session whose start is awaited, to be shown when it is there. */
let awaited;

const emit = (name, payload) => socket?.emit(name, payload) ?? false;
const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

const view = new SessionView();
const recording = new RecordingView(emit, (session, env) => execute(runnable(session), session.start.payload.agentId, { env }));
const list = new SessionList($('sessions'), session => open(session));
const sessions = new Sessions((session, what, number, used) => {
  list.changed(session, what);
  const shown = view.session ?? recording.session;
  if (what === 'new' && (session.id === awaited || session.id === shown?.id)) open(session);
  else if (session.recording) recording.changed(session, what, used);
  else view.changed(session, what, number);
});

/** Shows one of the forms (`compose`, `record`), or how a session goes (`session`, `recording`). */
function stage(name) {
  for (const id of ['compose', 'record', 'session', 'recording']) $(id).hidden = id !== name;
}

function open(session) {
  awaited = undefined;
  sessionStorage.setItem(OPEN, session.id);
  stage(session.recording ? 'recording' : 'session');
  list.select(session);
  view.show(session.recording ? undefined : session);
  recording.show(session.recording ? session : undefined);
  // Where there is one column only, what was chosen is below the list.
  if (matchMedia('(max-width: 60rem)').matches) $('main').scrollIntoView();
  document.title = `${session.title} · understudy`;
}

/** Leaves what is shown for a form. */
function leaveFor(form) {
  awaited = undefined;
  sessionStorage.removeItem(OPEN);
  stage(form);
  list.select(undefined);
  view.show(undefined);
  recording.show(undefined);
  document.title = 'understudy';
  for (const id of PROBLEMS) $(id).hidden = true;
}

function compose(start) {
  leaveFor('compose');
  if (start) {
    $('code').value = start.payload?.code ?? '';
    $('base-url').value = start.payload?.config?.baseURL ?? start.payload?.config?.baseUrl ?? '';
  }
  $('code').focus();
}

function composeRecording(start) {
  leaveFor('record');
  fill(start);
  $('record-url').focus();
}

function execute(code, agentId, config) {
  start('execution:start', { target: 'local', code, config, ...(agentId && { agentId }) });
}

function record(wanted) {
  start('recording:start', { testFlowId: newId(), ...wanted });
}

function start(name, wanted) {
  awaited = newId();
  for (const id of PROBLEMS) $(id).hidden = true;
  if (!emit(name, { executionId: awaited, ...wanted })) problem(AWAY);
}

/** Says beside what it was started from that something could not be started. */
function problem(message) {
  const place = PROBLEMS.map($).find(({ parentElement }) => !parentElement.hidden);
  place.textContent = message;
  place.hidden = false;
}

function hear(name, payload, used) {
  if (name === 'agent:status') refreshAgents();
  else if (name === 'hub:replayed') sessions.replayed();
  else if (name === 'error' && (payload?.executionId ?? awaited) === awaited && !sessions.all.has(awaited)) problem(payload?.message);
  else return sessions.take(name, payload, used);
  return used();
}

let agentsDue;
/** Agents change in bursts: asked for once they have settled. */
function refreshAgents() {
  clearTimeout(agentsDue);
  agentsDue = setTimeout(async () => {
    const answer = await fetch('/api/v1/agents', { headers: { authorization: `Bearer ${token}` } }).catch(() => undefined);
    if (!answer?.ok) return;
    showAgents(await answer.json());
    view.agents();
    recording.agents();
  }, 50);
}

function connection(state, words) {
  $('connection').dataset.state = state;
  $('connection').textContent = words;
  $('cancel').disabled = state !== 'live';
  recording.connection(state === 'live');
}

function signIn(given) {
  token = given;
  sessionStorage.setItem(KEEP, token);
  $('sign-in').hidden = true;
  $('workplace').hidden = false;
  $('sign-out').hidden = false;
  showWho();
  connection('idle', 'Connecting…');
  socket?.close();
  socket = new Socket(token, (what, ...rest) => {
    if (what === 'connected') {
      connection('live', 'Connected');
      for (const id of PROBLEMS.filter(id => $(id).textContent === AWAY)) $(id).hidden = true;
      sessions.expect();
      socket.emit('hub:replay', {});
      refreshAgents();
    } else if (what === 'lost') connection('bad', 'Connection lost, trying again…');
    else if (what === 'refused') signOut(rest[0] === 'Invalid token' ? 'This token is not valid here, or no longer.' : rest[0]);
    else hear(...rest);
  });
}

function signOut(why) {
  socket?.close();
  socket = undefined;
  sessionStorage.removeItem(KEEP);
  sessions.clear();
  list.clear();
  compose();
  connection('idle', 'Not connected');
  $('workplace').hidden = true;
  $('sign-out').hidden = true;
  $('who').hidden = true;
  $('sign-in').hidden = false;
  $('sign-in-problem').hidden = !why;
  $('sign-in-problem').textContent = why ?? '';
  $('token').value = '';
  $('token').focus();
}

/** Whose token it is, as the token itself says; the hub checks, this only shows. */
function showWho() {
  try {
    const claims = JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
    $('who').textContent = `Signed in as ${claims.sub ?? claims.userId}`;
    $('who').hidden = false;
  } catch {
    $('who').hidden = true;
  }
}

$('origin').textContent = location.origin;
$('code').value = SAMPLE;
$('sign-in').querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  signIn($('token').value.trim());
});
$('sign-out').addEventListener('click', () => signOut());
$('compose-open').addEventListener('click', () => compose());
$('record-open').addEventListener('click', () => composeRecording());
$('record-again').addEventListener('click', () => composeRecording(recording.session?.start));
prepare(record);
$('compose').addEventListener('submit', (event) => {
  event.preventDefault();
  const baseURL = $('base-url').value.trim();
  execute($('code').value, undefined, baseURL ? { baseURL } : {});
});
$('code').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) $('compose').requestSubmit();
});
$('again').addEventListener('click', () => compose(view.session?.start));
$('cancel').addEventListener('click', () => {
  const { id, kind, start } = view.session;
  emit(`${kind}:cancel`, { executionId: id, testFlowId: start?.payload?.testFlowId });
});

const given = new URLSearchParams(location.hash.slice(1)).get('token');
// A token in the address would be in every copy of it.
if (given) history.replaceState(null, '', location.pathname);
awaited = sessionStorage.getItem(OPEN) ?? undefined;
const kept = given ?? sessionStorage.getItem(KEEP);
if (kept) signIn(kept);
else signOut();
