// Adds script and style elements to a document, in the page's own world.
({
  async addScript(url, content, type) {
    const script = document.createElement('script');
    if (type) script.type = type;
    if (url === null) {
      if (!type) script.type = 'text/javascript';
      script.text = content;
      await this.allowed(script, 'Executing inline script');
      return script;
    }
    await this.loaded(script, () => { script.src = url; }, () => `Failed to load script at ${script.src}`);
    return script;
  },
  async addStyle(url, content) {
    if (url !== null) {
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      await this.loaded(link, () => { link.href = url; }, () => `Failed to load stylesheet at ${link.href}`);
      return link;
    }
    const style = document.createElement('style');
    style.type = 'text/css';
    await this.loaded(style, () => { style.appendChild(document.createTextNode(content)); }, () => 'Failed to load the style');
    return style;
  },
  /** Appends it; fails where the page's policy forbids what is in it. */
  async allowed(element, what) {
    let forbidden;
    const hear = event => { forbidden = event; };
    document.addEventListener('securitypolicyviolation', hear);
    document.head.appendChild(element);
    // The violation is told in a task of its own, before those of messages that are posted now.
    await new Promise(done => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => { port1.close(); done(); };
      port2.postMessage(0);
    });
    document.removeEventListener('securitypolicyviolation', hear);
    if (forbidden) throw new Error(`${what} violates the following Content Security Policy directive '${this.directiveOf(forbidden)}'. The action has been blocked.`);
  },
  /** The part of the policy that speaks. */
  directiveOf({ effectiveDirective: name, originalPolicy: policy }) {
    const all = policy.split(';').map(text => text.trim());
    const speaking = [name, name.replace(/-(elem|attr)$/, ''), 'default-src'];
    return speaking.map(name => all.find(text => text.split(/\s/)[0] === name)).find(text => text) ?? name;
  },
  loaded(element, fill, message) {
    return new Promise((resolve, reject) => {
      element.onload = resolve;
      element.onerror = () => reject(new Error(message()));
      fill();
      document.head.appendChild(element);
    });
  },
})
//# sourceURL=understudy:tags.js
