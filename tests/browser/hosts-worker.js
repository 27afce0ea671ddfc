// A worker of whichever kind: asks for what it is sent, and says whether that was refused.
const ask = async url => {
  try {
    await fetch(url, { mode: 'no-cors' });
    return false;
  } catch {
    return true;
  }
};
self.addEventListener('message', async ({ data, ports }) => (ports[0] ?? self).postMessage(await ask(data)));
self.addEventListener('connect', ({ ports: [port] }) => {
  port.addEventListener('message', async ({ data }) => port.postMessage(await ask(data)));
  port.start();
});
