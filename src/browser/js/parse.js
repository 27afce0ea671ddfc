// Selector text -> parts. The notation is Playwright's private one, so that locators of its API carry over.

const ENGINES = new Set(['css', 'css:light', 'xpath', 'xpath:light', 'text', 'text:light', 'id', 'id:light', 'role', 'nth', 'visible',
  'data-testid', 'data-testid:light', 'data-test-id', 'data-test-id:light', 'data-test', 'data-test:light',
  'aria-ref', 'left-of', 'right-of', 'above', 'below', 'near',
  'internal:text', 'internal:label', 'internal:role', 'internal:testid', 'internal:attr', 'internal:has-text', 'internal:has-not-text',
  'internal:has', 'internal:has-not', 'internal:and', 'internal:or', 'internal:chain', 'internal:describe', 'internal:control']);
/** Those that a test brought along, by name. */
const custom = new Map();
/** Engines whose body is another selector as a JSON string. */
const NESTED = new Set(['internal:has', 'internal:has-not', 'internal:and', 'internal:or', 'internal:chain']);
/** Engines whose body is a selector and perhaps a number of pixels, as a JSON array without brackets. */
const POSITIONAL = new Set(['left-of', 'right-of', 'above', 'below', 'near']);

const parsedSelectors = new Map();

/** `{ text, parts: [{ engine, body, nested?, distance?, css? }], capture? }` */
function parseSelector(text) {
  let parsed = parsedSelectors.get(text);
  if (!parsed) {
    parsed = parseUncached(text);
    if (parsedSelectors.size > 500) parsedSelectors.clear();
    parsedSelectors.set(text, parsed);
  }
  return parsed;
}

function parseUncached(text) {
  const parts = [];
  let capture;
  for (const piece of splitChain(text)) {
    const part = parsePart(piece);
    if (part.capture) {
      if (capture !== undefined) throw new EngineError('Only one of the selectors can capture using * modifier');
      capture = parts.length;
    }
    if (!ENGINES.has(part.engine) && !custom.has(part.engine)) throw new EngineError(`Unknown engine "${part.engine}" while parsing selector ${text}`);
    if (part.engine === 'css' || part.engine === 'css:light') part.css = parseCss(part.body);
    if (NESTED.has(part.engine)) part.nested = parseSelector(JSON.parse(part.body));
    if (POSITIONAL.has(part.engine)) {
      const [inner, distance] = JSON.parse(`[${part.body}]`);
      part.nested = parseSelector(inner);
      part.distance = distance;
    }
    parts.push(part);
  }
  return { text, parts, capture };
}

/** Splits at `>>`, but not inside quotes. */
function splitChain(text) {
  const pieces = [];
  let start = 0, quote = '', at = 0;
  // The quotes of `text=it's` are letters.
  const quotesAreLetters = () => /^\s*text\s*=./.test(text.slice(start, at));
  while (at < text.length) {
    const c = text[at];
    if (c === '\\' && at + 1 < text.length) {
      at += 2;
    } else if (quote) {
      if (c === quote) quote = '';
      at++;
    } else if ((c === '"' || c === '\'' || c === '`') && !quotesAreLetters()) {
      quote = c;
      at++;
    } else if (c === '>' && text[at + 1] === '>') {
      pieces.push(text.slice(start, at));
      at += 2;
      start = at;
    } else {
      at++;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}

function parsePart(piece) {
  const body = piece.trim();
  const equals = body.indexOf('=');
  const prefix = equals === -1 ? '' : body.slice(0, equals).trim();
  if (/^[a-zA-Z_0-9-+:*]+$/.test(prefix)) {
    const capture = prefix.startsWith('*');
    return { engine: capture ? prefix.slice(1) : prefix, body: body.slice(equals + 1), capture };
  }
  const quoted = body.length > 1 && (body[0] === '"' || body[0] === '\'') && body.endsWith(body[0]);
  if (quoted) return { engine: 'text', body };
  if (/^\(*\/\//.test(body) || body.startsWith('..')) return { engine: 'xpath', body };
  return { engine: 'css', body };
}

/** `button[name="x"i][checked=true]` -> `{ name, attributes: [{ name, op, value, exact }] }`; a value is string, regex, number or boolean. */
function parseAttributes(text, allowUnquoted) {
  let at = 0;
  const fail = () => {
    throw new EngineError(`Error while parsing selector \`${text}\` - unexpected symbol "${text[at] ?? ''}" at position ${at}`);
  };
  const space = () => {
    while (/\s/.test(text[at] ?? '')) at++;
  };
  const word = allowed => {
    space();
    const start = at;
    while (at < text.length && allowed.test(text[at])) at++;
    return text.slice(start, at);
  };
  const string = () => {
    const quote = text[at++];
    let value = '';
    while (at < text.length && text[at] !== quote) {
      if (text[at] === '\\') at++;
      value += text[at++] ?? fail();
    }
    if (text[at++] !== quote) fail();
    return value;
  };
  const regex = () => {
    const start = ++at;
    for (let inClass = false; at < text.length && (inClass || text[at] !== '/'); at++) {
      if (text[at] === '\\') at++;
      else if (text[at] === '[') inClass = true;
      else if (text[at] === ']') inClass = false;
    }
    if (text[at] !== '/') fail();
    const source = text.slice(start, at++);
    const flags = word(/[a-z]/);
    try {
      return new RegExp(source, flags);
    } catch (error) {
      throw new EngineError(`Error while parsing selector \`${text}\`: ${error.message}`);
    }
  };
  const name = word(/[^\s[\]"'=]/);
  const attributes = [];
  for (space(); at < text.length; space()) {
    if (text[at++] !== '[') fail();
    const attribute = { name: '', op: '<truthy>', value: null, exact: true };
    space();
    attribute.name = text[at] === '"' || text[at] === '\'' ? string() : word(/[^\s[\]"'=*^$~|]/);
    if (!attribute.name) fail();
    space();
    if (text[at] !== ']') {
      const op = /^(=|\*=|\^=|\$=|\|=|~=)/.exec(text.slice(at))?.[0] ?? fail();
      at += op.length;
      attribute.op = op;
      space();
      if (text[at] === '/') {
        if (op !== '=') throw new EngineError(`Error while parsing selector \`${text}\` - cannot use ${op} in attribute with regular expression`);
        attribute.value = regex();
      } else if (text[at] === '"' || text[at] === '\'') {
        attribute.value = string();
        const flag = word(/[isIS]/).toLowerCase();
        if (flag.length > 1) fail();
        attribute.exact = flag !== 'i';
      } else {
        const raw = word(/[^\s[\]"']/);
        if (raw === 'true' || raw === 'false') attribute.value = raw === 'true';
        else if (allowUnquoted) attribute.value = raw;
        else if (raw && !Number.isNaN(Number(raw))) attribute.value = Number(raw);
        else fail();
      }
      space();
    }
    if (text[at++] !== ']') fail();
    attributes.push(attribute);
  }
  if (!name && !attributes.length) {
    throw new EngineError(`Error while parsing selector \`${text}\` - selector cannot be empty`);
  }
  return { name, attributes };
}

function attributeMatches(actual, { op, value, exact }) {
  if (op === '<truthy>') return !!actual;
  if (op === '=' && value instanceof RegExp) return typeof actual === 'string' && value.test(actual);
  if (typeof actual !== 'string' || typeof value !== 'string') return op === '=' && actual === value;
  const [a, v] = exact ? [actual, value] : [actual.toUpperCase(), value.toUpperCase()];
  switch (op) {
    case '=': return a === v;
    case '*=': return a.includes(v);
    case '^=': return a.startsWith(v);
    case '$=': return a.endsWith(v);
    case '|=': return a === v || a.startsWith(v + '-');
    default: return a.split(' ').includes(v);
  }
}
