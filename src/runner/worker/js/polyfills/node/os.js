// Node.js's `os`: as much as is the same everywhere.
export const EOL = '\n';
export const devNull = '/dev/null';
export const tmpdir = () => process.env.TMPDIR ?? '/tmp';
export const homedir = () => process.env.HOME ?? '/';
export const platform = () => process.platform;
export const type = () => 'Linux';
export const arch = () => process.arch;
export const release = () => '';
export const hostname = () => process.env.HOSTNAME ?? 'localhost';
export const cpus = () => [];
export const availableParallelism = () => 1;
export const totalmem = () => 0;
export const freemem = () => 0;
export const uptime = () => process.uptime();
export const networkInterfaces = () => ({});
export const userInfo = () => ({ username: process.env.USER ?? '', homedir: homedir(), shell: process.env.SHELL ?? null, uid: -1, gid: -1 });
export const constants = { signals: {} };
export default { EOL, devNull, tmpdir, homedir, platform, type, arch, release, hostname, cpus, availableParallelism, totalmem, freemem, uptime, networkInterfaces, userInfo, constants };
