// The official server in the place of a hub: what one peer says in a room, all others in it hear. Prints its port.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'] });
io.use((socket, next) => (socket.handshake.auth.token ? next() : next(new Error('Authentication error'))));
io.on('connection', socket => {
  socket.join('user:ada');
  socket.on('execution:log', line => socket.to('user:ada').emit('execution:log', line));
});
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
