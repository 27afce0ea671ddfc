// A page with the hooks and components that the protocols' documents print, unchanged but for the address, the token and an import that 003's
// hook forgets: `node serve.mjs URL TOKEN` says {listening} and serves it at `/?execution=…&session=…`.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { printed, replaced } from '../fences.mjs';

const [url, token] = process.argv.slice(2);
const address = url.replace(/^http/, 'ws');
const here = name => fileURLToPath(new URL(name, import.meta.url));
const [TESTFLOW, TESTBRO, SWE, CLOUD] =
  ['000-testflow-socketio-events', '002-testbro-socketio', '003-swe-agent-socketio', '004-cloud-agents-websocket'];

const exported = (code, name) => `${code}\nexport { ${name} };`;
const component = (name, beginning) => exported(printed(TESTBRO, beginning), name);

/** What the page imports, by name. */
const documents = {
  '000/connection': () => exported(
    replaced(printed(TESTFLOW, 'import { io }'), { 'http://localhost:3000': url, 'your-jwt-token-here': token }), 'socket'),
  '000/MyComponent': () => exported(printed(TESTFLOW, "import { useEffect } from 'react'"), 'MyComponent'),
  '002/MyComponent': () => component('MyComponent', "import { useWebSocket } from '@/hooks/useWebSocket';"),
  '002/ExecutionMonitor': () => component('ExecutionMonitor', "import { useExecutionWebSocket }"),
  '002/BrowserController': () => component('BrowserController', "import { useBrowserWebSocket }"),
  '002/Header': () => component('Header', 'import WebSocketStatus'),
  '003/useWebSocket': () => `import { useState } from 'react';
    ${replaced(printed(SWE, 'import { useEffect, useRef, useCallback }'), { 'http://localhost:8000': url })}`,
  '004/Dashboard': () => exported(replaced(printed(CLOUD, 'import { useEffect, useState, useRef }'), {
    'ws://localhost:3000': address, "useWebSocket('your-token')": `useWebSocket('${token}')`,
  }), 'Dashboard'),
};
/** What the documents name and do not print, as their importers know it. */
const missing = { '000': 'hooks/testflow.jsx', '002': 'hooks/testbro.jsx' };

const seeds = {
  name: 'seeds',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^seed:/ }, ({ path }) => ({ path: path.slice('seed:'.length), namespace: 'seed' }));
    onResolve({ filter: /^@\// }, ({ importer }) => ({ path: here(missing[importer.split('/')[0]]) }));
    onLoad({ filter: /./, namespace: 'seed' }, ({ path }) => ({ contents: documents[path](), loader: 'tsx', resolveDir: here('.') }));
  },
};

const bundle = await build({
  entryPoints: [here('page.jsx')], bundle: true, write: false, jsx: 'automatic', plugins: [seeds],
  define: { 'process.env.NODE_ENV': '"development"', CONFIG: JSON.stringify({ url, token }) },
});
const files = {
  '/': ['text/html; charset=utf-8', '<!doctype html><title>Components of the documents</title><main></main><script src="/page.js"></script>'],
  '/page.js': ['text/javascript; charset=utf-8', bundle.outputFiles[0].contents],
};

createServer((request, response) => {
  const [type, body] = files[new URL(request.url, 'http://localhost').pathname] ?? [];
  response.writeHead(body ? 200 : 204, type && { 'content-type': type }).end(body);
}).listen(0, '127.0.0.1', function () { console.log(JSON.stringify({ listening: this.address().port })); });
process.stdin.on('close', () => process.exit()).resume();
