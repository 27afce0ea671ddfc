// CSS selector text -> lists of compounds, in which Playwright's own pseudo-classes are taken out of the native text.
//
// A list is `[complex]`; a complex is `[{ css, functions: [{ name, args }], combinator }]`, `combinator` leading to the next compound
// ('' is a descendant); an argument is a string, a number or a complex.

const CSS_FUNCTIONS = new Set(['not', 'is', 'where', 'has', 'scope', 'light', 'visible', 'text', 'text-matches', 'text-is', 'has-text',
  'above', 'below', 'right-of', 'left-of', 'near', 'nth-match']);
const NAME_CHAR = /[-\w\u0080-\uffff]/;

class CssParser {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  list() {
    const complexes = [];
    for (;;) {
      complexes.push(this.complex());
      this.space();
      if (this.peek() !== ',') return complexes;
      this.at++;
    }
  }

  complex() {
    const compounds = [];
    this.space();
    // `> span` is relative to the scope.
    if (/[>+~]/.test(this.peek())) compounds.push({ css: '', functions: [{ name: 'scope', args: [] }], combinator: '' });
    else compounds.push({ ...this.compound(), combinator: '' });
    for (;;) {
      const before = this.at;
      this.space();
      const c = this.peek();
      if (c === '' || c === ',' || c === ')') return compounds;
      if (c === '>' || c === '+' || c === '~') {
        compounds.at(-1).combinator = c;
        this.at++;
        this.space();
        if (/^[,)]?$/.test(this.peek())) this.fail();
      } else if (this.at === before) {
        this.fail();
      }
      compounds.push({ ...this.compound(), combinator: '' });
    }
  }

  compound() {
    let css = '';
    const functions = [];
    for (let first = true; ; first = false) {
      const c = this.peek();
      const start = this.at;
      if (c === '*' || (first && this.isNameStart())) {
        if (!first) this.fail();
        if (c === '*') this.at++;
        else this.name();
        css += this.text.slice(start, this.at);
      } else if (c === '#' || c === '.') {
        this.at++;
        this.name();
        css += this.text.slice(start, this.at);
      } else if (c === '[') {
        this.brackets();
        css += this.text.slice(start, this.at);
      } else if (c === ':') {
        this.at++;
        const element = this.peek() === ':';
        if (element) this.at++;
        const name = this.name().toLowerCase();
        const call = this.peek() === '(';
        if (!element && CSS_FUNCTIONS.has(name)) functions.push({ name, args: call ? this.args() : [] });
        else {
          if (call) this.brackets();
          css += this.text.slice(start, this.at);
        }
      } else {
        if (!css && !functions.length) this.fail();
        return { css, functions };
      }
    }
  }

  args() {
    this.at++;
    const args = [];
    for (;;) {
      this.space();
      const c = this.peek();
      if (c === ')' && !args.length) break;
      if (c === '"' || c === '\'') {
        args.push(this.string());
      } else if (/^[+-]?\.?\d/.test(this.text.slice(this.at, this.at + 3))) {
        const number = /^[+-]?\d*\.?\d+/.exec(this.text.slice(this.at))[0];
        this.at += number.length;
        args.push(Number(number));
      } else {
        args.push(this.complex());
      }
      this.space();
      if (this.peek() !== ',') break;
      this.at++;
    }
    if (this.peek() !== ')') this.fail();
    this.at++;
    return args;
  }

  /** Skips a balanced `(…)` or `[…]`. */
  brackets() {
    const closing = [];
    do {
      const c = this.peek();
      if (c === '') this.fail();
      if (c === '"' || c === '\'') {
        this.string();
        continue;
      }
      if (c === '\\') this.at++;
      else if (c === '(') closing.push(')');
      else if (c === '[') {
        if (closing.at(-1) === ']') this.fail();
        closing.push(']');
      } else if (c === closing.at(-1)) closing.pop();
      this.at++;
    } while (closing.length);
  }

  string() {
    const quote = this.text[this.at++];
    let value = '';
    while (this.peek() !== quote) {
      if (this.peek() === '') this.fail();
      value += this.peek() === '\\' ? this.escape() : this.text[this.at++];
    }
    this.at++;
    return value;
  }

  escape() {
    this.at++;
    const hex = /^[0-9a-fA-F]{1,6}/.exec(this.text.slice(this.at, this.at + 6));
    if (!hex) {
      const c = this.text[this.at++] ?? '';
      return c === '\n' ? '' : c;
    }
    this.at += hex[0].length;
    if (/\s/.test(this.peek())) this.at++;
    const code = parseInt(hex[0], 16);
    return code === 0 || code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  }

  name() {
    let name = '';
    while (this.at < this.text.length) {
      const c = this.text[this.at];
      if (c === '\\') {
        name += this.escape();
      } else if (NAME_CHAR.test(c)) {
        name += c;
        this.at++;
      } else {
        break;
      }
    }
    if (!name) this.fail();
    return name;
  }

  isNameStart() {
    const c = this.peek();
    return c === '\\' || (NAME_CHAR.test(c) && !/\d/.test(c));
  }

  space() {
    for (;;) {
      if (/\s/.test(this.peek())) this.at++;
      else if (this.text.startsWith('/*', this.at)) {
        const end = this.text.indexOf('*/', this.at);
        this.at = end === -1 ? this.text.length : end + 2;
      } else return;
    }
  }

  peek() {
    return this.text[this.at] ?? '';
  }

  fail() {
    throw new EngineError(`Unexpected token "${this.peek()}" while parsing css selector "${this.text}". Did you mean to CSS.escape it?`);
  }
}

function parseCss(text) {
  const parser = new CssParser(text);
  const list = parser.list();
  if (parser.peek() !== '') parser.fail();
  return list;
}
