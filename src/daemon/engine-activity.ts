import type { EventFeed } from '../admin/event-feed.ts';
import type { Metrics } from '../admin/metrics/metrics.ts';
import type { WatchObserver } from '../discovery/watcher.ts';
import type { ContainerFacts, EngineEvent } from '../docker/facts.ts';
import type { EngineClock } from '../docker/engine-clock.ts';
import type { DiscoveryLag } from '../telemetry/discovery-lag.ts';
import { printable } from '../text/printable.ts';
import type { Clock } from '../time/clock.ts';

/**
 * Passes on what the watch of the engine hears: events to the timeline and to their metric, and both events and their
 * effects to the measurement of the discovery lag.
 */
export interface EngineActivityParts {
  readonly feed: Pick<EventFeed, 'publish'>;
  readonly metrics: Pick<Metrics, 'onEngineEvent'>;
  readonly lag: DiscoveryLag;
  /** The engine's clock; undefined to take it for this machine's. */
  readonly engineClock: EngineClock | undefined;
  readonly clock: Pick<Clock, 'wallMs'>;
}

/** Events for the timeline. Others, such as each run of a HEALTHCHECK, are noise. */
const timelineActions =
  /^(?:start|die|kill|stop|pause|unpause|restart|rename|update|oom|destroy|connect|disconnect|health_status)\b/;

export function createEngineActivity({ feed, metrics, lag, engineClock, clock }: EngineActivityParts): WatchObserver {
  return {
    onEvent(event, facts, { matters }) {
      const atMs = Number(event.timeNs) / 1e6;
      if (matters) lag.heard(event.containerId, engineClock ? engineClock.toLocalMs(atMs, clock.wallMs()) : atMs);
      metrics.onEngineEvent(event.action);
      if (timelineActions.test(event.action)) feed.publish(timelineEntry(event, facts));
    },
    onApplied(containerId, { changed, settled }) {
      if (changed) lag.changed(containerId);
      if (settled) lag.settled(containerId);
    },
  };
}

function timelineEntry(event: EngineEvent, facts: ContainerFacts | undefined): Parameters<EventFeed['publish']>[0] {
  const name = printable(facts?.name ?? event.attributes['name'] ?? event.containerId.slice(0, 12));
  const action = event.type === 'network' ? `network ${event.action}` : event.action;
  return {
    source: 'engine',
    event: printable(event.action.split(':')[0] ?? event.action),
    level: 'info',
    message: `${name}: ${printable(action)}`,
    service: null,
    upstream: null,
    containerId: event.containerId,
  };
}
