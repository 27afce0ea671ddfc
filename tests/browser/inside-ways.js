// Tries every way that a page knows to get to what `place` makes of the way's name, and tells what it could read there.
async ([place, site]) => {
  const to = way => place.replace('WAY', encodeURIComponent(way));
  const away = way => `${site}/away?to=${encodeURIComponent(to(way))}`;
  const refresh = way => `<meta http-equiv="refresh" content="0;url=${to(way)}">`;
  // Of all calls.
  const read = (self.read ??= []);
  const add = (tag, properties) => {
    const element = Object.assign(document.createElement(tag), properties);
    document.body.append(element);
    return element;
  };
  const click = properties => add('a', { textContent: 'x', ...properties }).click();
  const submit = properties => add('form', { target: '_blank', ...properties }).submit();
  const blob = (text, type) => URL.createObjectURL(new Blob([text], { type }));
  const worker = (text, options) => new Worker(blob(text, 'text/javascript'), options);
  const ways = {
    frame: way => add('iframe', { src: to(way) }),
    'frame by redirect': way => add('iframe', { src: away(way) }),
    'frame by refresh': way => add('iframe', { srcdoc: refresh(way) }),
    'frame by header': way => add('iframe', { src: `${site}/refresh?to=${encodeURIComponent(to(way))}` }),
    'frame by location': way => (add('iframe', {}).contentWindow.location = to(way)),
    'frame by script': way => add('iframe', { src: `javascript:location.replace(${JSON.stringify(to(way))})` }),
    'frame of a blob': way => add('iframe', { src: blob(refresh(way), 'text/html') }),
    'frame of data': way => add('iframe', { src: `data:text/html,<script>location=${JSON.stringify(to(way))}</script>` }),
    object: way => add('object', { data: to(way) }),
    embed: way => add('embed', { src: to(way) }),
    window: way => open(to(way)),
    'window by redirect': way => open(away(way)),
    'window by location': way => (open('about:blank').location.href = to(way)),
    'window by navigation': way => open(`${site}/go?to=${encodeURIComponent(to(way))}`),
    link: way => click({ href: to(way), target: '_blank', rel: 'opener' }),
    'link without opener': way => click({ href: to(way), target: '_blank', rel: 'noopener' }),
    'link by redirect': way => click({ href: away(way), target: '_blank' }),
    download: way => click({ href: to(way), download: '', target: '_blank' }),
    'download by redirect': way => click({ href: away(way), download: '', target: '_blank' }),
    form: way => submit({ action: to(way) }),
    'form that posts': way => submit({ action: to(way), method: 'post' }),
    fetch: way => fetch(to(way), { mode: 'no-cors' }),
    'fetch that reads': way => fetch(to(way)).then(response => response.text()).then(text => read.push(text)),
    'fetch by redirect': way => fetch(away(way)).then(response => response.text()).then(text => read.push(text)),
    request: way => {
      const request = new XMLHttpRequest();
      request.onload = () => read.push(request.responseText);
      request.open('GET', to(way));
      request.send();
    },
    image: way => add('img', { src: to(way) }),
    script: way => add('script', { src: to(way) }),
    module: way => import(to(way)),
    style: way => add('link', { rel: 'stylesheet', href: to(way) }),
    'style that imports': way => add('style', { textContent: `@import url(${JSON.stringify(to(way))})` }),
    video: way => add('video', { src: to(way), preload: 'auto' }),
    beacon: way => navigator.sendBeacon(to(way), 'x'),
    events: way => new EventSource(to(way)),
    worker: way => new Worker(to(way)),
    'worker that imports': way => worker(`importScripts(${JSON.stringify(to(way))})`),
    'worker of modules': way => worker(`import ${JSON.stringify(to(way))}`, { type: 'module' }),
    'worker that asks': way => {
      const asks = worker(`fetch(${JSON.stringify(to(way))}).then(r => r.text()).then(postMessage)`);
      asks.onmessage = ({ data }) => read.push(data);
    },
  };
  for (const [way, go] of Object.entries(ways)) {
    try {
      // What comes of it later is nobody's error.
      Promise.resolve(go(way)).catch(() => {});
    } catch {
      // Refused at once.
    }
  }
  return Object.keys(ways);
}
