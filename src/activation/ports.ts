import type { Clock } from '../time/clock.ts';
import type { RestContainer, RestWorld } from './world.ts';

/**
 * What activation is connected to: the world that it reads, the engine that it asks, and the log that it tells.
 */
export interface RestParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly readWorld: () => RestWorld;
  readonly actions: RestActions;
  /** What `restOf` says of a container has changed. */
  readonly onChange: () => void;
  readonly announce: (event: RestEvent) => void;
}

/** What is asked of the engine; each call rejects with a readable error. */
export interface RestActions {
  start(id: string, cause: string): Promise<void>;
  stop(id: string, cause: string): Promise<void>;
  pause(id: string, cause: string): Promise<void>;
  unpause(id: string, cause: string): Promise<void>;
  /** The memory that a container uses, in bytes; undefined where the engine does not tell in time. Never rejects. */
  memoryOf(id: string): Promise<number | undefined>;
}

/** What has happened, for the log and the timeline. */
export interface RestEvent {
  readonly event: 'container-woken' | 'container-asleep' | 'wake-failed' | 'sleep-failed';
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly containerId: string;
  readonly container: string;
  readonly service: string | undefined;
  readonly tookMs?: number;
}

/** `service`: the one that it happened for; the container's first one unless given. */
export function restEvent(
  event: RestEvent['event'],
  { id, name, services }: RestContainer,
  message: string,
  { service = services[0], tookMs }: { readonly service?: string; readonly tookMs?: number } = {},
): RestEvent {
  const level = event.endsWith('failed') ? 'warn' : 'info';
  const took = tookMs === undefined ? {} : { tookMs };
  return { event, level, message, containerId: id, container: name, service, ...took };
}
