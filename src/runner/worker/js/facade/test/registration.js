// Fixtures as they are declared: named registrations, each knowing the one it overrides.

/** One fixture of a pool. */
class Registration {
  constructor(name, fields) {
    this.name = name;
    Object.assign(this, fields);
  }
}

const isWithOptions = declared => Array.isArray(declared) && declared.length === 2 && typeof declared[1] === 'object' && declared[1] !== null
  && ['scope', 'auto', 'option', 'timeout', 'title', 'box'].some(key => key in declared[1]);

/** Whether a fixture is declared as an option, whose value the run may give. */
export const declaresOption = declared => isWithOptions(declared) && Boolean(declared[1].option);

/** List of fixtures → name → registrations made from it. */
const registrations = new WeakMap();

/** All fixtures a test can see, by name. */
export class Pool {
  constructor(lists) {
    this.byName = new Map();
    for (const list of lists) {
      for (const [name, value] of Object.entries(list.fixtures)) {
        const registration = this.#known(list, name, value);
        if (list.isOfGroup && registration.scope === 'worker') {
          throw fixtureError(`Cannot use({ ${name} }) in a describe group, because it forces a new worker.\nMake it top-level in the test file or put in the configuration file.`, list.location);
        }
        this.byName.set(name, registration);
      }
    }
  }

  /** The same declaration over the same one is the same registration in every pool: worker fixtures outlive a pool. */
  #known(list, name, value) {
    const previous = this.byName.get(name);
    let byKey = registrations.get(list);
    if (!byKey) registrations.set(list, byKey = new Map());
    const made = byKey.get(name)?.find(registration => registration.previous === previous);
    if (made) return made;
    const registration = this.#make(name, value, list.location, previous);
    registration.isGiven = Boolean(list.isGiven);
    byKey.set(name, [...(byKey.get(name) ?? []), registration]);
    return registration;
  }

  #make(name, declared, location, previous) {
    const isTuple = isWithOptions(declared);
    let value = isTuple ? declared[0] : declared;
    const options = isTuple ? declared[1] : {};
    if (previous) {
      const taken = kind => fixtureError(`Fixture "${name}" has already been registered as a { ${kind}: '${previous.scope}' } fixture defined in ${place(previous)}.`, location);
      if (options.scope && options.scope !== previous.scope) throw taken('scope');
      if (options.auto !== undefined && Boolean(options.auto) !== previous.auto) throw taken('auto');
    }
    // An option set to undefined goes back to what the run says, or its default.
    if (value === undefined && previous?.option) {
      let first = previous;
      while (first.previous && !first.isGiven) first = first.previous;
      value = first.value;
    }
    const scope = previous?.scope ?? options.scope ?? 'test';
    if (scope !== 'test' && scope !== 'worker') throw fixtureError(`Fixture "${name}" has unknown { scope: '${scope}' }.`, location);
    const registration = new Registration(name, {
      value, scope, location, previous,
      auto: previous?.auto ?? Boolean(options.auto),
      option: previous?.option ?? Boolean(options.option),
      timeout: options.timeout ?? previous?.timeout,
      title: options.title ?? previous?.title ?? name,
      box: options.box ?? previous?.box ?? false,
    });
    registration.isFunction = typeof value === 'function';
    registration.needs = registration.isFunction ? parameterNames(value, location) : [];
    return registration;
  }

  /** The registration `name` means when `from` asks for it: its own name is the one it overrides. */
  resolve(name, from) {
    return from?.name === name ? from.previous : this.byName.get(name);
  }

  /** Throws as Playwright does where a function asks for something that is not there, or in a circle. */
  validate(names, what, location) {
    const visit = (name, from, path) => {
      const registration = this.resolve(name, from);
      if (!registration) throw fixtureError(from ? `Fixture "${from.name}" has unknown parameter "${name}".` : `${what} has unknown parameter "${name}".`, from?.location ?? location);
      if (from?.scope === 'worker' && registration.scope === 'test') throw fixtureError(`worker fixture "${from.name}" cannot depend on a test fixture "${name}" defined in ${place(registration)}.`, from.location);
      if (path.includes(registration)) {
        const circle = [...path.slice(path.indexOf(registration)), registration];
        throw fixtureError(`Fixtures ${circle.map(item => `"${item.name}"`).join(' -> ')} form a dependency cycle: ${circle.map(place).join(' -> ')}`, registration.location);
      }
      for (const need of registration.needs) visit(need, registration, [...path, registration]);
    };
    for (const name of names) visit(name, undefined, []);
  }

  autos(scope) { return [...this.byName.values()].filter(registration => registration.auto && registration.scope === scope); }
}

/** Where a fixture is declared, for messages. */
const place = ({ location }) => (location ? `${location.file}:${location.line}:${location.column}` : '<builtin>');

export function fixtureError(message, location) {
  const error = new Error(message);
  if (location) error.stack = `    at async ${location.file}:${location.line}:${location.column}\n`;
  return error;
}

const cache = new WeakMap();
/** For functions whose parameters cannot be read from their text. */
export function declareParameters(fn, names) { cache.set(fn, names); }

/** Names in the object pattern of a function's first parameter. */
export function parameterNames(fn, location) {
  if (!cache.has(fn)) cache.set(fn, parse(Function.prototype.toString.call(fn), location));
  return cache.get(fn);
}

function parse(source, location) {
  const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').trim();
  if (/^(?:async\s+)?[A-Za-z_$][\w$]*\s*=>/.test(text)) return [];
  const open = text.indexOf('(');
  const first = split(text.slice(open + 1, closing(text, open)))[0]?.trim() ?? '';
  if (!first) return [];
  if (!first.startsWith('{')) throw fixtureError(`First argument must use the object destructuring pattern: ${first}`, location);
  const names = split(first.slice(1, closing(first, 0))).map(part => part.trim()).filter(Boolean).map(part => part.split(/[:=]/)[0].trim());
  const rest = names.find(name => name.startsWith('...'));
  if (rest) throw fixtureError(`Rest property "${rest}" is not supported. List all used fixtures explicitly, separated by comma.`, location);
  return names;
}

/** Index of the bracket that closes the one at `open`. */
function closing(text, open) {
  let depth = 0;
  let quote = '';
  for (let i = open; i < text.length; i++) {
    const c = text[i];
    if (quote) { if (c === '\\') i++; else if (c === quote) quote = ''; continue; }
    if ('\'"`'.includes(c)) quote = c;
    else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c) && --depth === 0) return i;
  }
  return text.length;
}

/** At the commas that are not inside brackets or texts. */
function split(text) {
  const parts = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if ('([{'.includes(text[i])) i = closing(text, i);
    else if ('\'"`'.includes(text[i])) { const quote = text[i]; while (++i < text.length && text[i] !== quote) if (text[i] === '\\') i++; }
    else if (text[i] === ',') { parts.push(text.slice(start, i)); start = i + 1; }
  }
  return [...parts, text.slice(start)];
}
