// `dispatchEvent`, in the page's world: makes an event by the constructor that belongs to its type.
(target, { type, eventInit }) => {
  const kinds = [
    [MouseEvent, 'auxclick click dblclick mousedown mouseenter mouseleave mousemove mouseout mouseover mouseup mousewheel contextmenu'],
    [KeyboardEvent, 'keydown keyup keypress textInput'],
    [PointerEvent, 'pointerover pointerout pointerenter pointerleave pointerdown pointerup pointermove pointercancel gotpointercapture lostpointercapture'],
    [FocusEvent, 'focus blur'],
    [DragEvent, 'drag dragstart dragend dragover dragenter dragleave dragexit drop'],
    [WheelEvent, 'wheel'],
    // Only where the page is of a secure origin.
    [globalThis.DeviceOrientationEvent, 'deviceorientation deviceorientationabsolute'],
    [globalThis.DeviceMotionEvent, 'devicemotion'],
  ];
  const init = { bubbles: true, cancelable: true, composed: true, ...eventInit };
  let Kind = kinds.find(([, types]) => types.split(' ').includes(type))?.[0] ?? Event;
  if (/^touch(start|end|move|cancel)$/.test(type)) {
    Kind = TouchEvent;
    for (const list of ['touches', 'targetTouches', 'changedTouches']) {
      init[list] = init[list]?.map(touch => (touch instanceof Touch ? touch : new Touch({ target, ...touch })));
    }
  }
  target.dispatchEvent(new Kind(type, init));
}
