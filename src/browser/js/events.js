// `dispatchEvent`: the constructor that belongs to a type.

const EVENT_KINDS = [
  [MouseEvent, 'auxclick click dblclick mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup mousewheel contextmenu'],
  [KeyboardEvent, 'keydown keyup keypress textInput'],
  [PointerEvent, 'pointerover pointerout pointerenter pointerleave pointerdown pointerup pointermove pointercancel gotpointercapture lostpointercapture'],
  [FocusEvent, 'focus blur'],
  [DragEvent, 'drag dragstart dragend dragover dragenter dragleave dragexit drop'],
  [WheelEvent, 'wheel'],
];

function eventOf(type, init, target) {
  const options = { bubbles: true, cancelable: true, composed: true, ...init };
  if (/^touch(start|end|move|cancel)$/.test(type)) {
    const touches = list => list?.map(touch => (touch instanceof Touch ? touch : new Touch({ target, ...touch })));
    return new TouchEvent(type, {
      ...options, touches: touches(options.touches), targetTouches: touches(options.targetTouches), changedTouches: touches(options.changedTouches),
    });
  }
  const Kind = EVENT_KINDS.find(([, types]) => types.split(' ').includes(type))?.[0] ?? Event;
  return new Kind(type, options);
}
