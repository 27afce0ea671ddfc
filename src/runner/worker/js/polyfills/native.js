// `__native` for polyfills that are evaluated when they are imported: it is taken away after start-up.
export const native = globalThis.__native;
