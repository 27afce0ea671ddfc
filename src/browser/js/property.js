(element, path) => {
  const names = path.split('.');
  let value = element;
  for (const name of names) {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return undefined;
    value = value[name];
  }
  return value;
}
