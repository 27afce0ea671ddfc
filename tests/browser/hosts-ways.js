// Tries every way that a page knows to reach `shut`, and says how each ended. Those that never tell come first.
async shut => {
  const url = path => `http://${shut}/${path}`;
  const event = (target, ...names) =>
    new Promise(resolve => names.forEach(name => target.addEventListener(name, () => resolve(name), { once: true })));
  const link = (rel, href) => {
    const element = Object.assign(document.createElement('link'), { rel, href, as: 'script' });
    document.head.append(element);
    return element;
  };
  const told = {};
  const end = (way, refused) => (told[way] = refused ? 'refused' : 'reached');
  link('dns-prefetch', `//${shut}`);
  link('preconnect', url(''));
  end('beacon', (navigator.sendBeacon(url('beacon'), 'x'), true));
  const opened = window.open(url('window'));
  const peer = new RTCPeerConnection({
    iceServers: [
      { urls: `stun:${shut}` },
      { urls: [`turn:${shut}?transport=tcp`, `turn:${shut}?transport=udp`], username: 'u', credential: 'c' },
    ],
  });
  peer.createDataChannel('x');
  const candidates = [];
  peer.addEventListener('icecandidate', ({ candidate }) => candidate && candidates.push(candidate.type));
  const gathered = new Promise(resolve => {
    peer.addEventListener('icegatheringstatechange', () => peer.iceGatheringState === 'complete' && resolve());
  });
  await peer.setLocalDescription();
  // Listened to before anything else is waited for.
  const answer = async target => (await new Promise(resolve => target.addEventListener('message', resolve))).data;
  const frame = Object.assign(document.createElement('iframe'), { src: url('frame') });
  const framed = event(frame, 'load');
  document.body.append(frame);
  const worker = new Worker('/worker.js');
  const worked = answer(worker);
  worker.postMessage(url('worker'));
  const shared = new SharedWorker('/worker.js');
  const shown = answer(shared.port);
  shared.port.start();
  shared.port.postMessage(url('shared'));
  const registration = await navigator.serviceWorker.register('/worker.js');
  const active = registration.active ?? registration.installing ?? registration.waiting;
  const channel = new MessageChannel();
  const served = answer(channel.port1);
  channel.port1.start();
  active.postMessage(url('service'), [channel.port2]);
  await Promise.all([
    worked.then(refused => end('worker', refused)),
    shown.then(refused => end('shared worker', refused)),
    served.then(refused => end('service worker', refused)),
    event(Object.assign(new Image(), { src: url('image') }), 'load', 'error').then(name => end('image', name === 'error')),
    event(new EventSource(url('events')), 'open', 'error').then(name => end('events', name === 'error')),
    event(new WebSocket(`ws://${shut}/`), 'open', 'error').then(name => end('socket', name === 'error')),
    event(link('preload', url('preload')), 'load', 'error').then(name => end('prefetch', name === 'error')),
    framed.then(() => end('frame', frame.contentDocument === null)),
    fetch(url('fetch'), { mode: 'no-cors' }).then(() => end('fetch', false), () => end('fetch', true)),
    new WebTransport(`https://${shut}/`).ready.then(() => end('transport', false), () => end('transport', true)),
    gathered.then(() => end('webrtc', !candidates.includes('srflx')) && end('turn', !candidates.includes('relay'))),
  ]);
  let title = null;
  try {
    title = opened.document.title;
  } catch {
    // Of another origin: the page of an error.
  }
  end('window', title === null || title === '');
  opened.close();
  await registration.unregister();
  return JSON.stringify(told);
}
