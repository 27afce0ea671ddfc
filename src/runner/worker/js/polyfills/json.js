// `JSON.parse` says what is wrong in V8's words, which people know and search for. The engine's parser decides; only a text that it
// refuses is read again here, to find the words.

const MINE = 10;

class Scanner {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }
  get next() { return this.text[this.at]; }
  skipSpace() { while (/[ \t\n\r]/.test(this.next ?? '')) this.at++; }
  fail(words) { throw `${words} in JSON at position ${this.at}`; }
  /** At what may not stand here. */
  unexpected() {
    const { text, at, next } = this;
    if (next === undefined) throw 'Unexpected end of JSON input';
    if (/[-\d]/.test(next)) this.fail('Unexpected number');
    if (next === '"') this.fail('Unexpected string');
    if (['NaN', 'Infinity', 'undefined', '[object Object]'].includes(text)) throw `"${text}" is not valid JSON`;
    const isShort = text.length <= 2 * MINE;
    const [start, end] = isShort ? [0, text.length] : [Math.max(0, at - MINE), Math.min(text.length, at + MINE)];
    throw `Unexpected token '${next}', ${start > 0 ? '...' : ''}"${text.slice(start, end)}"${end < text.length ? '...' : ''} is not valid JSON`;
  }
  /** One of these characters, or an error in these words. */
  expect(characters, words) {
    this.skipSpace();
    if (this.next === undefined || !characters.includes(this.next)) this.fail(words);
    return this.text[this.at++];
  }
  document() {
    this.value();
    this.skipSpace();
    if (this.next !== undefined) throw `Unexpected non-whitespace character after JSON at position ${this.at}`;
  }
  value() {
    this.skipSpace();
    const { next } = this;
    if (next === '{') this.object();
    else if (next === '[') this.array();
    else if (next === '"') this.string();
    else if (next !== undefined && /[-\d]/.test(next)) this.number();
    else this.literal();
  }
  literal() {
    const word = { t: 'true', f: 'false', n: 'null' }[this.next];
    if (!word) this.unexpected();
    for (const letter of word) {
      if (this.next !== letter) this.unexpected();
      this.at++;
    }
  }
  object() {
    this.at++;
    this.skipSpace();
    if (this.next === '}') { this.at++; return; }
    if (this.next !== '"') this.fail('Expected property name or \'}\'');
    do {
      this.skipSpace();
      if (this.next !== '"') this.fail('Expected double-quoted property name');
      this.string();
      this.expect(':', 'Expected \':\' after property name');
      this.value();
    } while (this.expect(',}', 'Expected \',\' or \'}\' after property value') === ',');
  }
  array() {
    this.at++;
    this.skipSpace();
    if (this.next === ']') { this.at++; return; }
    do this.value(); while (this.expect(',]', 'Expected \',\' or \']\' after array element') === ',');
  }
  string() {
    this.at++;
    for (;;) {
      const { next } = this;
      if (next === undefined) this.fail('Unterminated string');
      if (next < ' ') this.fail('Bad control character in string literal');
      this.at++;
      if (next === '"') return;
      if (next === '\\') this.escape();
    }
  }
  escape() {
    if (this.next === undefined) this.unexpected();
    if (!'"\\/bfnrtu'.includes(this.next)) this.fail('Bad escaped character');
    if (this.text[this.at++] !== 'u') return;
    for (let i = 0; i < 4; i++) {
      if (!/[\da-f]/i.test(this.next ?? '')) this.fail('Bad Unicode escape');
      this.at++;
    }
  }
  number() {
    const digits = words => {
      if (!/\d/.test(this.next ?? '')) this.fail(words);
      while (/\d/.test(this.next ?? '')) this.at++;
    };
    if (this.next === '-') this.at++;
    if (this.next === '0') {
      this.at++;
      if (/\d/.test(this.next ?? '')) this.fail('Unexpected number');
    } else {
      digits('No number after minus sign');
    }
    if (this.next === '.') { this.at++; digits('Unterminated fractional number'); }
    if (this.next === 'e' || this.next === 'E') {
      this.at++;
      if (this.next === '+' || this.next === '-') this.at++;
      digits('Exponent part is missing a number');
    }
  }
}

/** What V8 says of a text that is not JSON; undefined where it finds nothing wrong. */
function wordsFor(text) {
  try {
    new Scanner(text).document();
    return undefined;
  } catch (words) {
    return words;
  }
}

const { parse } = JSON;
Object.defineProperty(JSON, 'parse', {
  configurable: true,
  writable: true,
  value: {
    parse(text, reviver) {
      const source = `${text}`;
      try {
        return parse(source, reviver);
      } catch (error) {
        const words = error instanceof SyntaxError ? wordsFor(source) : undefined;
        if (typeof words === 'string') throw Object.defineProperty(error, 'message', { value: words, configurable: true, writable: true });
        throw error;
      }
    },
  }.parse,
});
