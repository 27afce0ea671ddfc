// A server for fixtures/site, on any free port, with what specs need of one beside files. tests/support/site.rs, where that is
// described, does the same for the Rust tests; change both.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, STATUS_CODES } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { WebSocketServer } from 'ws';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' };

/** Serves `folder`; resolves to `{ url, close }`. */
export async function serveSite(folder) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', async () => {
      if (request.url === '/tls') response.end(JSON.stringify(await server.secure()));
      else answer(request, Buffer.concat(chunks), response, folder);
    });
  });
  const sockets = new WebSocketServer({ server, path: '/ws' });
  sockets.on('connection', socket => {
    socket.send('hello');
    socket.on('message', (data, binary) => {
      if (!binary && String(data) === 'close') socket.close(3001, 'bye');
      else socket.send(data, { binary });
    });
  });
  // What closing the servers would wait for.
  const tunnels = new Set();
  server.on('connect', ({ url }, socket) => {
    const other = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(other).pipe(socket);
    });
    for (const end of [socket, other]) tunnels.add(end.on('error', () => { socket.destroy(); }).on('close', () => tunnels.delete(end)));
  });
  await listen(server);
  let secure;
  server.secure = async () => (secure ??= serveSecure(server)).then(({ told }) => told);
  const close = one => new Promise(done => { one.closeAllConnections(); one.close(done); });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      for (const end of tunnels) end.destroy();
      for (const one of [server, ...(secure ? (await secure).servers : [])]) await close(one);
    },
  };
}

const listen = server => new Promise(done => server.listen(0, '127.0.0.1', done));

/** The site over TLS, and one that says who asks; certificates are made by openssl. */
async function serveSecure(site) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-tls-'));
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const text = name => readFileSync(join(folder, name), 'utf8');
  const fresh = (name, subject) => ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`, '-subj', `/CN=${subject}`];
  openssl(...fresh('ca', 'localhost'), '-x509', '-out', 'ca.pem');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost');
  for (const [name, subject] of [['server', 'understudy.test'], ['client', 'Alice']]) {
    openssl(...fresh(name, subject), '-out', `${name}.csr`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-out', `${name}.pem`);
  }
  const chest = ['pkcs12', '-export', '-in', 'client.pem', '-inkey', 'client.key', '-certfile', 'ca.pem', '-passout', 'pass:secret'];
  openssl(...chest, '-out', 'client.pfx');
  openssl(...chest, '-out', 'old.pfx', '-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1');
  openssl('pkcs8', '-topk8', '-v2', 'aes-256-cbc', '-in', 'client.key', '-passout', 'pass:secret', '-out', 'locked.key');
  const own = { key: text('server.key'), cert: text('server.pem') };
  const https = createSecureServer(own, (request, response) => site.emit('request', request, response));
  https.on('upgrade', (...all) => site.emit('upgrade', ...all));
  const mutual = createSecureServer({ ...own, ca: text('ca.pem'), requestCert: true, rejectUnauthorized: false }, (request, response) => {
    response.writeHead(request.client.authorized ? 200 : 401, { 'content-type': 'text/plain' });
    response.end(request.client.authorized ? 'hello Alice' : 'who are you?');
  });
  const bytes = name => readFileSync(join(folder, name)).toString('base64');
  const told = { cert: text('client.pem'), key: text('client.key'), locked: text('locked.key'), pfx: bytes('client.pfx'), oldPfx: bytes('old.pfx') };
  rmSync(folder, { recursive: true });
  for (const [name, server] of Object.entries({ https, mutual })) {
    await listen(server);
    told[name] = `https://localhost:${server.address().port}`;
  }
  return { servers: [https, mutual], told };
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
  if (request.url.startsWith('http://auth.') && request.headers['proxy-authorization'] !== 'Basic dXNlcjpwYXNz') {
    end(407, [text, ['proxy-authenticate', 'Basic realm="the proxy"']], 'who are you?');
    return;
  }
  switch (url.pathname) {
    case '/hang': return;
    case '/half':
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write('<!doctype html><title>Half</title><h1>Half</h1>');
      return;
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
