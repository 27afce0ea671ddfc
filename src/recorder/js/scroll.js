// Turns of the wheel. Most do not matter: whoever plays a recording scrolls to what it acts on. They do where the page did something else
// with them (a map that zooms), and where what is acted on later was not there before (a list that grows).

/** Turns since something was done last: `{ element, selector, alternatives, deltaX, deltaY, handled }`. */
let turns = [];
/** What was in the document before the first of them: the browser's own list, nothing is done with it before something else is done. */
let present = null;
/** How much there was at the last turn. When more has come, another turn begins: its element is waited for when it is played. */
let extent = 0;
/** Turns that have not mattered so far: `{ turns, revealed }`, where `revealed` came with them. */
let idle = [];

const MOST_TURNS = 20;
const all = document.getElementsByTagName('*');

function onWheel(event) {
  const element = hitBy(event);
  if (!isElement(element) || event.ctrlKey) return;
  present ??= document.querySelectorAll('*');
  const last = turns.at(-1);
  const goesOn = last && (turns.length === MOST_TURNS || (all.length === extent && (last.element === element || !last.handled)));
  if (goesOn) {
    last.deltaX += event.deltaX;
    last.deltaY += event.deltaY;
  } else turns.push({ element, ...named(element), deltaX: event.deltaX, deltaY: event.deltaY, handled: false });
  extent = all.length;
}

/** After the page's own listeners: who prevents the default of a turn does something else with it. */
function afterWheel(event) {
  if (event.defaultPrevented && turns.length) turns.at(-1).handled = true;
}

/** What mattered of the turns so far, now that something is done to `element`. */
function tellTurns(element) {
  if (turns.length) idle.push({ turns, revealed: newSince(present) });
  [turns, present] = [[], null];
  if (!idle.length) return;
  const seen = outermost(element);
  const last = idle.findLastIndex(({ revealed }) => revealed.has(seen));
  const mattered = idle.flatMap((group, index) => group.turns.filter(turn => turn.handled || index <= last));
  for (const { element: over, handled, ...turn } of mattered) tell({ name: 'wheel', ...turn });
  idle = idle.slice(last + 1).map(({ turns, revealed }) => ({ turns: turns.filter(turn => !turn.handled), revealed })).filter(group => group.turns.length).slice(-MOST_TURNS);
}

function newSince(list) {
  const known = new Set(list);
  return new WeakSet([...all].filter(element => !known.has(element)));
}

/** The element itself, or the host of the shadow trees it is in. */
function outermost(element) {
  let at = element;
  for (let root = at.getRootNode(); root.host; root = at.getRootNode()) at = root.host;
  return at;
}
