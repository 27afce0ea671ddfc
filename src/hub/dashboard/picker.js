//# sourceURL=understudy:hub/dashboard/picker.js
// Lists and choosers that the page's browser would open and pictures do not show: this browser's own take their place.
import { element } from './elements.js';

const $ = id => document.getElementById(id);
/** So many lines of a list are seen at once. */
const LINES_MAX = 10;
/** What files may weigh together, bytes: with their coding a message of the protocol has a million. */
const FILES_MAX = 700_000;

const base64 = async (file) => {
  const url = await new Promise((resolve, reject) => {
    const reader = Object.assign(new FileReader(), { onload: () => resolve(reader.result), onerror: () => reject(reader.error) });
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(',') + 1);
};

export class Picker {
  #done;
  #picker;

  /** `done(chosen)` gets what a `recording:input` of the type `choose` says; nothing where it was given up. */
  constructor(done) {
    this.#done = done;
    const form = $('live-picker');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#choose();
    });
    form.addEventListener('keydown', (event) => {
      const chooses = event.key === 'Enter' && event.target === $('live-picker-list');
      if (!chooses && event.key !== 'Escape') return;
      // What has the focus next must not get it.
      event.preventDefault();
      if (chooses) this.#choose();
      else this.#end();
    });
    $('live-picker-list').addEventListener('click', ({ target }) => { if (target.nodeName === 'OPTION' && !target.disabled) this.#choose(); });
    $('live-picker-close').addEventListener('click', () => this.#end());
  }

  /** Opens at a place in the picture, where nothing else is known the last one that was pressed. */
  open(picker, { x, y }) {
    this.#picker = picker;
    const isList = picker.kind === 'select';
    const [form, list, value] = ['live-picker', 'live-picker-list', 'live-picker-value'].map($);
    form.style.setProperty('--x', `${x}px`);
    list.hidden = !isList;
    value.hidden = isList;
    $('live-picker-problem').hidden = true;
    if (isList) this.#list(list, picker.options ?? []);
    else this.#field(value, picker);
    form.hidden = false;
    const room = form.offsetParent.clientHeight - form.offsetHeight;
    form.style.setProperty('--y', `${Math.max(0, Math.min(y, room))}px`);
    (isList ? list : value).focus({ preventScroll: true });
  }

  close() {
    $('live-picker').hidden = true;
    this.#picker = undefined;
  }

  #list(list, options) {
    list.replaceChildren();
    let group;
    for (const { label, disabled, selected, group: name } of options) {
      const option = Object.assign(element('option', '', label), { disabled, selected });
      if (name && group?.label !== name) list.append(group = Object.assign(element('optgroup'), { label: name }));
      (name ? group : list).append(option);
    }
    // A list of one line would be one that opens.
    list.size = Math.min(Math.max(options.length, 2), LINES_MAX);
  }

  #field(field, { kind, value = '', multiple, accept, min, max, step }) {
    // What one type holds another may not.
    Object.assign(field, { type: 'text', value: '' });
    Object.assign(field, { type: kind, multiple: multiple ?? false, accept: accept ?? '', min: min ?? '', max: max ?? '', step: step ?? '' });
    if (value && kind !== 'file') field.value = value;
  }

  #end(chosen) {
    this.close();
    this.#done(chosen);
  }

  async #choose() {
    const { kind, selector } = this.#picker;
    const [list, field] = ['live-picker-list', 'live-picker-value'].map($);
    if (kind === 'select') {
      if (list.selectedIndex >= 0) this.#end({ selector, option: list.selectedIndex });
    } else if (kind !== 'file') this.#end({ selector, value: field.value });
    else await this.#files(selector, [...field.files]);
  }

  async #files(selector, files) {
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    $('live-picker-problem').hidden = bytes <= FILES_MAX;
    $('live-picker-problem').textContent = `Together at most ${FILES_MAX / 1000} kB; these have ${Math.ceil(bytes / 1000)} kB.`;
    if (bytes > FILES_MAX) return;
    const sent = await Promise.all(files.map(async file => ({ name: file.name, mimeType: file.type, base64: await base64(file) })));
    this.#end({ selector, files: sent });
  }
}
