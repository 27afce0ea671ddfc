// What `expect` needs to know of the run: set by main.js and the runner.
export const expectDefaults = {
  timeout: () => 5000,
  toPassTimeout: () => 0,
  /** The running attempt, for soft assertions. */
  attempt: () => undefined,
};
