// A server for fixtures/site, on any free port, with what specs need of one beside files. tests/support/site.rs, where that is
// described, does the same for the Rust tests; change both.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, STATUS_CODES } from 'node:http';
import { WebSocketServer } from 'ws';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };

/** Serves `folder`; resolves to `{ url, close }`. */
export async function serveSite(folder) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks), response, folder));
  });
  const sockets = new WebSocketServer({ server, path: '/ws' });
  sockets.on('connection', socket => {
    socket.send('hello');
    socket.on('message', (data, binary) => {
      if (!binary && String(data) === 'close') socket.close(3001, 'bye');
      else socket.send(data, { binary });
    });
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => new Promise(done => { server.closeAllConnections(); server.close(done); }) };
}

function answer(request, body, response, folder) {
  const url = new URL(request.url, 'http://x');
  const asked = name => url.searchParams.get(name);
  const end = (status, headers, content) => {
    const bytes = Buffer.from(content);
    response.sendDate = false;
    response.writeHead(status, STATUS_CODES[status], [...headers, ['content-length', String(bytes.length)]].flat());
    response.end(bytes);
  };
  const text = ['content-type', 'text/plain'];
  switch (url.pathname) {
    case '/hang': return;
    case '/close': request.socket.destroy(); return;
    case '/redirect': end(Number(asked('status') ?? 302), [text, ['location', asked('to') ?? '/']], ''); return;
    case '/echo':
      end(200, [['content-type', 'application/json']], JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body: body.toString('utf8') }));
      return;
    case '/answer': {
      let headers = [text];
      for (const header of url.searchParams.getAll('h')) {
        const [name, value] = header.split(/: (.*)/s);
        headers = [...headers.filter(([other]) => name === 'set-cookie' || other !== name), [name, value]];
      }
      end(Number(asked('status') ?? 200), headers, asked('body') ?? '');
      return;
    }
    case '/auth':
      if (request.headers.authorization === 'Basic dXNlcjpwYXNz') end(200, [text], 'welcome');
      else end(401, [text, ['www-authenticate', 'Basic realm="the site"']], 'who are you?');
      return;
  }
  let file = join(folder, normalize(decodeURIComponent(url.pathname)));
  if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
  if (existsSync(file)) end(200, [['content-type', TYPES[extname(file)] ?? 'application/octet-stream']], readFileSync(file));
  else end(404, [text], 'not found');
}
