// The client code that the protocols' documents print, run as it is: `node seeds.mjs 001|003-node|004-browser|004-node URL TOKEN`. What differs
// is the address, the token and what a browser has and Node.js does not. Each message that a client hands to its handlers is a line
// of JSON on standard output; a line of JSON on standard input calls a method: {"call":"startAgent","args":["run-1"]}.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import vm from 'node:vm';
import ts from 'typescript';
import WebSocket from 'ws';

const [which, url, token] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const address = url.replace(/^http/, 'ws');

/** The code of a document's fence that begins so. */
function printed(document, beginning) {
  const text = readFileSync(new URL(`../../fixtures/seeds/${document}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```\w*\n([^]*?)^```/gm)].map(match => match[1]);
  const found = blocks.filter(block => block.trimStart().startsWith(beginning));
  if (found.length !== 1) throw new Error(`${document} has ${found.length} blocks that begin with ${beginning}`);
  // How they are used stands below in the same block.
  return found[0].split('// Usage')[0];
}

function replaced(code, what, by) {
  if (!code.includes(what)) throw new Error(`the code has no ${what}`);
  return code.replaceAll(what, by);
}

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

const quiet = { log: () => {}, error: (...args) => say({ error: args.map(String) }) };
const world = vm.createContext({ WebSocket, setInterval, clearInterval, setTimeout, clearTimeout, console: quiet, require });
world.window = world;

const clients = {
  '001': () => {
    const code = ts.transpileModule(printed('001-ai-agent-websocket.md', 'class AgentWebSocketClient'), {
      compilerOptions: { target: 'es2022', module: 'none' },
    }).outputText;
    const Client = vm.runInContext(`${code}; AgentWebSocketClient`, world);
    const client = new Client(`${address}/ws`, token);
    handlers(client, ['handleAuthenticationResponse', 'handleStepUpdate', 'handleCompletion', 'handleError']);
    return client;
  },
  '003-node': () => {
    const code = ts.transpileModule(printed('003-swe-agent-socketio.md', 'import io from "socket.io-client"'), {
      compilerOptions: { target: 'es2022', module: 'commonjs', esModuleInterop: true },
    }).outputText;
    const node = vm.createContext({
      require, exports: {}, localStorage: { getItem: () => token },
      console: { log: (...args) => say({ log: args }), error: (...args) => say({ error: args.map(String) }) },
    });
    return vm.runInContext(`(() => { ${replaced(code, 'http://localhost:8000', url)}; return socket; })()`, node);
  },
  '004-browser': () => {
    const code = printed('004-cloud-agents-websocket.md', 'class CloudAgentsWebSocket');
    const Client = vm.runInContext(`${replaced(code, 'ws://localhost:3000', address)}; CloudAgentsWebSocket`, world);
    const client = new Client(token);
    handlers(client, ['onAgentStatus', 'onChatMessage', 'onNotification', 'onUserPresence']);
    return client;
  },
  '004-node': () => {
    const code = printed('004-cloud-agents-websocket.md', "const WebSocket = require('ws')");
    const its = replaced(replaced(code, 'ws://localhost:3000', address), 'test-token', token);
    const node = vm.createContext({ require, console: { log: (...args) => say({ log: args }) } });
    return vm.runInContext(`(() => { ${its}; return ws; })()`, node);
  },
};

const client = clients[which]();
createInterface({ input: process.stdin })
  .on('line', line => {
    const { call, args } = JSON.parse(line);
    client[call](...args);
  })
  .on('close', () => process.exit());
