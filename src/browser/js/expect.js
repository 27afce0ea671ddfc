// Matchers of `expect(locator)` and `expect(page)`: `{ matches, received }` of one look at the page.

class TextMatcher {
  constructor({ string, regex, matchSubstring, ignoreCase, normalizeWhiteSpace }) {
    this.ignoreCase = ignoreCase;
    this.normalizeWhiteSpace = normalizeWhiteSpace;
    this.substring = matchSubstring;
    if (regex) {
      const flags = new Set(regex.flags);
      if (ignoreCase === false) flags.delete('i');
      if (ignoreCase === true) flags.add('i');
      this.regex = new RegExp(regex.source, [...flags].join(''));
    } else {
      this.string = this.normalize(string ?? '');
    }
  }

  normalize(text) {
    const even = this.normalizeWhiteSpace ? collapse(text) : text;
    return this.ignoreCase ? even.toLocaleLowerCase() : even;
  }

  matches(text) {
    if (this.regex) {
      this.regex.lastIndex = 0;
      return this.regex.test(text);
    }
    const normal = this.normalize(text);
    return this.substring ? normal.includes(this.string) : normal === this.string;
  }

  /** `partial`: all expected classes are there. */
  matchesClasses(list, partial) {
    if (!partial || this.regex) return this.matches(list.toString());
    return this.string.split(/\s+/).filter(Boolean).every(name => list.contains(name));
  }
}

const isListMatcher = matcher => matcher === 'to.have.count' || matcher.endsWith('.array');
const STATE_MATCHERS = { 'to.be.disabled': 'disabled', 'to.be.enabled': 'enabled', 'to.be.editable': 'editable', 'to.be.hidden': 'hidden', 'to.be.visible': 'visible' };

/** One look. Without an element: `{ missing: true }`, and the caller knows what that means for the matcher. */
async function expectation(params, handles, log) {
  const { matcher, expectedText } = params;
  if (matcher === 'to.have.title' || matcher === 'to.have.url') {
    const received = matcher === 'to.have.title' ? document.title : location.href;
    log.push(`  locator resolved to ${preview(document.documentElement)}`);
    return { received, matches: new TextMatcher(expectedText[0]).matches(received) };
  }
  const list = isListMatcher(matcher);
  const elements = withCaches(() => elementsOf({ ...params, strict: !list }, handles));
  if (list) {
    log.push(`  locator resolved to ${elements.length} element${elements.length === 1 ? '' : 's'}`);
    return withCaches(() => expectList(elements, params));
  }
  if (!elements.length) return { missing: true };
  const line = `  locator resolved to ${preview(elements[0])}`;
  if (matcher === 'to.be.in.viewport') {
    const ratio = await viewportRatio(elements[0]);
    log.push(line);
    return { received: `viewport ratio ${ratio}`, matches: ratio > 0 && ratio > (params.expectedNumber ?? 0) - 1e-9 };
  }
  const result = withCaches(() => expectOne(elements[0], params));
  log.push(line);
  return result;
}

function expectList(elements, { matcher, expectedText, expectedNumber, useInnerText }) {
  if (matcher === 'to.have.count') return { received: elements.length, matches: elements.length === expectedNumber };
  const classes = matcher === 'to.have.class.array' || matcher === 'to.contain.class.array';
  const values = classes ? elements.map(element => element.classList) : elements.map(element => shownText(element, useInnerText));
  const received = values.map(String);
  if (values.length !== expectedText.length && matcher !== 'to.contain.text.array') return { received, matches: false };
  // Each expected one in order; `to.contain.text.array` may skip some.
  const matchers = expectedText.map(text => new TextMatcher(text));
  let next = 0;
  for (const value of values) {
    if (next === matchers.length) break;
    const fits = classes ? matchers[next].matchesClasses(value, matcher === 'to.contain.class.array') : matchers[next].matches(value);
    if (fits) next++;
  }
  return { received, matches: next === matchers.length };
}

/** What a failure can be understood by: the element where it is to be seen, else the page. */
function evidence(params, handles) {
  const ofPage = params.matcher === 'to.have.title' || params.matcher === 'to.have.url';
  const [element] = ofPage ? [] : elementsOf(params, handles);
  const isShown = element && params.frameVisible && isVisible(element);
  if (!isShown && !document.body) return null;
  const depth = isShown && params.matcher !== 'to.have.text' ? 1 : 0;
  return yamlOf(treeJson(distil(ariaTree(isShown ? element : document.body)), { depth }).json);
}

const shownText = (element, innerText) => (innerText ? element.innerText : textOf(element).full);

function connected(result) {
  if (result.received === 'detached') throw new StateError('Element is not connected');
  return { matches: result.matches, received: result.received };
}

function expectOne(element, params) {
  const { matcher, expectedText, expectedValue, expressionArg } = params;
  if (STATE_MATCHERS[matcher]) return connected(stateOf(element, STATE_MATCHERS[matcher], params.frameVisible));
  switch (matcher) {
    case 'to.be.attached': return { matches: true, received: 'attached' };
    case 'to.be.detached': return { matches: false, received: 'attached' };
    case 'to.be.readonly': {
      const { matches, received } = connected(stateOf(element, 'editable'));
      return { matches: !matches, received };
    }
    case 'to.be.checked': {
      const { checked, indeterminate } = plainValue(expectedValue) ?? {};
      if (indeterminate && checked !== undefined) throw new StateError('Can\'t assert indeterminate and checked at the same time');
      return connected(stateOf(element, indeterminate ? 'indeterminate' : checked === false ? 'unchecked' : 'checked'));
    }
    case 'to.be.empty': {
      const field = element.nodeName === 'INPUT' || element.nodeName === 'TEXTAREA';
      const full = field ? element.value : element.textContent?.trim();
      return { matches: !full, received: full ? 'notEmpty' : 'empty' };
    }
    case 'to.be.focused': {
      const focused = isActive(element);
      return { matches: focused, received: focused ? 'focused' : 'inactive' };
    }
    case 'to.have.attribute': {
      const has = element.hasAttribute(expressionArg);
      return { matches: has, received: has ? 'attribute present' : 'attribute not present' };
    }
    case 'to.have.values': {
      const select = retarget(element, 'follow-label');
      if (select.nodeName !== 'SELECT' || !select.multiple) throw new StateError('Not a select element with a multiple attribute');
      const received = [...select.selectedOptions].map(option => option.value);
      const matches = received.length === expectedText.length && received.every((value, i) => new TextMatcher(expectedText[i]).matches(value));
      return { received, matches };
    }
    case 'to.have.class': case 'to.contain.class':
      return {
        received: element.classList.toString(),
        matches: new TextMatcher(expectedText[0]).matchesClasses(element.classList, matcher === 'to.contain.class'),
      };
    case 'to.match.aria': return matchSnapshot(element, plainValue(expectedValue));
  }
  const received = receivedText(element, params);
  if (received === null) return { received, matches: false };
  return { received, matches: new TextMatcher(expectedText[0]).matches(received) };
}

function receivedText(element, { matcher, expressionArg, useInnerText, pseudo }) {
  switch (matcher) {
    case 'to.have.text': return shownText(element, useInnerText);
    case 'to.have.attribute.value': return element.getAttribute(expressionArg);
    case 'to.have.css': return getComputedStyle(element, pseudo ? `::${pseudo}` : undefined).getPropertyValue(expressionArg);
    case 'to.have.id': return element.id;
    case 'to.have.role': return roleOf(element) ?? '';
    case 'to.have.accessible.name': return nameOf(element);
    case 'to.have.accessible.description': return descriptionOf(element);
    case 'to.have.accessible.error.message': return errorMessageOf(element);
    case 'to.have.value': {
      const field = retarget(element, 'follow-label');
      if (!['INPUT', 'TEXTAREA', 'SELECT'].includes(field.nodeName)) throw new StateError('Not an input element');
      return field.value;
    }
    default: throw new StateError(`Unknown expect matcher: ${matcher}`);
  }
}

/** The few shapes of a serialized value that matchers use. */
function plainValue(value) {
  if (value === null || typeof value !== 'object') return value;
  if ('v' in value) return undefined;
  if ('o' in value) return Object.fromEntries(value.o.map(([key, item]) => [key, plainValue(item)]));
  if ('a' in value) return value.a.map(plainValue);
  return value;
}

function viewportRatio(element) {
  return new Promise(resolve => {
    const observer = new IntersectionObserver(entries => {
      observer.disconnect();
      resolve(entries[0].intersectionRatio);
    });
    observer.observe(element);
    // Without a frame the observer never speaks.
    requestAnimationFrame(() => {});
  });
}
