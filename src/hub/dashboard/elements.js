//# sourceURL=understudy:hub/dashboard/elements.js
// Small helpers for what is shown. Whatever comes from tests, agents or pages is text, never markup.

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

export function status(node, [word, kind]) {
  if (node.textContent !== word) node.textContent = word;
  node.dataset.kind = kind;
}

/** Puts text on the clipboard; whether it got there. Browsers give it to pages of https and of this machine only. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.body.appendChild(Object.assign(document.createElement('textarea'), { value: text, className: 'unseen' }));
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    return copied;
  }
}

/** Hands text over as a file. */
export function download(text, name) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(new Blob([text], { type: 'text/plain' })), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}
