// Adds script and style elements to a document, in the page's own world.
({
  async addScript(url, content, type) {
    const script = document.createElement('script');
    if (type) script.type = type;
    if (url === null) {
      if (!type) script.type = 'text/javascript';
      script.text = content;
      document.head.appendChild(script);
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
