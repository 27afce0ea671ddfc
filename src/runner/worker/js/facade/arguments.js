// What callers hand to operations, checked before it leaves: TypeScript would have said the same, JavaScript has nobody to say it.
// Names nobody knows are left alone, as Playwright leaves them.

const kind = (name, accepts) => (value, path) => (accepts(value) ? undefined : `${path}: expected ${name}, got ${typeof value}`);
const string = kind('string', value => typeof value === 'string');
const boolean = kind('boolean', value => typeof value === 'boolean');
const float = kind('float', value => typeof value === 'number');
const integer = kind('integer', value => Number.isInteger(value));
const oneOf = (...names) => (value, path) => (names.includes(value) ? undefined : `${path}: expected one of (${names.join('|')})`);
const orNull = rule => (value, path) => (value === null ? undefined : rule(value, path));
const list = item => (value, path) => (Array.isArray(value) ? first(value.map((one, i) => item(one, `${path}[${i}]`))) : `${path}: expected array, got ${typeof value}`);
const object = (fields, also) => (value, path) => {
  if (typeof value !== 'object' || value === null) return `${path}: expected object, got ${typeof value}`;
  return first(Object.entries(fields).map(([name, rule]) => rule(value[name], `${path}.${name}`))) ?? also?.(value, path);
};
const optional = rule => (value, path) => (value === undefined ? undefined : rule(value, path));
const named = (rule, name) => value => rule(value, name);
const first = messages => messages.find(message => message !== undefined);

const point = object({ x: float, y: float });
const loading = oneOf('load', 'domcontentloaded', 'networkidle', 'commit');

/** What an option or a parameter of this name is, whatever the operation. */
const FIELDS = {
  button: oneOf('left', 'right', 'middle'), clickCount: integer, delay: float, position: point, sourcePosition: point, targetPosition: point,
  modifiers: list(oneOf('Alt', 'Control', 'ControlOrMeta', 'Meta', 'Shift')), force: boolean, trial: boolean, noWaitAfter: boolean, strict: boolean, steps: integer,
  scroll: oneOf('auto', 'none'),
  selector: string, key: string, text: string, x: float, y: float, deltaX: float, deltaY: float, html: string, waitUntil: loading,
};

const locator = (required, fields) => ({ required, fields });
const snapshot = { mode: oneOf('ai', 'default'), depth: integer, boxes: boolean };
const picture = {
  type: oneOf('png', 'jpeg', 'webp'), fullPage: boolean, omitBackground: boolean, path: string,
  clip: object({ x: float, y: float, width: float, height: float },
    ({ width, height }) => (width <= 0 ? 'Expected options.clip.width to be greater than 0.' : height <= 0 ? 'Expected options.clip.height to be greater than 0.' : undefined)),
  quality: (value, path, { type = 'png' }) => integer(value, path)
    ?? (type === 'png' ? 'options.quality is unsupported for the png screenshots' : undefined)
    ?? (value < 0 || value > 100 ? `Expected options.quality to be between 0 and 100 (inclusive), got ${value}` : undefined),
};
const range = (name, low, high) => (value, path) => float(value, path) ?? (value < low || value > high ? `${path}: precondition ${low} <= ${name} <= ${high} failed.` : undefined);
const address = url => (URL.canParse(url) ? undefined : { name: 'TypeError', message: 'Invalid URL' });
const cookie = object({ name: string, value: string },
  ({ name, url, domain, path, expires }) => {
    if (!url && !(domain && path)) return 'Cookie should have a url or a domain/path pair';
    if (url && domain) return 'Cookie should have either url or domain';
    if (url && path) return 'Cookie should have either url or path';
    if ((expires < 0 && expires !== -1) || expires > LAST_EXPIRY) return 'Cookie should have a valid expires, only -1 or a positive number for the unix timestamp in seconds is allowed';
    if (url === 'about:blank') return `Blank page can not have cookie "${name}"`;
    if (url?.startsWith('data:')) return `Data URL page can not have cookie "${name}"`;
    return url ? address(url) : undefined;
  });
/** The end of the year 9999. */
const LAST_EXPIRY = 253402300799;
const size = (value, path) => first(['width', 'height'].map(name => integer(value[name], `${path}.${name}`)));
const contextOptions = options => {
  if (options.viewport === null) for (const name of ['deviceScaleFactor', 'isMobile']) if (options[name] !== undefined && options[name] !== false) return `"${name}" option is not supported with null "viewport"`;
  return first(['viewport', 'screen'].map(name => (options[name] ? size(options[name], name) : undefined)));
};

const PERMISSIONS = ['accelerometer', 'ambient-light-sensor', 'background-sync', 'camera', 'clipboard-read', 'clipboard-write', 'geolocation', 'gyroscope', 'local-fonts',
  'local-network-access', 'magnetometer', 'microphone', 'midi', 'midi-sysex', 'notifications', 'payment-handler', 'screen-wake-lock', 'storage-access'];

/** What must be there, and names that mean something else here. */
const OPERATIONS = {
  'locator.fill': locator(['value'], { value: string }),
  'locator.press': locator(['key']),
  'locator.pressSequentially': locator(['text']),
  'locator.getAttribute': locator(['name'], { name: string }),
  'locator.dispatchEvent': locator(['type'], { type: string }),
  'locator.waitFor': locator([], { state: oneOf('attached', 'detached', 'visible', 'hidden') }),
  'locator.selectOption': locator([], { options: list(optionOf) }),
  'locator.setInputFiles': locator([], { files: (files, path) => list(({ base64, path: from }, at) => (base64 === undefined && from === undefined ? `${at}.buffer: expected Buffer, got undefined` : undefined))(files, 'payloads') }),
  'locator.ariaSnapshot': locator([], snapshot),
  'locator.ariaSnapshotJSON': locator([], snapshot),
  'locator.screenshot': locator([], picture),
  'page.screenshot': { fields: picture },
  'page.pdf': {
    fields: {
      landscape: boolean, displayHeaderFooter: boolean, printBackground: boolean, preferCSSPageSize: boolean, tagged: boolean, outline: boolean, scale: float,
      format: string, width: string, height: string, headerTemplate: string, footerTemplate: string, pageRanges: string,
      margin: object({ top: optional(string), right: optional(string), bottom: optional(string), left: optional(string) }),
    },
  },
  'page.setViewportSize': { required: ['width', 'height'], fields: { width: named(integer, 'viewportSize.width'), height: named(integer, 'viewportSize.height') } },
  'page.emulateMedia': { fields: { media: orNull(oneOf('screen', 'print', 'no-override')), colorScheme: orNull(oneOf('dark', 'light', 'no-preference', 'no-override')) } },
  'frame.goto': { required: ['url'], fields: { url: string } },
  'frame.setContent': { required: ['html'] },
  'frame.waitForLoadState': { fields: { state: loading } },
  'frame.waitForSelector': { required: ['selector'], fields: { state: oneOf('attached', 'detached', 'visible', 'hidden') } },
  'frame.querySelector': { required: ['selector'] },
  'frame.querySelectorAll': { required: ['selector'] },
  'keyboard.down': { required: ['key'] }, 'keyboard.up': { required: ['key'] }, 'keyboard.press': { required: ['key'] },
  'keyboard.type': { required: ['text'] }, 'keyboard.insertText': { required: ['text'] },
  'mouse.move': { required: ['x', 'y'] }, 'mouse.click': { required: ['x', 'y'] }, 'mouse.wheel': { required: ['deltaX', 'deltaY'] }, 'touchscreen.tap': { required: ['x', 'y'] },
  'context.new': { fields: { options: contextOptions } },
  'context.cookies': { fields: { urls: list(address) } },
  'api.cookies': { fields: { urls: list(address) } },
  'context.addCookies': { required: ['cookies'], fields: { cookies: list(cookie) } },
  'api.addCookies': { required: ['cookies'], fields: { cookies: list(cookie) } },
  'screencast.showActions': {
    fields: {
      cursor: oneOf('none', 'pointer'), duration: float, fontSize: integer, position: oneOf('top-left', 'top', 'top-right', 'bottom-left', 'bottom', 'bottom-right'),
      style: object({ point: optional(string), highlight: optional(string), title: optional(string) }),
    },
  },
  'context.setGeolocation': { fields: { geolocation: optional(object({ latitude: range('LATITUDE', -90, 90), longitude: range('LONGITUDE', -180, 180), accuracy: optional(float) })) } },
  'context.grantPermissions': { fields: { permissions: list(name => (PERMISSIONS.includes(name) ? undefined : `Unknown permission: ${name}`)) } },
  'context.setOffline': { required: ['offline'], fields: { offline: boolean } },
};

/** Texts mean value or label; they and descriptions do not go together. */
function optionOf(option, path) {
  if (typeof option !== 'object') return `${path}: expected object, got ${typeof option}`;
  if (typeof option.valueOrLabel === 'object') return `${path}.valueOrLabel: expected string, got object`;
  return object({ value: optional(string), label: optional(string), index: optional(integer) })(option, path);
}

/** What is wrong with the parameters of an operation: a message, one with the name of its error, or undefined. */
export function mistake(operation, params) {
  const { required = [], fields = {} } = OPERATIONS[operation] ?? {};
  const rules = operation.startsWith('locator.') && params.handle === undefined ? ['selector', ...required] : required;
  const rule = name => fields[name] ?? FIELDS[name];
  const missing = first(rules.map(name => (params[name] === undefined ? rule(name)?.(undefined, name, params) : undefined)));
  if (missing) return missing;
  for (const name in params) {
    const value = params[name];
    if (value === undefined) continue;
    const message = rule(name)?.(value, name, params);
    if (message) return message;
  }
  return undefined;
}
