// Options of a PDF: lengths that are numbers are pixels.
const length = value => (typeof value === 'number' ? `${value}px` : value);

export function paper(options) {
  const { margin, width, height, ...rest } = options;
  const sides = margin && Object.fromEntries(['top', 'right', 'bottom', 'left'].map(side => [side, length(margin[side])]));
  return { ...rest, margin: sides, width: length(width), height: length(height) };
}
