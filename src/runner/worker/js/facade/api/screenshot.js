// Pictures come as base64 and go to the test as a Buffer; a path was written by the host, below the artifact folder.
export function saveScreenshot({ base64 }) {
  return Buffer.from(base64, 'base64');
}
