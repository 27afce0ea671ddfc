// States of elements, as actions wait for them and matchers report them.

/** An error about the element rather than the selector; shown with `Error: ` in front. */
class StateError extends EngineError {}

const CONTROL = 'input, textarea, select';

/** From the node found to the element meant: out of text nodes, up to the button, over to the label's control. */
function retarget(node, how) {
  let element = isElement(node) ? node : node.parentElement;
  if (!element || how === 'none') return element;
  if (!element.matches(CONTROL) && !element.isContentEditable) {
    const outer = how === 'button-link' ? 'button, [role=button], a, [role=link]' : 'button, [role=button], [role=checkbox], [role=radio]';
    element = element.closest(outer) ?? element;
  }
  const own = `a, ${CONTROL}, button, option, optgroup, [role=link], [role=button], [role=checkbox], [role=radio]`;
  if (how === 'follow-label' && !element.matches(own) && !element.isContentEditable) {
    element = element.closest('label')?.control ?? element;
  }
  return element;
}

/** `{ matches, received }`; `received` is `detached` when the element left the document. */
function stateOf(node, state, frameVisible = true) {
  const element = retarget(node, state === 'visible' || state === 'hidden' ? 'none' : 'follow-label');
  if (!element?.isConnected) return { matches: state === 'hidden', received: state === 'hidden' ? 'hidden' : 'detached' };
  switch (state) {
    case 'visible': case 'hidden': {
      const visible = frameVisible && isVisible(element);
      return { matches: visible === (state === 'visible'), received: visible ? 'visible' : 'hidden' };
    }
    case 'enabled': case 'disabled': {
      const disabled = isDisabled(element);
      return { matches: disabled === (state === 'disabled'), received: disabled ? 'disabled' : 'enabled' };
    }
    case 'inert': {
      const inert = !!closestAcross(element, '[inert]');
      return { matches: inert, received: inert ? 'inert' : 'non-inert' };
    }
    case 'editable': {
      const readonly = readonlyOf(element);
      if (readonly === null) {
        throw new StateError('Element is not an <input>, <textarea>, <select> or [contenteditable] and does not have a role allowing [aria-readonly]');
      }
      const disabled = isDisabled(element);
      return { matches: !disabled && !readonly, received: disabled ? 'disabled' : readonly ? 'readOnly' : 'editable' };
    }
    case 'checked': case 'unchecked': {
      // What is not decided is checked or not nevertheless.
      const checked = tagOf(element) === 'INPUT' && element.indeterminate ? element.checked : checkedOf(element);
      if (checked === null) throw new StateError('Not a checkbox or radio button');
      return {
        matches: (checked === true) === (state === 'checked'),
        received: checked === true ? 'checked' : 'unchecked',
        radio: element.nodeName === 'INPUT' && element.type === 'radio',
      };
    }
    case 'indeterminate': {
      const checked = checkedOf(element);
      if (checked === null) throw new StateError('Not a checkbox or radio button');
      return { matches: checked === 'mixed', received: checked === 'mixed' ? 'mixed' : checked ? 'checked' : 'unchecked' };
    }
    default: throw new StateError(`Unexpected element state "${state}"`);
  }
}

/** Whether the element stays where it is from one frame to the next; null when it left. */
function isStable(node) {
  return new Promise(resolve => {
    let last;
    const look = time => {
      const element = retarget(node, 'none');
      if (!element?.isConnected) return resolve(null);
      // A machine that is busy can show one moment twice.
      if (last && time <= last.time) return requestAnimationFrame(look);
      const { x, y, width, height } = element.getBoundingClientRect();
      if (last) return resolve(last.x === x && last.y === y && last.width === width && last.height === height);
      last = { x, y, width, height, time };
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** undefined when all hold, 'detached', or the sentence that says which does not. */
async function missingState(node, states, frameVisible) {
  if (states.includes('stable')) {
    const stable = await isStable(node);
    if (stable === null) return 'detached';
    if (!stable) return 'element is not stable';
  }
  for (const state of states) {
    if (state === 'stable') continue;
    const { matches, received } = withCaches(() => stateOf(node, state === 'not inert' ? 'inert' : state, frameVisible));
    if (received === 'detached') return 'detached';
    if (state === 'not inert') {
      if (matches) return 'element is inert';
    } else if (!matches) {
      return `element is not ${state}`;
    }
  }
  return undefined;
}

function isActive(element) {
  return element.getRootNode().activeElement === element && element.ownerDocument.hasFocus();
}
