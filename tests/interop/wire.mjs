// A server or a peer of protocol 001 or 004 on strings, on the package `ws`: as their documents have it, and nothing of ours. It says and does one
// JSON object a line, as peer.mjs; tests/interop drives it.
//
//   node wire.mjs ai-run|cloud     a server on a free port; says { listening }. The good token is `let me in`
//   node wire.mjs peer URL         connects there
//
// Says: { connected: PATH }, { authenticated }, { message }, { text } (no JSON), { asked, authorization }, { closed }.
// Does: { send } a message, { text } as it is, { binary } as bytes, { invalid } UTF-8, { run } to be fetched, { disconnect }.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import WebSocket, { WebSocketServer } from 'ws';

const GOOD = 'let me in';
const [kind, url] = process.argv.slice(2);
const say = value => console.log(JSON.stringify(value));
const runs = new Map();
const sockets = new Set();
const stamped = message => JSON.stringify({ ...message, timestamp: new Date().toISOString() });

const http = createServer((request, response) => {
  say({ asked: request.url, authorization: request.headers.authorization });
  const run = runs.get(request.url);
  response.writeHead(run ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(run ?? { error: 'no such run' }));
});
const server = new WebSocketServer({ server: http, path: '/ws' });

server.on('connection', (socket, request) => {
  const url = new URL(request.url, 'http://localhost');
  say({ connected: url.pathname });
  sockets.add(socket);
  const authenticated = good => {
    say({ authenticated: good });
    if (kind === 'ai-run') {
      socket.send(JSON.stringify({ type: 'authentication', ...(good ? { status: 'success' } : { status: 'failed', error: 'Invalid authentication token' }) }));
    } else {
      socket.send(stamped({ type: 'auth', data: good ? { success: true, userId: 'user_abc123' } : { success: false, error: 'Auth failed' } }));
      if (good) socket.send(stamped({ type: 'notification', data: { level: 'info', message: 'Connected' } }));
    }
  };
  if (kind === 'cloud') authenticated(url.searchParams.get('token') === GOOD);
  socket.on('message', (data, isBinary) => {
    const text = data.toString();
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return say({ text, isBinary });
    }
    if (kind === 'ai-run' && message.type === 'authenticate') return authenticated(message.token === GOOD);
    if (kind === 'cloud' && message.type === 'ping') socket.send(stamped({ type: 'pong' }));
    say({ message });
  });
  socket.on('close', code => {
    sockets.delete(socket);
    say({ closed: code });
  });
});

if (kind === 'peer') {
  const socket = new WebSocket(url);
  sockets.add(socket);
  socket.on('open', () => say({ connected: url }));
  socket.on('message', data => say({ message: JSON.parse(data) }));
  socket.on('close', code => say({ closed: code }));
} else http.listen(0, '127.0.0.1', () => say({ listening: http.address().port }));

for await (const line of createInterface({ input: process.stdin })) {
  const { send, text, binary, invalid, run, disconnect } = JSON.parse(line);
  if (run) runs.set(`/api/runs/${encodeURIComponent(run.runId)}`, run);
  for (const socket of sockets) {
    if (send) socket.send(kind === 'cloud' ? stamped(send) : JSON.stringify(send));
    if (text !== undefined) socket.send(text);
    if (binary) socket.send(Buffer.from(binary));
    if (invalid) socket.send(Buffer.from([0xc3, 0x28]), { binary: false });
    if (disconnect) socket.close();
  }
}
process.exit();
