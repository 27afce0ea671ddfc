//# sourceURL=understudy:hub/dashboard/recording-view.js
// One recording: the live picture, what can be done to it, and the code that grows beside it.
import { isAway, isMac, nameOf } from './agents.js';
import { copy, download, element, status } from './elements.js';
import { Live } from './live.js';
import { Picker } from './picker.js';
import { deviceOf } from './record.js';
import { fileOf, LANGUAGES, languageOf, variablesOf, words } from './recordings.js';
import { isOver, span, standing, taken } from './sessions.js';

const $ = id => document.getElementById(id);
/** How long it is said that something was copied, ms. */
const SAID = 2_000;

export class RecordingView {
  session;
  #emit;
  #live;
  #picker;
  #connected = true;
  #lines = [];
  #clock;

  /** `emit(name, payload)` tells the hub; `run(session, env)` runs what was recorded with values for what it reads. */
  constructor(emit, run) {
    this.#emit = emit;
    this.#live = new Live($('live-picture'), $('live-keys'), input => this.#tell('input', input), () => $('live-leave').focus());
    this.#picker = new Picker((chosen) => {
      this.session.recording.picker = undefined;
      if (chosen) this.#tell('input', { type: 'choose', ...chosen });
      $('live-keys').focus({ preventScroll: true });
    });
    this.#listen(run);
  }

  /** Says something to the session: `input`, `pause`, … */
  #tell(what, more = {}) {
    const { id, start } = this.session;
    this.#emit(`recording:${what}`, { testFlowId: start?.payload?.testFlowId, executionId: id, ...more });
  }

  #listen(run) {
    const input = more => this.#tell('input', more);
    for (const type of ['back', 'forward', 'reload']) $(`live-${type}`).addEventListener('click', () => input({ type }));
    $('live-address-form').addEventListener('submit', (event) => {
      event.preventDefault();
      input({ type: 'navigate', url: $('live-address').value.trim() });
      $('live-keys').focus({ preventScroll: true });
    });
    $('live-modes').addEventListener('click', ({ target }) => {
      const mode = target.closest('button')?.dataset.mode;
      if (!mode) return;
      this.session.recording.mode = this.session.recording.mode === mode ? 'record' : mode;
      input({ type: 'mode', mode: this.session.recording.mode });
      this.#mode();
    });
    $('live-dialog').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#answer(event.submitter?.value !== 'dismiss');
    });
    $('live-dialog').addEventListener('keydown', ({ key }) => { if (key === 'Escape') this.#answer(false); });
    $('record-pause').addEventListener('click', () => {
      const { recording } = this.session;
      const pauses = recording.mode !== 'pause';
      recording.mode = pauses ? 'pause' : 'record';
      this.#tell(pauses ? 'pause' : 'resume');
      this.#phase();
    });
    $('record-stop').addEventListener('click', () => this.#tell('stop'));
    $('record-cancel').addEventListener('click', () => this.#tell('cancel'));
    $('record-run').addEventListener('click', () => this.#run(run));
    $('record-download').addEventListener('click', () => download(this.session.recording.code, fileOf(this.session)));
    $('record-copy').addEventListener('click', () => this.#copy($('record-copy'), this.session.recording.code));
    $('picked-copy').addEventListener('click', () => this.#copy($('picked-copy'), $('picked-locator').textContent));
    $('picked-close').addEventListener('click', () => {
      this.session.recording.picked = undefined;
      this.#mode();
    });
  }

  /** Asks first for what the code would miss. */
  #run(run) {
    const fields = [...$('record-values-fields').querySelectorAll('input')];
    const missing = fields.find(({ value }) => !value);
    if (missing) missing.focus();
    else run(this.session, Object.fromEntries(fields.map(({ name, value }) => [name, value])));
  }

  #values(names) {
    $('record-values').hidden = names.length === 0;
    $('record-values-fields').replaceChildren(...names.map((name) => {
      const label = element('label', '', name);
      label.append(Object.assign(element('input'), { type: 'password', name, autocomplete: 'off' }));
      return label;
    }));
  }

  async #copy(button, text) {
    const said = await copy(text) ? 'Copied' : 'Not allowed here';
    const label = button.dataset.label ??= button.textContent;
    button.textContent = said;
    setTimeout(() => { button.textContent = label; }, SAID);
  }

  show(session) {
    this.session = session;
    clearInterval(this.#clock);
    this.#live.enabled = false;
    if (!session) return;
    $('record-title').textContent = session.title;
    $('record-id').textContent = session.id;
    this.#live.clear();
    this.#picker.close();
    this.#live.touch = deviceOf(session)?.hasTouch ?? false;
    this.#lines = [];
    $('record-code').replaceChildren();
    $('record-code-title').textContent = LANGUAGES.find(([name]) => name === languageOf(session))?.[1] ?? languageOf(session);
    this.#phase();
    this.#picture();
    this.#code();
    this.#dialog();
    this.#clock = setInterval(() => this.#time(), 500);
    if (!isOver(session)) $('live-keys').focus({ preventScroll: true });
  }

  /** The hub is there, or is not. */
  connection(there) {
    this.#connected = there;
    this.agents();
  }

  /** Something is known of the agents. */
  agents() {
    if (this.session) this.#phase();
  }

  /** `used` is called once the picture that came was drawn, or is not needed. */
  changed(session, what, used) {
    if (session !== this.session) return used?.();
    if (what === 'frame') return this.#picture(used);
    if (what === 'action') this.#code();
    if (what === 'mode') this.#mode();
    if (what === 'picker') this.#picker.open(session.recording.picker, this.#live.pressedAt);
    if (what === 'action' || what === 'dialog') this.#dialog();
    if (what === 'action' || what === 'phase') this.#phase();
    return used?.();
  }

  #phase() {
    const { session } = this;
    const { recording, agent, problem, complete } = session;
    const over = isOver(session);
    const worked = ['live-keys', 'record-stop', 'record-cancel'].includes(document.activeElement?.id);
    status($('record-status'), standing(session));
    $('record-agent-name').textContent = agent ? `on ${nameOf(agent)}` : '';
    for (const id of ['record-pause', 'record-stop', 'record-cancel', 'live-tools', 'live-hint']) $(id).hidden = over;
    $('record-again').hidden = !over;
    $('record-pause').textContent = recording.mode === 'pause' ? 'Resume' : 'Pause';
    $('record-run').hidden = !over || recording.actions.length === 0;
    $('record-other').hidden = $('record-run').hidden || languageOf(session) === 'typescript';
    if ($('record-run').hidden || $('record-values').hidden) this.#values($('record-run').hidden ? [] : variablesOf(session));
    // What had the focus is gone.
    if (over && worked) ($('record-run').hidden ? $('record-again') : $('record-run')).focus();
    for (const id of ['record-pause', 'record-stop', 'record-cancel']) $(id).disabled = !this.#connected;
    for (const id of ['record-copy', 'record-download']) $(id).disabled = !recording.code;
    const why = problem ?? (complete?.success ? undefined : complete?.message);
    $('record-problem').hidden = !why;
    $('record-problem').textContent = why ?? '';
    this.#live.enabled = !over && this.#connected && !isAway(agent);
    this.#live.toMac = isMac(agent);
    if (over) this.#picker.close();
    const veil = this.#veil(over);
    $('live-veil').hidden = !veil;
    $('live-veil').textContent = veil ?? '';
    $('recording').dataset.state = over ? 'over' : recording.mode;
    this.#mode();
    this.#time();
  }

  /** What is said over the picture. */
  #veil(over) {
    const { recording, phase, agent, start, problem, reason } = this.session;
    if (over) return recording.frame ? undefined : 'There was nothing to see.';
    if (!this.#connected) return 'The connection to the hub is lost. Trying again…';
    if (isAway(agent)) return `${nameOf(agent)} is away. What was recorded is kept; waiting for it to come back…`;
    if (phase === 'waiting') return reason ? `Waiting for an agent: ${reason}.` : 'Waiting for an agent…';
    if (phase === 'lost') return problem ? 'There is nothing to see.' : 'The agent is lost.';
    if (!recording.ready && !recording.frame?.url?.startsWith('http')) return `Opening ${start?.payload?.url ?? 'the page'}…`;
    return undefined;
  }

  #time() {
    const over = isOver(this.session);
    $('record-time').textContent = over ? '' : span(taken(this.session));
    if (over) clearInterval(this.#clock);
  }

  #mode() {
    const { mode, picked } = this.session.recording;
    for (const button of $('live-modes').children) button.setAttribute('aria-pressed', String(button.dataset.mode === mode));
    status($('record-status'), standing(this.session));
    if (!isOver(this.session)) $('recording').dataset.state = mode;
    $('picked').hidden = !picked;
    $('picked-locator').textContent = picked?.locator ?? '';
  }

  #picture(used) {
    const { recording } = this.session;
    if (recording.frame) {
      this.#live.show(recording.frame, used);
      if (!recording.ready) this.#phase();
    } else used?.();
    const url = recording.pages.get(recording.shown) ?? '';
    if (document.activeElement !== $('live-address')) $('live-address').value = url;
    this.#pages();
  }

  /** A tab for each page, where there are several. */
  #pages() {
    const { pages, shown } = this.session.recording;
    const tabs = $('live-pages');
    tabs.hidden = pages.size < 2;
    const labels = [...pages].map(([page, url]) => `${page} ${url.replace(/^\w+:\/\//, '')}`.trim());
    if (labels.join('\n') + shown === tabs.dataset.shown) return;
    tabs.dataset.shown = labels.join('\n') + shown;
    tabs.replaceChildren(...[...pages.keys()].map((page, index) => {
      const tab = element('button', '', labels[index]);
      tab.type = 'button';
      tab.setAttribute('aria-pressed', String(page === shown));
      tab.addEventListener('click', () => {
        this.#tell('input', { type: 'show', page });
        $('live-keys').focus({ preventScroll: true });
      });
      return tab;
    }));
  }

  #dialog() {
    const { dialog } = this.session.recording;
    const box = $('live-dialog');
    if (Boolean(dialog) === !box.hidden) return;
    box.hidden = !dialog;
    if (!dialog) return;
    const { kind, message, defaultValue } = dialog;
    $('live-dialog-title').textContent = kind === 'beforeunload' ? 'Leave the page?' : 'The page says';
    $('live-dialog-message').textContent = message;
    $('live-dialog-text').hidden = kind !== 'prompt';
    $('live-dialog-text').value = defaultValue ?? '';
    $('live-dialog-dismiss').hidden = kind === 'alert';
    $(kind === 'prompt' ? 'live-dialog-text' : 'live-dialog-accept').focus();
  }

  #answer(accept) {
    const { recording } = this.session;
    const prompt = recording.dialog?.kind === 'prompt' && accept ? { promptText: $('live-dialog-text').value } : {};
    recording.dialog = undefined;
    this.#tell('input', { type: 'dialog', accept, ...prompt });
    this.#dialog();
    $('live-keys').focus({ preventScroll: true });
  }

  /** Draws what is not as it was: whole lines, the changed ones marked. */
  #code() {
    const { actions, code } = this.session.recording;
    const lines = code.replace(/\n$/, '').split('\n');
    const box = $('record-code');
    let same = 0;
    while (same < lines.length && lines[same] === this.#lines[same]) same += 1;
    let rest = 0;
    while (rest < Math.min(lines.length, this.#lines.length) - same && lines.at(-1 - rest) === this.#lines.at(-1 - rest)) rest += 1;
    const began = this.#lines.length > 0;
    const changed = lines.slice(same, lines.length - rest).map(line => element('span', began ? 'line fresh' : 'line', line));
    for (const old of [...box.children].slice(same, this.#lines.length - rest)) old.remove();
    if (same > 0) box.children[same - 1].after(...changed);
    else box.prepend(...changed);
    this.#lines = lines;
    const last = changed.at(-1);
    if (last && began) box.scrollTop = Math.max(0, last.offsetTop - box.clientHeight / 2);
    this.#actions(actions);
  }

  #actions(actions) {
    const list = $('record-actions');
    list.replaceChildren(...actions.filter(Boolean).map((action) => {
      const { verb, target, value, causes } = words(action);
      const item = element('li');
      item.append(element('strong', '', verb), ' ', element('span', 'target', target), ' ', element('span', 'value', value));
      if (causes.length > 0) item.append(element('small', '', causes.join(', ')));
      return item;
    }));
    list.scrollTop = list.scrollHeight;
    $('record-count').textContent = list.childElementCount || '';
    $('record-actions-none').hidden = list.childElementCount > 0;
  }
}
