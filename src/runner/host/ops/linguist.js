// Answers what test code asks `Intl`, in a page of its own that nothing else runs in. Texts of JSON both ways, see intl/ask.js of the worker.
() => {
  const KEPT = 1000;
  const formatters = new Map();

  const untagged = value => {
    if (value === null || typeof value !== 'object') return value;
    if ('bigint' in value) return BigInt(value.bigint);
    if ('number' in value) return Number(value.number);
    if ('list' in value) return value.list.map(untagged);
    return 'fields' in value ? Object.fromEntries(value.fields.map(([key, item]) => [key, untagged(item)])) : undefined;
  };

  function formatter(kind, locales, options, key) {
    let found = formatters.get(key);
    if (!found) {
      if (formatters.size >= KEPT) formatters.delete(formatters.keys().next().value);
      formatters.set(key, (found = new Intl[kind](locales, options)));
    }
    return found;
  }

  function facts(tag, options) {
    const locale = new Intl.Locale(tag, options);
    const facts = { name: locale.toString(), maximized: locale.maximize().toString(), minimized: locale.minimize().toString() };
    for (const key of ['baseName', 'calendar', 'caseFirst', 'collation', 'hourCycle', 'language', 'numberingSystem', 'numeric', 'region', 'script']) facts[key] = locale[key];
    for (const key of ['Calendars', 'Collations', 'HourCycles', 'NumberingSystems', 'TextInfo', 'TimeZones', 'WeekInfo'])
      facts[key[0].toLowerCase() + key.slice(1)] = locale[`get${key}`]?.();
    return facts;
  }

  function say({ kind, locales, options, method, args }, key) {
    if (method === 'supportedLocalesOf') return Intl[kind].supportedLocalesOf(locales, options);
    switch (kind) {
      case 'Intl': return method === 'supportedValuesOf' ? Intl.supportedValuesOf(args[0]) : Intl.getCanonicalLocales(locales);
      case 'Locale': return facts(locales[0], options);
      case 'String': return args[0][method](locales);
      case 'Date': return new Date(args[0])[method](locales, options);
    }
    const result = formatter(kind, locales, options, key)[method](...args);
    return kind === 'Segmenter' && method === 'segment' ? [...result] : result;
  }

  return {
    answer(question) {
      const { kind, locales, options, method, args } = JSON.parse(question);
      try {
        const asked = { kind, locales: untagged(locales), options: untagged(options), method, args: args.map(untagged) };
        return JSON.stringify({ value: say(asked, JSON.stringify([kind, locales, options])) });
      } catch ({ name, message }) {
        return JSON.stringify({ error: { name, message } });
      }
    },
  };
}
