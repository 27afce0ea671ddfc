// Timeouts by default: the call's own, then the page's, the context's, the test's options. 0 is none.

/** What is no number is no limit. */
const given = options => (options?.timeout === undefined ? undefined : typeof options.timeout === 'number' ? options.timeout : 0);

/** Where nobody says anything: in tests their own time is the limit. */
export const byDefault = { action: 0, navigation: 0 };

export class Timeouts {
  constructor(parent) {
    this.parent = parent;
    this.action = undefined;
    this.navigation = undefined;
  }
  forAction(options) {
    return given(options) ?? this.#find('action') ?? byDefault.action;
  }
  forNavigation(options) {
    if (given(options) !== undefined) return given(options);
    // The nearer one counts, whatever it was set for.
    for (let at = this; at; at = at.parent) if ((at.navigation ?? at.action) !== undefined) return at.navigation ?? at.action;
    return byDefault.navigation;
  }
  #find(kind) {
    for (let at = this; at; at = at.parent) if (at[kind] !== undefined) return at[kind];
    return undefined;
  }
}
