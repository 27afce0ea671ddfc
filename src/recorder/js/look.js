// How it looks: the style of everything we show, and the toolbar's icons.

const GLASS_CSS = `
  :host { color-scheme: light dark }
  .frame { position: fixed; box-sizing: border-box; border: 2px solid #b4532a; background: #b4532a26; border-radius: 3px }
  .caption { position: fixed; max-width: min(90vw, 640px); padding: 3px 7px; border-radius: 4px; background: #231f1c; color: #f6efe8;
    font: 12px/18px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; white-space: pre-wrap; width: max-content }
  [hidden] { display: none }
  .toolbar { --ink: #3a332d; --paper: #fffdfa; --edge: #d9d0c6; --hover: #f1e9e0; --on: #b4532a; --on-ink: #fff;
    position: fixed; top: 8px; left: 50%; transform: translateX(-50%); display: flex; align-items: center; gap: 2px; padding: 3px; pointer-events: auto;
    background: var(--paper); color: var(--ink); border: 1px solid var(--edge); border-radius: 9px; box-shadow: 0 2px 10px #0003; user-select: none; touch-action: none }
  .toolbar.placed { transform: none }
  button, .grip { all: unset; box-sizing: border-box; display: grid; place-items: center; width: 28px; height: 28px; border-radius: 6px; cursor: default }
  .grip { width: 14px; cursor: grab; opacity: .55 }
  .toolbar.held .grip { cursor: grabbing }
  button:hover { background: var(--hover) }
  button:focus-visible { outline: 2px solid var(--on); outline-offset: -1px }
  button[aria-pressed=true] { background: var(--on); color: var(--on-ink) }
  button[data-is=record][aria-pressed=true] { background: none; color: #d2282d }
  button[data-is=record][aria-pressed=true]:hover { background: var(--hover) }
  hr { all: unset; width: 1px; height: 18px; margin: 0 3px; background: var(--edge) }
  svg { width: 18px; height: 18px; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; pointer-events: none }
  svg .full { fill: currentColor }
  @media (prefers-color-scheme: dark) {
    .toolbar { --ink: #ece4db; --paper: #2a2521; --edge: #4a423b; --hover: #3b342e; --on: #d9703f; box-shadow: 0 2px 12px #0008 }
    button[data-is=record][aria-pressed=true] { color: #ff6b6b }
  }
  @media (forced-colors: active) { button[aria-pressed=true] { outline: 2px solid Highlight } }
`;

/** Paths on a square of 18. A path that begins with `!` is filled. */
const ICONS = {
  grip: ['!M5 4h1v1H5zM9 4h1v1H9zM5 8.5h1v1H5zM9 8.5h1v1H9zM5 13h1v1H5zM9 13h1v1H9z'],
  record: ['!M9 3.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0 -11z'],
  hover: ['M4 2l10 7l-5 .8l2.8 5l-2 1.1l-2.8 -5L4 14z'],
  pick: ['M9 1.5v4M9 12.5v4M1.5 9h4M12.5 9h4', 'M9 4.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0 -9z'],
  visible: ['M1.5 9C4 4.8 6.4 3.8 9 3.8S14 4.8 16.5 9C14 13.2 11.6 14.2 9 14.2S4 13.2 1.5 9z', 'M9 6.7a2.3 2.3 0 1 0 0 4.6a2.3 2.3 0 1 0 0 -4.6z'],
  text: ['M3.5 5V3.5h11V5M9 3.5v11M6.8 14.5h4.4'],
  value: ['M2 5.5h14v7H2z', 'M4.8 8v2', 'M8 9.2l1.6 1.5L13 7.5'],
  snapshot: ['M3 4h.01M6.5 4H15M5 9h.01M8.5 9H15M5 14h.01M8.5 14H15'],
  stop: ['!M5 5h8v8H5z'],
};

function icon(name) {
  const create = (tag, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const svg = create('svg', { viewBox: '0 0 18 18', 'aria-hidden': 'true' });
  for (const path of ICONS[name]) svg.append(create('path', path[0] === '!' ? { d: path.slice(1), class: 'full' } : { d: path }));
  return svg;
}
