// Headers: as a list in the order of the wire, as an object with the values of a name together.

/** Headers to send, which are texts. */
export function textHeaders(headers) {
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && typeof value !== 'string') throw new Error(`Expected value of header "${name}" to be String, but "${typeof value}" is found.`);
  return headers;
}

/** `[{ name, value }]` of an object; what is undefined is left out. */
export const headersList = headers => Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: String(value) }]));

export class RawHeaders {
  #list;
  constructor(list) { this.#list = list; }
  values(name) {
    const wanted = name.toLowerCase();
    return this.#list.filter(header => header.name.toLowerCase() === wanted).map(header => header.value);
  }
  value(name) {
    const values = this.values(name);
    return values.length ? values.join(name.toLowerCase() === 'set-cookie' ? '\n' : ', ') : null;
  }
  object() { return Object.fromEntries(this.#list.map(({ name }) => [name.toLowerCase(), this.value(name)])); }
  list() { return this.#list.map(header => ({ ...header })); }
}
