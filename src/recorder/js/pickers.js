// Lists and choosers of the browser's own. Live pictures do not show them: there they stay closed (`keepsPickersClosed`, which Rust
// knows), and are told to whoever looks on.

const TOLD_PICKERS = ['color', 'date', 'datetime-local', 'file', 'month', 'time', 'week'];

/** The list that a press on this would open. */
function listOf(node) {
  const select = isElement(node) ? node.closest('select') : null;
  return select && !select.multiple && select.size <= 1 && !select.disabled ? select : null;
}

const optionsOf = select => [...select.options].map(option => ({
  label: option.label, disabled: option.disabled || !!option.closest('optgroup')?.disabled, selected: option.selected && !secretOf(select),
  group: option.closest('optgroup')?.label ?? '',
}));

function tellPicker(element, more) {
  binding(JSON.stringify({ name: 'picker', selector: settle(element).selector, ...more }));
}

function openList(event, select) {
  event.preventDefault();
  select.focus();
  tellPicker(select, { kind: 'select', options: optionsOf(select) });
}

on('mousedown', event => {
  const select = keepsPickersClosed && event.button === 0 && !isAsserting() && listOf(hitBy(event));
  if (select) openList(event, select);
}, { capture: true });

on('keydown', event => {
  const opens = [' ', 'F4'].includes(event.key) || (event.altKey && ['ArrowDown', 'ArrowUp'].includes(event.key));
  const select = keepsPickersClosed && opens && !isAsserting() && listOf(hitBy(event));
  if (select) openList(event, select);
}, { capture: true });

on('click', event => {
  const element = hitBy(event);
  if (!keepsPickersClosed || isAsserting() || !isElement(element) || !TOLD_PICKERS.includes(typeOf(element)) || element.disabled) return;
  event.preventDefault();
  const { type, value, multiple, accept, min, max, step } = element;
  tellPicker(element, { kind: type, multiple, accept, min, max, step, value: type === 'file' || secretOf(element) ? '' : value });
}, { capture: true });
