// Node.js's `process`.
const process = globalThis.process;
export const { env, argv, platform, arch, pid, version, versions, cwd, hrtime, nextTick, uptime, stdout, stderr } = process;
export default process;
