// An official Socket.IO peer on strings: what it hears goes to standard output, what it should do comes from standard input, one JSON
// object a line. tests/interop drives it.
//
//   node peer.mjs server [TRANSPORT]             a server with its defaults on a free port; says { listening }; TRANSPORT: the only one
//   node peer.mjs client URL TOKEN [TRANSPORT]   a client; TRANSPORT: the only one, else polling first and then WebSocket
//
// Says: { connected } (and { transport }, a server), { disconnected }, { refused }, { alive } (a ping was answered), { event, args, ack }, { acked, args }.
// Does: { emit, args, ack? } to every agent (server) or to the server (client); { disconnect }: closes the connections.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [kind, url, token, transport = kind === 'server' ? url : undefined] = process.argv.slice(2);
const say = value => console.log(JSON.stringify(value));
let sockets = new Set();

function listen(socket) {
  socket.onAny((event, ...args) => {
    const answer = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    say({ event, args, ack: !!answer });
    answer?.({});
  });
}

if (kind === 'server') {
  const { Server } = await import('socket.io');
  const http = createServer();
  const server = new Server(http, transport && { transports: [transport] });
  server.use((socket, next) => {
    if (socket.handshake.auth.token !== 'refused') return next();
    say({ refused: socket.handshake.auth });
    next(new Error('Authentication error'));
  });
  server.engine.on('connection_error', error => say({ broken: error.message }));
  server.engine.on('connection', socket => socket.on('heartbeat', () => say({ alive: true })));
  server.on('connection', socket => {
    sockets.add(socket);
    say({ connected: socket.handshake.auth, transport: socket.conn.transport.name });
    socket.on('disconnect', reason => {
      sockets.delete(socket);
      say({ disconnected: reason });
    });
    listen(socket);
  });
  http.listen(0, '127.0.0.1', () => say({ listening: http.address().port }));
} else {
  const { io } = await import('socket.io-client');
  const socket = io(url, { auth: { token }, ...(transport && { transports: [transport] }) });
  sockets = [socket];
  socket.on('connect', () => say({ connected: {} }));
  socket.on('disconnect', reason => say({ disconnected: reason }));
  socket.on('connect_error', error => say({ refused: error.message }));
  listen(socket);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { emit, args, ack, disconnect } = JSON.parse(line);
  for (const socket of sockets) {
    if (disconnect) socket.conn ? socket.conn.close() : socket.disconnect();
    else if (ack) socket.emit(emit, ...args, (...answer) => say({ acked: emit, args: answer }));
    else socket.emit(emit, ...args);
  }
}
process.exit(0);
