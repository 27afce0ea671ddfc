// `devices['Pixel 7']`: the table comes with recording for devices; until then a name says so.
const known = {
  'Desktop Chrome': { userAgent: undefined, viewport: { width: 1280, height: 720 }, deviceScaleFactor: 1, isMobile: false, hasTouch: false, defaultBrowserType: 'chromium' },
  'Desktop Edge': { userAgent: undefined, viewport: { width: 1280, height: 720 }, deviceScaleFactor: 1, isMobile: false, hasTouch: false, defaultBrowserType: 'chromium' },
  'Desktop Chrome HiDPI': { userAgent: undefined, viewport: { width: 1280, height: 720 }, deviceScaleFactor: 2, isMobile: false, hasTouch: false, defaultBrowserType: 'chromium' },
};
export const devices = new Proxy(known, {
  get(table, name) {
    if (typeof name === 'symbol' || name in table) return table[name];
    throw new Error(`devices[${JSON.stringify(name)}] is not supported yet. Supported devices: ${Object.keys(table).join(', ')}. The options viewport, deviceScaleFactor, isMobile, hasTouch and userAgent are.`);
  },
});
