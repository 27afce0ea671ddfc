//# sourceURL=understudy:hub/dashboard/view.js
// What the dashboard shows. Whatever comes from tests, agents or pages is text, never markup.
import { nameOf } from './agents.js';
import { element, status } from './elements.js';
import { dataUrl, isOver, span, standing, taken, telling } from './sessions.js';

const $ = id => document.getElementById(id);

/** The list of sessions, newest first. */
export class SessionList {
  #list;
  #open;
  #rows = new Map();
  #selected;

  constructor(list, open) {
    this.#list = list;
    this.#open = open;
  }

  clear() {
    this.#rows.clear();
    this.#list.replaceChildren();
    $('sessions-none').hidden = false;
  }

  select(session) {
    this.#selected = session?.id;
    for (const [id, { button }] of this.#rows) {
      if (id === this.#selected) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  }

  changed(session, what) {
    if (what === 'new') this.#add(session);
    if (!['new', 'phase', 'step', 'action', 'mode'].includes(what)) return;
    const row = this.#rows.get(session.id);
    if (!row) return;
    status(row.word, standing(session));
    const [number, unit] = session.recording ? [session.recording.actions.length, 'action'] : [session.steps.size, 'step'];
    row.facts.textContent = [session.reason, number && `${number} ${number === 1 ? unit : `${unit}s`}`, isOver(session) && session.complete?.duration !== undefined && span(taken(session)),
      new Date(session.began).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })].filter(Boolean).join(' · ');
  }

  #add(session) {
    this.#rows.get(session.id)?.item.remove();
    const item = element('li');
    const button = element('button');
    button.type = 'button';
    const word = element('span', 'status');
    const facts = element('small');
    button.append(element('strong', '', session.title), word, facts);
    button.addEventListener('click', () => this.#open(session));
    item.append(button);
    this.#rows.set(session.id, { item, button, word, facts });
    this.#list.prepend(item);
    $('sessions-none').hidden = true;
    if (session.id === this.#selected) button.setAttribute('aria-current', 'true');
  }
}

const STEP_WORDS = { running: ['…', 'live', 'running'], passed: ['✓', 'good', 'passed'], failed: ['✕', 'bad', 'failed'] };

/** One session in full. Only what changed is drawn again; a log may have thousands of lines. */
export class SessionView {
  session;
  #steps = new Map();
  /** The step whose picture is shown; none means the one that says most. */
  #chosen;
  #lines = 0;
  #clock;

  show(session) {
    this.session = session;
    clearInterval(this.#clock);
    this.#steps.clear();
    this.#chosen = undefined;
    this.#lines = 0;
    $('steps').replaceChildren();
    $('log').replaceChildren();
    if (!session) return;
    $('session-title').textContent = session.title;
    $('session-id').textContent = session.id;
    $('source').textContent = session.start?.payload?.code ?? '';
    for (const number of session.steps.keys()) this.#step(number);
    this.#log();
    this.#phase();
    this.#picture();
    this.#clock = setInterval(() => this.#time(), 500);
  }

  changed(session, what, number) {
    if (session !== this.session) return;
    if (what === 'phase') this.#phase();
    else if (what === 'step') this.#step(number);
    else if (what === 'picture') this.#picture();
    else if (what === 'line') this.#log();
  }

  /** Something is known of the agents. */
  agents() {
    if (this.session) this.#phase();
  }

  #phase() {
    const { session } = this;
    status($('session-status'), standing(session));
    $('cancel').hidden = isOver(session);
    $('session-agent').textContent = session.agent ? `on ${nameOf(session.agent)}` : session.reason ?? '';
    const failed = [...session.steps.values()].find(step => step.status === 'failed');
    const verdict = session.problem ?? (isOver(session) ? failed?.error : undefined) ?? session.complete?.message;
    $('verdict').hidden = !verdict;
    $('verdict').textContent = verdict ?? '';
    if (isOver(session)) this.#picture();
    this.#time();
  }

  #time() {
    $('session-time').textContent = isOver(this.session) && !this.session.complete ? '' : span(taken(this.session));
    if (isOver(this.session)) clearInterval(this.#clock);
  }

  #step(number) {
    const step = this.session.steps.get(number);
    let row = this.#steps.get(number);
    if (!row) {
      row = { item: element('li'), button: element('button'), mark: element('span', 'mark'), text: element('span', 'text'), time: element('small') };
      row.button.type = 'button';
      row.button.append(row.mark, row.text, row.time);
      row.button.addEventListener('click', () => this.#choose(number));
      row.item.append(row.button);
      this.#steps.set(number, row);
      const list = $('steps');
      const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      list.append(row.item);
      if (atEnd) list.scrollTop = list.scrollHeight;
    }
    const [mark, kind, word] = STEP_WORDS[step.status] ?? STEP_WORDS.running;
    row.mark.textContent = mark;
    row.mark.dataset.kind = kind;
    row.mark.setAttribute('role', 'img');
    row.mark.setAttribute('aria-label', word);
    row.text.textContent = step.explanation ?? step.action?.type ?? `Step ${number}`;
    row.text.title = step.location ? `line ${step.location.line}` : '';
    row.time.textContent = step.duration === undefined || step.duration === null ? '' : span(step.duration);
    row.item.querySelector('pre')?.remove();
    if (step.error) row.item.append(element('pre', 'error', step.error.split('\n')[0]));
    $('steps-none').hidden = true;
    $('steps-count').textContent = this.session.steps.size;
  }

  #choose(number) {
    this.#chosen = this.#chosen === number ? undefined : number;
    for (const [its, { button }] of this.#steps) button.setAttribute('aria-pressed', String(its === this.#chosen));
    this.#picture();
  }

  #picture() {
    const { pictures, steps } = this.session;
    const number = this.#chosen ?? telling(this.session);
    const url = dataUrl(pictures.get(number));
    const words = steps.get(number)?.explanation ?? '';
    $('picture-link').hidden = !url;
    $('picture-none').hidden = Boolean(url);
    $('picture-none').textContent = this.#chosen ? 'There is no picture of this step.' : 'The page appears here after each step.';
    $('picture-caption').textContent = url ? `Step ${number}${words && `: ${words}`}` : '';
    if (url) {
      $('picture-image').src = url;
      $('picture-image').alt = `The page after step ${number}${words && `: ${words}`}`;
      $('picture-link').href = url;
    } else $('picture-image').removeAttribute('src');
    $('steps-none').hidden = steps.size > 0;
    $('steps-count').textContent = steps.size || '';
  }

  #log() {
    const { lines, dropped } = this.session;
    const box = $('log');
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    const fresh = lines.slice(Math.max(0, this.#lines - dropped));
    this.#lines = dropped + lines.length;
    box.append(...fresh.map(({ level, message }) => {
      const line = element('p', '', message);
      line.dataset.level = level;
      return line;
    }));
    while (box.childElementCount > lines.length) box.firstElementChild.remove();
    if (atEnd) box.scrollTop = box.scrollHeight;
  }
}
