// What lies over a page for those who look on: in a shadow of its own, through which clicks go.
(() => {
  const HOST = 'understudy-overlays';
  const found = () => document.querySelector(HOST);
  const root = () => {
    const there = found();
    if (there) return there.lies;
    const host = document.createElement(HOST);
    host.setAttribute('aria-hidden', 'true');
    host.style.cssText = 'all: initial; position: fixed; inset: 0; z-index: 2147483647; pointer-events: none';
    host.lies = host.attachShadow({ mode: 'closed' });
    document.documentElement.append(host);
    return host.lies;
  };
  /** Without anything in it, nothing of it stays in the page. */
  const take = layer => {
    layer.remove();
    if (!found()?.lies.children.length) found()?.remove();
  };
  const put = (id, layer, duration) => {
    layer.dataset.id = id;
    root().append(layer);
    if (duration !== null && duration !== undefined) setTimeout(() => take(layer), duration);
  };
  return {
    show(id, html, duration) {
      const layer = document.createElement('div');
      layer.innerHTML = html;
      put(id, layer, duration);
    },
    chapter(id, title, description, duration) {
      const layer = document.createElement('div');
      layer.style.cssText = 'position: fixed; inset: 0; display: grid; place-content: center; gap: 12px; text-align: center; font: 18px system-ui; color: #fff; background: #0008; backdrop-filter: blur(6px)';
      for (const [text, size] of [[title, '40px'], [description, '20px']]) {
        if (!text) continue;
        const line = document.createElement('div');
        line.style.fontSize = size;
        line.textContent = text;
        layer.append(line);
      }
      put(id, layer, duration);
    },
    remove(id) {
      for (const layer of [...(found()?.lies.children ?? [])]) if (layer.dataset.id === id) take(layer);
    },
    /** What a test is about to do: a title, the pointer on its way, a mark where it acts, a box around the element. */
    action({ title, point, from, target, look: { cursor, duration, fontSize, position, style } }) {
      this.actionOver();
      const time = duration ?? 500;
      const layer = document.createElement('div');
      const add = (css, own) => {
        const part = document.createElement('div');
        part.style.cssText = `position: fixed; ${css}; ${own ?? ''}`;
        layer.append(part);
        return part;
      };
      if (target && style.highlight) add(`left: ${target.x}px; top: ${target.y}px; width: ${target.width}px; height: ${target.height}px`, style.highlight);
      if (point && style.point) add(`left: ${point.x}px; top: ${point.y}px; transform: translate(-50%, -50%)`, style.point);
      const [side, edge] = [...(position ?? 'top-right').split('-'), 'center'];
      const aside = edge === 'center' ? 'left: 50%; transform: translateX(-50%)' : `${edge}: 12px`;
      const size = fontSize ? `font-size: ${fontSize}px` : '';
      add(`${side}: 12px; ${aside}; max-width: 80%; padding: 4px 12px; border-radius: 6px; font: 24px system-ui; color: #fff; background: #000c; ${size}`, style.title).textContent = title;
      layer.animate([{ opacity: 1 }, { opacity: 1, offset: 0.8 }, { opacity: 0 }], { duration: time, fill: 'forwards' });
      put('action', layer);
      if (point && cursor !== 'none') this.pointer(from ?? point, point, time);
    },
    /** The pointer stays where it acted last. */
    pointer(from, to, time) {
      this.cursorOver();
      const cursor = document.createElement('div');
      cursor.style.cssText = `position: fixed; left: ${to.x}px; top: ${to.y}px; width: 14px; height: 20px; background: #fff; clip-path: polygon(0 0, 0 85%, 27% 64%, 45% 100%, 64% 93%, 45% 59%, 82% 59%); filter: drop-shadow(0 0 1px #000)`;
      cursor.animate([{ translate: `${from.x - to.x}px ${from.y - to.y}px` }, { translate: '0 0' }], { duration: time / 2, easing: 'ease-in-out' });
      put('cursor', cursor);
    },
    actionOver() { this.remove('action'); },
    cursorOver() { this.remove('cursor'); },
    visible(visible) { if (found()) root().host.style.display = visible ? 'block' : 'none'; },
  };
})()
