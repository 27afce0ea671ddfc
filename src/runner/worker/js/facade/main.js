// Start of the facade: what the engine calls (`__facade`), and what the host says (`__onMessage`).
import { explain } from 'understudy:polyfills/explain.js';
import { send } from './native.js';
import { testError } from './errors.js';
import { answered } from './op.js';
import { dispatchEvent } from './api/registry.js';
import './unsupported.js';
import { expectDefaults } from './expect/defaults.js';
import './index.js';
import { plainConfig } from './config.js';
import { keepHooks, runHooks } from './hooks.js';
import { beginFile, endFile } from './test/declare.js';
import { begin, cancelRun, listTests, runningAttempt, runTests } from './test/runner.js';

const hidden = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

hidden('__facade', {
  begin(configJson, entryPath) {
    const config = JSON.parse(configJson);
    const given = config.expectTimeout ?? 5000;
    expectDefaults.timeout = () => given;
    expectDefaults.attempt = runningAttempt;
    begin(config, beginFile(entryPath));
  },
  loaded() {
    endFile();
    return JSON.stringify(listTests());
  },
  config(module) {
    endFile();
    return JSON.stringify({ t: 'configLoaded', ...plainConfig(module), env: { ...process.env } });
  },
  hooks(module) {
    endFile();
    keepHooks(module);
    return JSON.stringify({ t: 'hooksLoaded' });
  },
  loadError: error => JSON.stringify(testError(error)),
});

hidden('__onMessage', text => {
  const message = JSON.parse(text);
  switch (message.t) {
    case 'opResult': answered(message); break;
    case 'event': dispatchEvent(message); break;
    case 'run': runTests(message).catch(error => { send({ t: 'error', error: testError(error) }); send({ t: 'done', remaining: [], spent: true }); }); break;
    case 'hooks': runHooks(message).then(send); break;
    case 'cancel': cancelRun(); break;
  }
});

hidden('__log', (level, text) => {
  send({ t: 'log', test: runningAttempt()?.test.id ?? null, level, text });
});

/** Every `await X` of the test code is `await __aw(X, …)`: the chain of awaits becomes part of an error's stack. */
hidden('__aw', (value, name, line, column, file) => {
  if (value === null || typeof value !== 'object' || typeof value.then !== 'function') return value;
  return value.then(undefined, error => {
    if (error !== null && typeof error === 'object' && typeof error.stack === 'string') {
      explain(error);
      const frame = `    at async ${name || '<anonymous>'} (${file}:${line}:${column})\n`;
      try { if (!error.stack.includes(frame)) error.stack += (error.stack && !error.stack.endsWith('\n') ? '\n' : '') + frame; } catch {}
    }
    throw error;
  });
});
