import type { EventFeed } from '../admin/event-feed.ts';
import type { Metrics } from '../admin/metrics/metrics.ts';
import { nameAt, type EngineTag } from '../catalog/container-name.ts';
import type { WatchObserver } from '../discovery/watch/observer.ts';
import type { ContainerFacts, EngineEvent } from '../docker/facts.ts';
import type { DiscoveryLag } from '../telemetry/discovery-lag.ts';
import { printable } from '../text/printable.ts';
import type { Clock } from '../time/clock.ts';
import type { WatchedEngine } from './engine-watch.ts';

/**
 * Passes on what the watch of the engine hears: events to the timeline and to their metric, and both events and their
 * effects to the measurement of the discovery lag.
 */
export interface EngineActivityParts {
  readonly feed: Pick<EventFeed, 'publish'>;
  readonly metrics: Pick<Metrics, 'onEngineEvent'>;
  readonly lag: DiscoveryLag;
  /** The engine that is watched. */
  readonly watched: Pick<WatchedEngine, 'name' | 'tag' | 'engine'>;
  readonly clock: Pick<Clock, 'wallMs'>;
}

/** Events for the timeline. Others, such as each run of a HEALTHCHECK, are noise. */
const timelineActions =
  /^(?:start|die|kill|stop|pause|unpause|restart|rename|update|oom|destroy|connect|disconnect|health_status)\b/;

export function createEngineActivity({ feed, metrics, lag, watched, clock }: EngineActivityParts): WatchObserver {
  const { clock: engineClock } = watched.engine;
  return {
    onEvent(event, facts, { matters }) {
      const atMs = Number(event.timeNs) / 1e6;
      if (matters) lag.heard(event.containerId, engineClock ? engineClock.toLocalMs(atMs, clock.wallMs()) : atMs);
      metrics.onEngineEvent(event.action, watched.name);
      if (timelineActions.test(event.action)) feed.publish(timelineEntry(event, facts, watched.tag));
    },
    onApplied(containerId, { changed, settled }) {
      if (changed) lag.changed(containerId);
      if (settled) lag.settled(containerId);
    },
  };
}

function timelineEntry(
  event: EngineEvent,
  facts: ContainerFacts | undefined,
  tag: EngineTag,
): Parameters<EventFeed['publish']>[0] {
  const name = nameAt(printable(facts?.name ?? event.attributes['name'] ?? event.containerId.slice(0, 12)), tag);
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
