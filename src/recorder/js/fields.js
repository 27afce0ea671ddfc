// Values of form controls and of what is edited in place. Their events count whoever sent them: pickers and lists of the browser's own
// send untrusted ones.

/** The environment variable that stands for what is typed here, where that is a secret. */
function secretOf(element) {
  if (typeOf(element) === 'password') return 'PASSWORD';
  const meaning = (element.getAttribute('autocomplete') ?? '').toLowerCase().split(/\s+/).find(word => word.startsWith('cc-') || word === 'one-time-code');
  return meaning?.toUpperCase().replaceAll('-', '_');
}

function onFocus(event) {
  const element = hitBy(event);
  if (isElement(element) && (isTextField(element) || element.nodeName === 'SELECT' || element.isContentEditable)) settle(element, element.isContentEditable);
}

function onInput(event) {
  const element = hitBy(event);
  if (!isElement(element)) return;
  if (typeOf(element) === 'file') record({ name: 'setInputFiles', ...named(element), files: [...element.files].map(file => file.name) });
  else if (isTextField(element)) record({ name: 'fill', ...nameSettled(element), text: element.value, secret: secretOf(element) });
  else if (element.nodeName === 'SELECT') record({ name: 'select', ...nameSettled(element), options: [...element.selectedOptions].map(option => option.value) });
  else if (element.isContentEditable) {
    const host = editingHost(element);
    record({ name: 'fill', ...nameSettled(host, true), text: host.innerText });
  }
}

/** The element that is editable as a whole. */
function editingHost(element) {
  let host = element;
  while (host.parentElement?.isContentEditable) host = host.parentElement;
  return host;
}
