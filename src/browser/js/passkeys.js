// What `context.credentials.install()` leaves in every document: `navigator.credentials` for public keys asks us, and not a device.
// Called with the name of the binding that reaches us.
binding => {
  const KEY = '__understudy_passkeys';
  if (globalThis[KEY] || !globalThis.navigator) return;
  const tell = globalThis[binding];
  const waiting = new Map();
  let last = 0;
  Object.defineProperty(globalThis, KEY, { value: (seq, answer) => {
    const settle = waiting.get(seq);
    waiting.delete(seq);
    settle?.(answer);
  } });

  const ask = async passkey => {
    const seq = ++last;
    const answer = await new Promise(resolve => {
      waiting.set(seq, resolve);
      tell(JSON.stringify({ passkey, seq }));
    });
    if (answer.name) throw new DOMException(answer.message, answer.name);
    return answer;
  };

  const bytes = source => (!source ? new Uint8Array() : ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source));
  const text = source => btoa(Array.from(bytes(source), byte => String.fromCharCode(byte)).join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const buffer = base64 => Uint8Array.from(atob(base64.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0)).buffer;
  const names = list => Array.from(list ?? [], ({ id }) => text(id));

  /** An object of one of the browser's own classes, where it has them: an insecure page has none. */
  const made = (type, properties, methods) => {
    const object = Object.create(globalThis[type]?.prototype ?? Object.prototype);
    for (const [name, value] of Object.entries(properties)) Object.defineProperty(object, name, { value, enumerable: true, configurable: true });
    return Object.assign(object, methods);
  };
  const credential = ({ id }, response, json) => made('PublicKeyCredential', { id, rawId: buffer(id), type: 'public-key', authenticatorAttachment: 'platform', response }, {
    getClientExtensionResults: () => ({}),
    toJSON: () => ({ id, rawId: id, response: json, authenticatorAttachment: 'platform', clientExtensionResults: {}, type: 'public-key' }),
  });

  async function create({ challenge, rp, user, excludeCredentials, authenticatorSelection }) {
    const answer = await ask({
      type: 'create', origin: location.origin, challenge: text(challenge), rpId: rp?.id || location.hostname, user: text(user?.id),
      excluded: names(excludeCredentials), isFound: ['required', 'preferred'].includes(authenticatorSelection?.residentKey),
    });
    const { clientDataJSON, attestationObject, authenticatorData, publicKey } = answer;
    const [transports, publicKeyAlgorithm] = [['internal'], -7];
    const response = made('AuthenticatorAttestationResponse', { clientDataJSON: buffer(clientDataJSON), attestationObject: buffer(attestationObject) }, {
      getTransports: () => [...transports], getAuthenticatorData: () => buffer(authenticatorData), getPublicKey: () => buffer(publicKey), getPublicKeyAlgorithm: () => publicKeyAlgorithm,
    });
    return credential(answer, response, { clientDataJSON, authenticatorData, transports, publicKey, publicKeyAlgorithm, attestationObject });
  }

  async function get({ challenge, rpId, allowCredentials }) {
    const answer = await ask({ type: 'get', origin: location.origin, challenge: text(challenge), rpId: rpId || location.hostname, allowed: names(allowCredentials) });
    const { clientDataJSON, authenticatorData, signature, userHandle } = answer;
    const response = made('AuthenticatorAssertionResponse', {
      clientDataJSON: buffer(clientDataJSON), authenticatorData: buffer(authenticatorData), signature: buffer(signature), userHandle: userHandle ? buffer(userHandle) : null,
    }, {});
    return credential(answer, response, { clientDataJSON, authenticatorData, signature, ...(userHandle ? { userHandle } : {}) });
  }

  if (!navigator.credentials) {
    Object.defineProperty(navigator, 'credentials', { value: { create: async () => null, get: async () => null }, writable: true, configurable: true });
  }
  const { credentials } = navigator;
  const device = { create: credentials.create.bind(credentials), get: credentials.get.bind(credentials) };
  credentials.create = async options => (options?.publicKey ? create(options.publicKey) : device.create(options));
  credentials.get = async options => (options?.publicKey ? get(options.publicKey) : device.get(options));
  if (globalThis.PublicKeyCredential) {
    PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable = async () => true;
    PublicKeyCredential.isConditionalMediationAvailable = async () => true;
  }
}
