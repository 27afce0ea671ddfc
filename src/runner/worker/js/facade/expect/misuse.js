// A matcher that cannot be used so, whatever `not` says.
import { printVisibly, typeName } from './print.js';

/** `label` is `Expected` or `Received`: whose value is at fault. */
export function misuse(hint, words, label, value, Kind = Error) {
  return wrong(new Kind(`${hint}\n\nMatcher error: ${words}\n\n${withType(label, value)}`));
}

export function withType(label, value) {
  const type = value === null || value === undefined ? '' : `${label} has type:  ${typeName(value)}\n`;
  return `${type}${label} has value: ${printVisibly(value)}`;
}

/** Marks an error as one of use, not of outcome. */
export function wrong(error) {
  Object.defineProperty(error, 'isMisuse', { value: true });
  return error;
}

/** `Label:   value` lines with the values in one column; `not` goes in front of the first. */
export function rows(pairs, isNot = false) {
  const width = Math.max(...pairs.map(([label]) => label.length));
  return pairs.map(([label, value], index) => `${label}: ${' '.repeat(isNot && index > 0 ? width - label.length : isNot ? 0 : width - label.length)}${isNot ? (index === 0 ? 'not ' : '    ') : ''}${value}`).join('\n');
}
