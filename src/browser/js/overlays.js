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
    visible(visible) { if (found()) root().host.style.display = visible ? 'block' : 'none'; },
  };
})()
