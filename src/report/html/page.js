// Filters: the buttons by verdict, the field by words.
const buttons = [...document.querySelectorAll('nav button')];
const field = document.querySelector('header input');
function show() {
  const wanted = buttons.find(button => button.getAttribute('aria-pressed') === 'true').dataset.verdict;
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll('section.file')) {
    let any = false;
    for (const test of section.querySelectorAll('.test')) {
      const text = `${section.querySelector('h2').textContent} ${test.querySelector('summary').textContent}`.toLowerCase();
      test.hidden = !((!wanted || test.classList.contains(wanted)) && words.every(word => text.includes(word)));
      any ||= !test.hidden;
    }
    section.hidden = !any;
  }
}
for (const button of buttons) button.addEventListener('click', () => {
  for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
  show();
});
field.addEventListener('input', show);
