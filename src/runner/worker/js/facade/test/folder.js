// Where an attempt leaves its files, named as Playwright names it: CI jobs collect these folders by name.
import { native } from '../native.js';

/** Longest part of a name that is made from file and titles. */
const LONGEST = 60;

/** `test-results/` + `login-says-hello-retry1`. */
export function attemptFolder(base, { file, titles, project, retry, repeat }) {
  const path = file.replace(/\.(spec|test)\.[mc]?[jt]sx?$/, '').replace(/^(\.\.\/)+/, '').replaceAll('/', '-');
  let name = shortened(`${path}-${plain(titles.join(' '))}`, LONGEST);
  if (project) name += `-${plain(project)}`;
  if (retry) name += `-retry${retry}`;
  if (repeat) name += `-repeat${repeat}`;
  return joined(base, name);
}

/** Every run of characters that mean something to a shell or a file system becomes a dash. */
export function plain(text) {
  return text.replace(/[\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+/g, '-');
}

/** The middle gives way to a digest of the whole. */
export function shortened(text, longest) {
  if (text.length <= longest) return text;
  const middle = `-${native.sha1(text).slice(0, 5)}-`;
  const start = Math.floor((longest - middle.length) / 2);
  return text.slice(0, start) + middle + text.slice(-(longest - middle.length - start));
}

/** Below `folder`, or undefined where `segments` lead out of it. */
export function below(folder, segments) {
  const parts = [];
  for (const part of segments.join('/').split('/')) {
    if (part === '..') { if (parts.pop() === undefined) return undefined; } else if (part && part !== '.') parts.push(part);
  }
  return joined(folder, parts.join('/'));
}

function joined(...parts) { return parts.filter(Boolean).join('/'); }
