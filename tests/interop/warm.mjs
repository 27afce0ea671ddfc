// What a server's user waits: sends one spec again and again to an agent through a hub, as the official socket.io-client.
//
//   node warm.mjs URL TOKEN SPEC COUNT      prints one JSON line an execution: { total, page } in ms, the first one cold
//
// The spec logs `page N ms`: what its body took, which is Chromium's work and not ours.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { io } from 'socket.io-client';

const [url, token, spec, count] = process.argv.slice(2);
const code = readFileSync(spec, 'utf8');
const socket = io(url, { auth: { token }, transports: ['websocket'] });
const until = (event, test = () => true) => new Promise(done => socket.on(event, function listener(payload) {
  if (!test(payload)) return;
  socket.off(event, listener);
  done(payload);
}));
socket.on('connect_error', error => { throw error; });
await until('agent:status', ({ status }) => status === 'online');

for (let round = 0; round < Number(count); round++) {
  const executionId = randomUUID();
  let page = 0;
  const log = ({ message }) => { page = Number(/page ([\d.]+) ms/.exec(message)?.[1] ?? page); };
  socket.on('execution:log', log);
  const start = performance.now();
  socket.emit('execution:start', { executionId, target: 'local', code });
  const { exitCode } = await until('execution:complete', payload => payload.executionId === executionId);
  const total = performance.now() - start;
  socket.off('execution:log', log);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}`);
  console.log(JSON.stringify({ total, page }));
}
socket.close();
