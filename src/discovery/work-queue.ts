import { backoffDelayMs, type BackoffOptions } from '../time/backoff.ts';
import type { Clock, Timer } from '../time/clock.ts';

/**
 * A queue of keys with work to do, like client-go's work queue. A key that is added many times is processed once; a key
 * that is added while it is processed is processed once more afterwards, never twice at the same time. A failed key is
 * retried with a backoff of its own.
 */
export interface WorkQueue {
  add(key: string): void;
  /** Adds the key after a while, unless it is added before then. */
  addAfter(key: string, delayMs: number): void;
  /** Whether the key is queued or delayed, so that it will be processed. */
  waits(key: string): boolean;
  /** Starts no work until `resume`; keys that are added meanwhile wait. */
  pause(): void;
  resume(): void;
  /** Drops waiting keys; resolves when no work runs any more. */
  stop(): Promise<void>;
}

interface WorkQueueOptions {
  readonly concurrency: number;
  readonly retry: BackoffOptions;
  /** Processes a key; a key whose work rejects is retried. */
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
    if (stopped) return;
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
      // A key that was added meanwhile is queued already, and does not wait for the backoff.
      if (paused) dirty.add(key);
      else if (!dirty.has(key)) addAfter(key, backoffDelayMs(failed, retry, random));
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
