// `devices['Pixel 7']`: the descriptors that recordings know too, read when a file asks. Chromium plays all of them.
import text from 'understudy:model/devices.js';

let table;
const known = () => (table ??= JSON.parse(text));
const trap = name => (_target, ...args) => Reflect[name](known(), ...args);
export const devices = new Proxy({}, {
  get: trap('get'), has: trap('has'), ownKeys: trap('ownKeys'),
  getOwnPropertyDescriptor: (_target, name) => known()[name] && { value: known()[name], enumerable: true, configurable: true, writable: true },
});
