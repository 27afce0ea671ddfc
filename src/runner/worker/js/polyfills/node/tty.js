// Node.js's `tty`: there is none.
export const isatty = () => false;
export default { isatty };
