// Clicks, and drags: by HTML5 and by pointer events.

/** A press that moved less is a click, CSS pixels. */
const STEADY = 8;

/** The press that has not been released: `{ element, box, x, y, prevented }`. */
let press = null;
/** The release that ended a drag is no click. */
let dragged = false;
/** Where the mouse was pressed last, also in its element: `{ element, x, y, offset }`. */
let pressed = null;

function onPointerDown(event) {
  if (event.button !== 0 || !event.isPrimary) return;
  const element = hitBy(event);
  press = { element, box: element.getBoundingClientRect(), x: event.clientX, y: event.clientY, prevented: false };
  dragged = false;
}

function onMouseDown(event) {
  const element = hitBy(event);
  if (!isElement(element)) return;
  tellTurns(element);
  settle(element);
  pressed = { element, x: event.clientX, y: event.clientY, offset: offsetIn(element, event.clientX, event.clientY) };
  dragged = false;
}

/** After the page's own listeners: whoever prevents the default of a press wants to drag. */
function afterPress(event) {
  if (press && event.defaultPrevented) press.prevented = true;
}

function onPointerUp(event) {
  const from = press;
  press = null;
  if (!from || !event.isPrimary || Math.hypot(event.clientX - from.x, event.clientY - from.y) < STEADY) return;
  const { element, box } = from;
  const now = element.getBoundingClientRect();
  const followed = Math.hypot(now.x - box.x, now.y - box.y) > 2;
  if (!(followed || from.prevented || element.hasPointerCapture(event.pointerId)) || isTextField(element) || typeOf(element) === 'range') return;
  const target = under(event, element);
  if (!target) return;
  dragged = true;
  const onto = target.getBoundingClientRect();
  record({
    name: 'dragTo', ...nameSettled(element), target: named(target).selector,
    sourcePosition: rounded(from.x - box.x, from.y - box.y), targetPosition: rounded(event.clientX - onto.x, event.clientY - onto.y),
  });
}

const rounded = (x, y) => ({ x: Math.round(x), y: Math.round(y) });

/** What is under the mouse but for what it carries. */
function under(event, carried) {
  return document.elementsFromPoint(event.clientX, event.clientY).find(element => !isInside(carried, element) && !isOurs(element));
}

function onDragStart(event) {
  press = null;
  const element = hitBy(event);
  carried = isElement(element) ? { element, ...nameSettled(element) } : null;
}

/** What HTML5 drags. */
let carried = null;

function onDrop(event) {
  if (!carried) return;
  const { element, ...name } = carried;
  const target = hitBy(event);
  if (isElement(target)) record({ name: 'dragTo', ...name, target: named(target).selector });
  carried = null;
}

function onDragEnd() {
  carried = null;
}

/** What a click is about; nothing where a press and a release have only an ancestor in common. */
function clickedBy(event) {
  const element = hitBy(event);
  if (!isElement(element) || !pressed || element === pressed.element || event.button === 2) return element;
  // Pages hide or replace what is pressed before it is released: lists of suggestions do.
  if (pressed.element.isConnected && !isInside(element, pressed.element)) return element;
  return Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < STEADY ? pressed.element : null;
}

function onClick(event) {
  const element = clickedBy(event);
  // The right button has `contextmenu`; a click without a count was made by a key or by script.
  if (!isElement(element) || (event.type === 'auxclick' && event.button === 2) || !event.detail) return;
  if (dragged) {
    dragged = false;
    return;
  }
  if (opensPicker(element)) return;
  if (isCheckable(element) && event.detail === 1) record({ name: element.checked ? 'check' : 'uncheck', ...nameSettled(element), offset: offsetOf(element) });
  else click(event, element, buttonOf(event), event.detail);
}

function onContextMenu(event) {
  const element = hitBy(event);
  if (isElement(element) && event.button === 2 && !opensPicker(element)) click(event, element, 'right', 1);
}

/** Of the press that became a click; a click on a label reaches a field that was not pressed itself. */
const offsetOf = element => (pressed?.element === element ? pressed.offset : undefined);

function click(event, element, button, clickCount) {
  record({ name: 'click', ...nameSettled(element), button, modifiers: modifiersOf(event), clickCount, position: placeIn(event, element), offset: offsetOf(element) });
}
