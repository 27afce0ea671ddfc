// What a page has to tell after an action.
JSON.stringify({
  seen,
  values: [...document.querySelectorAll('input, select, textarea, [contenteditable]')].map(e => ['checkbox', 'radio'].includes(e.type) ? e.checked : e.type === 'file' ? '' : e.multiple ? [...e.selectedOptions].map(o => o.value).join() : e.value ?? e.innerHTML),
  active: document.activeElement.id,
  selected: [document.activeElement.selectionStart, document.activeElement.selectionEnd].join('-'),
  scrolled: scrollX > 0 || scrollY > 0,
})
