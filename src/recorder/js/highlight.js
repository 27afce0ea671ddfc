// What is shown around the element under the mouse while one is picked: a frame and how the code will call it.

/** `{ element, selector, frame, caption }` of what is marked. */
let marked = null;

/** Marks an element by the selector that means it. */
function mark(element, selector) {
  if (marked?.element === element) return;
  if (!marked) {
    const root = show('highlight');
    const [frame, caption] = ['frame', 'caption'].map(part => root.appendChild(ourElement('div', { class: part })));
    marked = { frame, caption };
  }
  Object.assign(marked, { element, selector });
  marked.caption.hidden = true;
  place();
  // Rust knows how code writes it.
  binding(JSON.stringify({ name: 'hovered', selector }));
}

function unmark() {
  if (!marked) return;
  marked.frame.remove();
  marked.caption.remove();
  marked = null;
  hide('highlight');
}

/** The text of a selector came. */
function describe({ selector, locator }) {
  if (marked?.selector !== selector) return;
  marked.caption.textContent = locator;
  marked.caption.hidden = false;
  place();
}

function place() {
  const { element, frame, caption } = marked;
  const { x, y, width, height, bottom } = element.getBoundingClientRect();
  Object.assign(frame.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
  const { width: wide, height: high } = caption.getBoundingClientRect();
  const left = Math.max(4, Math.min(x, innerWidth - wide - 4));
  // Below; above where there is no room; else inside.
  const top = bottom + high + 4 <= innerHeight ? bottom + 4 : y - high - 4 >= 0 ? y - high - 4 : Math.max(4, innerHeight - high - 4);
  Object.assign(caption.style, { left: `${left}px`, top: `${top}px` });
}

on('scroll', () => marked && place(), { capture: true, passive: true });
// The mouse left the document, perhaps into a frame.
on('mouseout', event => event.relatedTarget || unmark(), { capture: true, passive: true });

function ourElement(name, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/1999/xhtml', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
