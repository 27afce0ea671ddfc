// The option `clientCertificates` on its way to the host.

/** The same options; what is wrong with a certificate is told as `apiName: …`. */
export function withCertificates(options, apiName) {
  if (!options.clientCertificates) return options;
  try {
    return { ...options, clientCertificates: options.clientCertificates.map(told) };
  } catch (error) {
    error.message = `${apiName}: ${error.message}`;
    throw error;
  }
}

function told(given, index) {
  const { origin, certPath, keyPath, pfxPath, passphrase } = given;
  const [cert, key, pfx] = ['cert', 'key', 'pfx'].map(name => given[name] ?? given[`${name}Path`]);
  if (!origin) throw new Error(`clientCertificates[${index}].origin: expected string, got ${typeof origin}`);
  if (!cert && !key && !given.passphrase && !pfx) throw new Error('None of cert, key, passphrase or pfx is specified');
  if (cert && !key) throw new Error('cert is specified without key');
  if (!cert && key) throw new Error('key is specified without cert');
  if (pfx && (cert || key)) throw new Error('pfx is specified together with cert, key or passphrase');
  const [inCert, inKey, inPfx] = ['cert', 'key', 'pfx'].map(name => given[name]?.toString('base64'));
  return { origin, cert: inCert, key: inKey, pfx: inPfx, certPath, keyPath, pfxPath, passphrase };
}
