// The client code that the protocols' documents print, run as it is: `node seeds.mjs WHICH URL TOKEN`. What differs is the address, the token,
// ids where the document has a word in their place, and what a browser has and Node.js does not. Each message that a client hands to its
// handlers or prints is a line of JSON on standard output; a line of JSON on standard input calls a method: {"call":"startAgent","args":["run-1"]}.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import vm from 'node:vm';
import { io } from 'socket.io-client';
import WebSocket from 'ws';
import { printed, replaced, script } from './fences.mjs';

const [which, url, token] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const address = url.replace(/^http/, 'ws');
const [TESTFLOW, AI_RUN, SWE, CLOUD] =
  ['000-testflow-socketio-events', '001-ai-agent-websocket', '003-swe-agent-socketio', '004-cloud-agents-websocket'];

const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);
const handlers = (client, names) => {
  for (const name of names) {
    const own = client[name];
    client[name] = (...args) => {
      say({ handler: name, args });
      return own.apply(client, args);
    };
  }
};

const error = (...args) => say({ error: args.map(String) });
const told = { log: (...args) => say({ log: args }), error };
const quiet = { log: () => {}, error };
/** A place for scripts that see each other's `const`. */
const room = has => {
  const context = vm.createContext({ require, exports: {}, console: told, ...has });
  return code => vm.runInContext(code, context);
};
/** That which has `class` beside how it is used has that below it. */
const classOf = (document, name) => printed(document, `class ${name}`).split('// Usage')[0];
const browser = () => {
  const world = { WebSocket, setInterval, clearInterval, setTimeout, clearTimeout, console: quiet };
  return room({ ...world, window: world });
};

const clients = {
  '000': () => {
    const run = room({});
    const connect = replaced(printed(TESTFLOW, 'import { io }'), { 'http://localhost:3000': url, 'your-jwt-token-here': token });
    run(script(connect));
    for (const event of ['connect\'', 'disconnect\'', 'reconnect\'', 'connect_error\'', 'error\'', 'agent:status', 'execution:log', 'execution:complete', 'recording:ready', 'recording:complete']) {
      run(printed(TESTFLOW, `socket.on('${event}`));
    }
    const does = (event, what) => run(replaced(printed(TESTFLOW, `socket.emit('${event}'`), what));
    return { does };
  },
  '001': () => {
    const Client = browser()(`${script(classOf(AI_RUN, 'AgentWebSocketClient'))}; AgentWebSocketClient`);
    const client = new Client(`${address}/ws`, token);
    handlers(client, ['handleAuthenticationResponse', 'handleStepUpdate', 'handleCompletion', 'handleError']);
    return client;
  },
  '001-messages': () => {
    const ws = new WebSocket(`${address}/ws`);
    ws.on('message', data => say({ message: JSON.parse(data) }));
    const run = room({ ws });
    ws.on('open', () => run(replaced(script(printed(AI_RUN, '// Type definition\ninterface AuthenticationMessage')), { 'your-jwt-token': token })));
    return { start: id => run(replaced(script(printed(AI_RUN, 'interface StartAgentMessage')), { 'unique-run-id': id })) };
  },
  '003-node': () => {
    const code = replaced(script(printed(SWE, 'import io from "socket.io-client"')), { 'http://localhost:8000': url });
    room({ localStorage: { getItem: () => token } })(code);
  },
  '003-auth': () => {
    room({ io })(replaced(printed(SWE, 'const socket = io("http://localhost:8000/ws", {'), { 'http://localhost:8000': url, 'your-jwt-token': token })
      + printed(SWE, 'socket.on("connect", () => console.log("Connected"))'));
  },
  '003-query': () => {
    const run = room({ io, setProject: project => say({ project }) });
    run(replaced(printed(SWE, 'const socket = io("http://localhost:8000/ws?'), { 'http://localhost:8000': url, 'your-jwt-token': token }));
    run(printed(SWE, 'socket.emit("subscribe", { room: "project:123" })'));
    return { does: event => run(printed(SWE, `socket.emit("${event}", {${event === 'ping' ? '}' : '\n'}`)) };
  },
  '004-browser': () => {
    const code = replaced(classOf(CLOUD, 'CloudAgentsWebSocket'), { 'ws://localhost:3000': address });
    const Client = browser()(`${code}; CloudAgentsWebSocket`);
    const client = new Client(token);
    handlers(client, ['onAgentStatus', 'onChatMessage', 'onNotification', 'onUserPresence']);
    return client;
  },
  '004-node': () => room({})(replaced(printed(CLOUD, "const WebSocket = require('ws')"), { 'ws://localhost:3000': address, 'test-token': token })),
  '004-line': () => {
    const run = room({ WebSocket });
    run(replaced(printed(CLOUD, 'const ws = new WebSocket('), { 'ws://localhost:3000': address, 'abc123': token }));
    run('ws').on('message', data => say({ message: JSON.parse(data) }));
  },
  // What a person types into that program, said by the package it is made of. The token is the document's.
  '004-wscat': () => {
    const [, place, lines] = /^wscat -c "ws:\/\/localhost:3000([^"]*)"\n([^]*)/m.exec(printed(CLOUD, '# Connect\nwscat'));
    const ws = new WebSocket(`${address}${place}`);
    ws.on('message', data => say({ message: JSON.parse(data) }));
    ws.on('open', () => [...lines.matchAll(/^> (.*)/gm)].forEach(([, line]) => ws.send(line)));
  },
};

const client = clients[which]();
createInterface({ input: process.stdin })
  .on('line', line => {
    const { call, args } = JSON.parse(line);
    client[call](...args);
  })
  .on('close', () => process.exit());
