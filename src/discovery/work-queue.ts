import { backoffDelayMs, type BackoffOptions } from '../time/backoff.ts';
import type { Clock, Timer } from '../time/clock.ts';

/**
 * Which keys have work to do, as client-go's work queue: a key that is added many times is done once; a key that is
 * added while it is being done is done once more afterwards, never twice at the same time. A failed key is tried again,
 * backing off by itself.
 */
export interface WorkQueue {
  add(key: string): void;
  addAfter(key: string, delayMs: number): void;
  /** Whether it will be done, or done once more. */
  waits(key: string): boolean;
  /** Starts nothing new until `resume`; what is added meanwhile waits. */
  pause(): void;
  resume(): void;
  /** Drops what waits; resolves when nothing runs any more. */
  stop(): Promise<void>;
}

interface WorkQueueOptions {
  readonly concurrency: number;
  readonly retry: BackoffOptions;
  /** A rejection means: try again later. */
  readonly work: (key: string) => Promise<void>;
}

export function createWorkQueue(
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
  { concurrency, retry, work }: WorkQueueOptions,
): WorkQueue {
  const dirty = new Set<string>();
  const processing = new Map<string, Promise<void>>();
  const delayed = new Map<string, Timer>();
  const failures = new Map<string, number>();
  let paused = false;
  let stopped = false;

  function add(key: string): void {
    if (stopped) return;
    delayed.get(key)?.cancel();
    delayed.delete(key);
    dirty.add(key);
    pump();
  }

  function addAfter(key: string, delayMs: number): void {
    if (stopped || dirty.has(key)) return;
    delayed.get(key)?.cancel();
    delayed.set(
      key,
      clock.after(delayMs, () => add(key)),
    );
  }

  function pump(): void {
    for (const key of dirty) {
      if (paused || stopped || processing.size >= concurrency) return;
      if (processing.has(key)) continue;
      dirty.delete(key);
      processing.set(key, run(key));
    }
  }

  async function run(key: string): Promise<void> {
    try {
      await work(key);
      failures.delete(key);
    } catch {
      const failed = failures.get(key) ?? 0;
      failures.set(key, failed + 1);
      // Work added meanwhile is more recent than the failure: it need not wait.
      if (paused) dirty.add(key);
      else addAfter(key, backoffDelayMs(failed, retry, random));
    }
    processing.delete(key);
    pump();
  }

  return {
    add,
    addAfter,
    waits: (key) => dirty.has(key) || delayed.has(key),
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      pump();
    },
    async stop() {
      stopped = true;
      dirty.clear();
      for (const timer of delayed.values()) timer.cancel();
      delayed.clear();
      await Promise.all(processing.values());
    },
  };
}
