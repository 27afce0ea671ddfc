// Node.js's `url`.
const { URL, URLSearchParams } = globalThis;
const fileURLToPath = url => decodeURIComponent(new URL(url).pathname);
const pathToFileURL = path => new URL(`file://${encodeURI(path)}`);
export { URL, URLSearchParams, fileURLToPath, pathToFileURL };
export default { URL, URLSearchParams, fileURLToPath, pathToFileURL };
