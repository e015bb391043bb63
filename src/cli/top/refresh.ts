import type { ApiProblem, ApiService, ApiServices } from '../../admin/schema.ts';
import type { AdminClient, Lost } from '../client/client.ts';
import type { FeedEvent } from '../client/feed.ts';

/**
 * Requests what the event stream does not carry: all services after a change, and for the figures of their upstreams the
 * services whose upstreams are shown. A Sealane with thousands of upstreams is busy with these requests for at most a tenth of the
 * time.
 */
export interface Refresher {
  heard(event: FeedEvent | Lost): void;
  stop(): void;
}

export interface RefreshEvents {
  onAnswer(answer: ApiServices, problems: readonly ApiProblem[]): void;
  onService(service: ApiService): void;
}

const askDelayMs = 1_000;
/** The longest pause between two requests for all services: some state, such as the engine's, has no event. */
const longestMs = 10_000;
/** The pause after a request for all services, as a multiple of the time that the request took. */
const restFactor = 10;
/** The number of those services that are refreshed each second. The figures of others are up to `longestMs` old. */
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
    events.onAnswer(...(await Promise.all([client.services(), client.problems()])));
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
      // The event stream reports a lost connection. All services are requested again after it.
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
