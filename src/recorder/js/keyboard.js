// Keys that are not text. What they type is in the field's value.

const ONLY_EDITING = new Set(['Backspace', 'Delete', 'AltGraph', 'Shift', 'Control', 'Meta', 'Alt', 'Process', 'Dead', 'Unidentified']);
const isMac = navigator.platform.includes('Mac');

function onKeyDown(event) {
  const element = hitBy(event);
  if (!isElement(element) || typeof event.key !== 'string' || !isPress(event, element)) return;
  tellTurns(element);
  if (event.key === ' ' && isCheckable(element)) {
    record({ name: element.checked ? 'uncheck' : 'check', ...nameSettled(element) });
    return;
  }
  record({ name: 'press', ...nameSettled(element, element.isContentEditable), key: event.key, modifiers: modifiersOf(event) });
}

function isPress(event, element) {
  const { key } = event;
  if (ONLY_EDITING.has(key)) return false;
  const edits = element.nodeName === 'TEXTAREA' || element.isContentEditable;
  if (key === 'Enter' && edits) return false;
  const pastes = isMac ? key === 'v' && event.metaKey : (key === 'v' && event.ctrlKey) || (key === 'Insert' && event.shiftKey);
  // With Alt, some keyboards type letters.
  if (key.length === 1 && event.altKey && secretOf(element)) return false;
  // On German keyboards of a Mac, @ comes with a modifier.
  if (pastes || (key === '@' && event.code === 'KeyL')) return false;
  const isText = key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey;
  return !isText || (key === ' ' && !edits && !isTextField(element));
}
