import type { Engine } from '../docker/engine.ts';
import type { ContainerSummary } from '../docker/facts.ts';
import { backoffDelayMs, type BackoffOptions } from '../time/backoff.ts';
import type { Clock, Timer } from '../time/clock.ts';

/**
 * Reads the full list of containers: on demand, again until it succeeds, and then at intervals, since an engine
 * silently drops events for a slow reader.
 */
export interface Listing {
  /**
   * Begins to read at once and abandons a read under way. `everything` is passed on to `onRows`; it is true, too, where it
   * was for a read that was abandoned or has failed.
   */
  read(everything: boolean): void;
  /** Stops reading until the next `read`. */
  halt(): void;
  /** Resolves when no call is left. */
  stop(): Promise<void>;
}

interface ListingHandlers {
  readonly onRows: (rows: readonly ContainerSummary[], everything: boolean) => void;
  readonly onFailure: (error: unknown) => void;
}

const retry: BackoffOptions = { firstMs: 100, maxMs: 5000 };

export function createListing(
  {
    engine,
    clock,
    random,
  }: { readonly engine: Pick<Engine, 'list'>; readonly clock: Clock; readonly random: () => number },
  { onRows, onFailure }: ListingHandlers,
  { intervalMs, which }: { readonly intervalMs: number; readonly which: 'live' | 'all' },
): Listing {
  let current = new AbortController();
  let timer: Timer | undefined;
  let stopped = false;
  let owesEverything = false;
  const calls = new Set<Promise<void>>();

  function halt(): void {
    current.abort();
    timer?.cancel();
  }

  function read(everything: boolean): void {
    halt();
    if (stopped) return;
    owesEverything ||= everything;
    current = new AbortController();
    attempt(0, current.signal);
  }

  function attempt(failures: number, signal: AbortSignal): void {
    const call = once(failures, signal).finally(() => calls.delete(call));
    calls.add(call);
  }

  async function once(failures: number, signal: AbortSignal): Promise<void> {
    try {
      const rows = await engine.list(signal, which);
      if (signal.aborted) return;
      // The interval has jitter, so that many watchers of one engine do not list in step.
      timer = clock.after(intervalMs * (0.9 + 0.2 * random()), () => read(false));
      const everything = owesEverything;
      owesEverything = false;
      onRows(rows, everything);
    } catch (error) {
      if (signal.aborted) return;
      timer = clock.after(backoffDelayMs(failures, retry, random), () => attempt(failures + 1, signal));
      onFailure(error);
    }
  }

  return {
    read,
    halt,
    async stop() {
      stopped = true;
      halt();
      await Promise.all(calls);
    },
  };
}
