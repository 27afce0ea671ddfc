// Runs what a test wrote in the page. Called with the two functions of model/serialize.js.
({ serialize, deserialize }) => {
  const evaluateGlobally = globalThis.eval;

  /** A function's text as a function; methods (`name() {}`) have no expression of their own. */
  function evaluate(text) {
    try {
      return evaluateGlobally('(' + text + '\n)');
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const method = text.startsWith('async ') ? 'async function ' + text.slice(6) : 'function ' + text;
      try {
        return evaluateGlobally('(' + method + '\n)');
      } catch {
        throw new Error('Passed function is not well-serializable!');
      }
    }
  }

  const isThenable = value => value !== null && typeof value === 'object' && typeof value.then === 'function';

  return {
    /** `isFunction`: true, false or null (call it if it turns out to be one). `leading` are passed before the argument as they are. */
    run(text, isFunction, byValue, arg, leadingCount, ...objects) {
      const leading = objects.slice(0, leadingCount);
      const parameters = [...leading, deserialize(arg, objects.slice(leadingCount))];
      let result = isFunction === true ? evaluate(text) : evaluateGlobally(text);
      if (isFunction === true || (isFunction === null && typeof result === 'function')) result = result(...parameters);
      if (!byValue) return result;
      return isThenable(result) ? result.then(value => serialize(value)) : serialize(result);
    },
    /** Like `run`, again and again until the result is true: at every frame (`raf`) or every so many milliseconds. */
    async poll(text, isFunction, polling, lifetime, arg, ...objects) {
      const end = performance.now() + lifetime;
      // Compiled once and at once: a page's policy forbids it later.
      const written = isFunction === false ? undefined : evaluate(text);
      const parameter = deserialize(arg, objects);
      for (;;) {
        const result = await (typeof written === 'function' ? written(parameter) : evaluateGlobally(text));
        if (result) return result;
        if (lifetime && performance.now() > end) return new Promise(() => {});
        await new Promise(next => (polling === 'raf' ? requestAnimationFrame(next) : setTimeout(next, polling)));
      }
    },
    /** A handle's value. */
    value(object) {
      return serialize(object);
    },
  };
}
