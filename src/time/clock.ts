/**
 * The clock as a collaborator. Code that waits or measures time takes a `Clock`, so that tests can move time by hand.
 */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds, for durations and deadlines. The origin is arbitrary. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch, for timestamps that people read. */
  wallMs(): number;
  /** Runs `task` once after `delayMs` (0 or more). A pending timer does not keep the process alive. */
  after(delayMs: number, task: () => void): Timer;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, task) {
    const timeout = setTimeout(task, delayMs);
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};
