// Node.js's `buffer`.
const { Buffer, atob, btoa } = globalThis;
export { Buffer, atob, btoa };
export default { Buffer, atob, btoa };
