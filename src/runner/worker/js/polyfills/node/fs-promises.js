// Node.js's `fs/promises`.
import { promises } from './fs.js';

export const { readFile, writeFile, appendFile, access, stat, lstat, readdir, mkdir, mkdtemp, rm, unlink, rmdir, rename, copyFile, realpath, constants } = promises;
export default promises;
