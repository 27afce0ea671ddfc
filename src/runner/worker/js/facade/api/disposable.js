// What can be taken back: `dispose()`, or the end of an `await using`.
export class Disposable {
  #undo;
  constructor(undo) { this.#undo = undo; }
  async dispose() {
    const undo = this.#undo;
    this.#undo = undefined;
    await undo?.();
  }
  async [Symbol.asyncDispose]() { await this.dispose(); }
}

/** The same where it may be asked for again. */
export const disposable = undo => ({ dispose: undo, [Symbol.asyncDispose]: undo });
