// Node.js's `path` on POSIX.
const sep = '/';
const delimiter = ':';

function normalizeParts(path, absolute) {
  const parts = [];
  for (const part of path.split('/')) {
    if (!part || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length && parts.at(-1) !== '..') parts.pop();
    else if (!absolute) parts.push('..');
  }
  return parts.join('/');
}
function check(path, name = 'path') {
  if (typeof path !== 'string') throw new TypeError(`The "${name}" argument must be of type string. Received ${path === null ? 'null' : typeof path}`);
}
function isAbsolute(path) { check(path); return path.startsWith('/'); }
function normalize(path) {
  check(path);
  if (!path) return '.';
  const absolute = isAbsolute(path);
  let result = normalizeParts(path, absolute);
  if (!result && !absolute) result = '.';
  if (result && path.endsWith('/')) result += '/';
  return (absolute ? '/' : '') + result;
}
function join(...parts) {
  for (const part of parts) check(part);
  const joined = parts.filter(Boolean).join('/');
  return joined ? normalize(joined) : '.';
}
function resolve(...parts) {
  let path = '';
  for (let i = parts.length - 1; i >= 0 && !path.startsWith('/'); i--) {
    check(parts[i]);
    if (parts[i]) path = path ? `${parts[i]}/${path}` : parts[i];
  }
  if (!path.startsWith('/')) path = path ? `${process.cwd()}/${path}` : process.cwd();
  return `/${normalizeParts(path, true)}`;
}
function dirname(path) {
  check(path);
  const trimmed = path.replace(/\/+$/, '');
  const at = trimmed.lastIndexOf('/');
  if (at < 0) return path.startsWith('/') && !trimmed ? '/' : '.';
  return trimmed.slice(0, at).replace(/\/+$/, '') || '/';
}
function basename(path, suffix = '') {
  check(path);
  const base = path.replace(/\/+$/, '').split('/').at(-1);
  return suffix && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
}
function extname(path) {
  const base = basename(path);
  const at = base.lastIndexOf('.');
  return at <= 0 || base === '..' ? '' : base.slice(at);
}
function relative(from, to) {
  const a = resolve(from).split('/').filter(Boolean), b = resolve(to).split('/').filter(Boolean);
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return [...a.slice(same).map(() => '..'), ...b.slice(same)].join('/');
}
function parse(path) {
  const base = basename(path), ext = extname(path);
  const root = isAbsolute(path) ? '/' : '';
  const dir = dirname(path);
  return { root, dir: dir === '.' && !path.startsWith('.') ? '' : dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
}
function format({ dir, root = '', base, name = '', ext = '' }) {
  const file = base ?? name + (ext && !ext.startsWith('.') ? `.${ext}` : ext);
  if (!dir) return root + file;
  return dir === root ? dir + file : `${dir}/${file}`;
}
const path = { sep, delimiter, isAbsolute, normalize, join, resolve, dirname, basename, extname, relative, parse, format, toNamespacedPath: path => path };
path.posix = path;
export { sep, delimiter, isAbsolute, normalize, join, resolve, dirname, basename, extname, relative, parse, format };
export const posix = path;
export default path;
