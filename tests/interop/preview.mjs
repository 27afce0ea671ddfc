// What a person at the live picture of a recording feels: a click, and the first picture that shows its effect.
//
//   node preview.mjs URL TOKEN COUNT      prints one JSON line: { clicks: [ms…], idle, busy }, the latter in bytes of JPEG per second
//
// The page changes its colour at a click and stands still otherwise; the busy one writes a new text fifty times a second.
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';

const [url, token, count] = process.argv.slice(2);
const QUIET = `data:text/html,<body onclick="this.style.background = 'rgb(' + [1, 2, 3].map(() => Math.random() * 255).join() + ')'"><h1>Click</h1>`;
const BUSY = 'data:text/html,<body><script>let n = 0; setInterval(() => { document.body.textContent = Array.from({ length: 800 }, (_, i) => i * n).join(" "); n++; }, 20)</script>';
const wait = ms => new Promise(done => setTimeout(done, ms));
const socket = io(url, { auth: { token }, transports: ['websocket'] });
const once = event => new Promise(done => socket.once(event, done));
let bytes = 0;
let seen = () => {};
socket.on('recording:frame', ({ frame }, drawn) => {
  bytes += frame.length * 3 / 4;
  drawn?.();
  seen();
});
await new Promise(done => socket.on('agent:status', ({ status }) => status === 'online' && done()));

/** Begins to record; ends with what it is given. */
async function recording(address, then) {
  const executionId = randomUUID();
  const ready = once('recording:ready');
  socket.emit('recording:start', { testFlowId: 'preview', executionId, url: address, language: 'typescript', config: { preview: true } });
  await ready;
  // Pictures get better on such a line until they are the best.
  await wait(3000);
  const result = await then(input => socket.emit('recording:input', { executionId, ...input }));
  const complete = once('recording:complete');
  socket.emit('recording:stop', { executionId });
  await complete;
  return result;
}

async function perSecond(ms) {
  bytes = 0;
  await wait(ms);
  return bytes / ms * 1000;
}

const quiet = await recording(QUIET, async input => {
  const clicks = [];
  for (let i = 0; i < Number(count); i++) {
    // What a click recorded is told, and nothing is under way any more.
    await wait(120);
    const effect = new Promise(done => { seen = done; });
    const start = performance.now();
    input({ type: 'click', x: 300, y: 40 });
    await effect;
    clicks.push(performance.now() - start);
  }
  return { clicks, idle: await perSecond(5000) };
});
const busy = await recording(BUSY, () => perSecond(5000));
console.log(JSON.stringify({ ...quiet, busy }));
socket.close();
