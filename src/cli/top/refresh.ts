import type { ApiService, ApiServices } from '../../admin/schema.ts';
import type { AdminClient, Lost } from '../client/client.ts';
import type { FeedEvent } from '../client/feed.ts';

/**
 * Asks anew for what the event stream does not carry: all services when they changed, and the ones looked into for the
 * figures of their upstreams. Of a Sealane with thousands of upstreams it takes a tenth of a second at most in each.
 */
export interface Refresher {
  heard(event: FeedEvent | Lost): void;
  stop(): void;
}

export interface RefreshEvents {
  onAnswer(answer: ApiServices): void;
  onService(service: ApiService): void;
}

const askDelayMs = 1_000;
/** What no event tells, such as the engine's state, is not older than this. */
const longestMs = 10_000;
/** The pause after an answer that took long, in times of how long it took. */
const restFactor = 10;
/** Somebody who looks into more than a screen holds sees figures that are up to `longestMs` old. */
const mostServices = 20;

export function createRefresher(
  client: AdminClient,
  openedServices: () => Iterable<string>,
  events: RefreshEvents,
): Refresher {
  let isStale = false;
  let isAsking = false;
  let askedAtMs = performance.now();
  let restUntilMs = 0;

  const askForAll = async (nowMs: number): Promise<void> => {
    isStale = false;
    askedAtMs = nowMs;
    events.onAnswer(await client.services());
    const tookMs = performance.now() - nowMs;
    restUntilMs = performance.now() + tookMs * restFactor;
  };

  const askForOpened = async (): Promise<void> => {
    for (const name of [...openedServices()].slice(0, mostServices)) {
      const service = await client.service(name);
      if (service) events.onService(service);
    }
  };

  const refresh = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    const nowMs = performance.now();
    try {
      if ((isStale || nowMs - askedAtMs > longestMs) && nowMs >= restUntilMs) await askForAll(nowMs);
      else await askForOpened();
    } catch {
      // The stream says when the connection is lost; then all is asked for again.
      isStale = true;
    } finally {
      isAsking = false;
    }
  };

  const timer = setInterval(() => void refresh(), askDelayMs);
  return {
    heard(event) {
      if (event.kind === 'services' || event.kind === 'open' || event.kind === 'reset') isStale = true;
    },
    stop: () => clearInterval(timer),
  };
}
