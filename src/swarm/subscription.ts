import type { SwarmApi, SwarmEvent } from '../docker/swarm/swarm-api.ts';
import { backoffDelayMs, type BackoffOptions } from '../time/backoff.ts';
import type { Clock } from '../time/clock.ts';
import { sleep } from '../time/sleep.ts';

/**
 * Keeps a stream of a Swarm's events open until `signal` fires. Events that are missed while it is closed are not repeated, so
 * that its owner reads everything at each opening.
 */
interface SubscriptionParts {
  readonly api: Pick<SwarmApi, 'events'>;
  readonly clock: Clock;
  readonly random: () => number;
}

interface SubscriptionHandlers {
  readonly onOpen: () => void;
  readonly onEvent: (event: SwarmEvent) => void;
  /** It ended, or could not be opened. Why does not matter: a manager that can't be asked fails at the next call. */
  readonly onClosed: () => void;
}

const reopen: BackoffOptions = { firstMs: 100, maxMs: 5000 };
/** A stream that lasted this long is reopened quickly. */
const settledMs = 1000;

export async function subscribe(
  { api, clock, random }: SubscriptionParts,
  { onOpen, onEvent, onClosed }: SubscriptionHandlers,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let openedMs = Infinity;
    const opened = (): void => {
      openedMs = clock.nowMs();
      onOpen();
    };
    await api.events({ onOpen: opened, onEvent }, signal).catch(() => {});
    if (signal.aborted) return;
    onClosed();
    failures = clock.nowMs() - openedMs >= settledMs ? 0 : failures + 1;
    await sleep(clock, backoffDelayMs(failures, reopen, random), signal);
  }
}
