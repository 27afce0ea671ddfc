// What `highlight` draws: boxes over the page, out of its reach, in one closed root.

/** By selector, so that one can be taken away alone. */
const highlights = new Map();
let overlay;

function highlight(elements, { selector, css }) {
  hideHighlight(selector);
  overlay ??= document.createElement('x-understudy-highlight').attachShadow({ mode: 'closed' });
  if (!overlay.host.isConnected) document.documentElement.append(overlay.host);
  const boxes = elements.map(element => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const box = document.createElement('div');
    box.style.cssText = `all: initial; position: fixed; pointer-events: none; z-index: 2147483647; box-sizing: border-box; left: ${x}px; top: ${y}px; width: ${width}px; height: ${height}px;
      outline: 2px solid #dc6f6f; background: #dc6f6f55; ${css ?? ''}`;
    return box;
  });
  overlay.append(...boxes);
  highlights.set(selector, boxes);
  return elements.length;
}

/** Those of a selector; all without one. */
function hideHighlight(selector) {
  for (const [key, boxes] of [...highlights]) {
    if (selector !== undefined && key !== selector) continue;
    for (const box of boxes) box.remove();
    highlights.delete(key);
  }
  if (!highlights.size) overlay?.host.remove();
  return null;
}

