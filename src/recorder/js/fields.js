// Values of form controls and of what is edited in place. Their events count whoever sent them: pickers and lists of the browser's own
// send untrusted ones.

function onFocus(event) {
  const element = hitBy(event);
  if (isElement(element) && (isTextField(element) || element.nodeName === 'SELECT' || element.isContentEditable)) settle(element, element.isContentEditable);
}

function onInput(event) {
  const element = hitBy(event);
  if (!isElement(element)) return;
  tellTurns(element);
  if (typeOf(element) === 'file') record({ name: 'setInputFiles', ...named(element), files: [...element.files].map(file => file.name) });
  else if (isTextField(element)) record({ name: 'fill', ...nameSettled(element), text: element.value, ...secrecy(element) });
  else if (element.nodeName === 'SELECT') record({ name: 'select', ...nameSettled(element), options: [...element.selectedOptions].map(option => option.value), ...secrecy(element) });
  else if (element.isContentEditable) {
    const host = editingHost(element);
    record({ name: 'fill', ...nameSettled(host, true), text: host.innerText });
  }
}

/** For Rust, which keeps what is typed to itself: the variable that stands for it, and what a form would call it. */
function secrecy(element) {
  const secret = secretOf(element);
  return secret && { secret, field: element.name || element.id };
}

/** The element that is editable as a whole. */
function editingHost(element) {
  let host = element;
  while (host.parentElement?.isContentEditable) host = host.parentElement;
  return host;
}
