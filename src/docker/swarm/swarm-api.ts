import type { SwarmNode, SwarmService, SwarmStanding, SwarmTask } from './facts.ts';

/**
 * The port to the Swarm that an engine is in. All calls but `standing` are answered by managers only. What cannot be
 * understood is left out, and so is what belongs to no service, such as a container that joined an overlay network by
 * hand. An element that is the same as in an earlier answer is the same object.
 */
export interface SwarmApi {
  standing(signal?: AbortSignal): Promise<SwarmStanding>;
  /** Of all services, or those with the ids. */
  services(ids: readonly string[] | 'all', signal?: AbortSignal): Promise<readonly SwarmService[]>;
  nodes(signal?: AbortSignal): Promise<readonly SwarmNode[]>;
  /** Undefined where one of the services in the filter is gone: the engine tells of none of the others then. */
  tasks(filter: TaskFilter, signal?: AbortSignal): Promise<readonly SwarmTask[] | undefined>;
  /** Follows the events of services and nodes until the stream ends; rejects where it breaks, or `signal` fires. */
  events(handlers: SwarmEventHandlers, signal: AbortSignal): Promise<void>;
}

export interface SwarmEventHandlers {
  /** From now on events are heard. */
  readonly onOpen: () => void;
  readonly onEvent: (event: SwarmEvent) => void;
}

/** What to ask for again. */
export type SwarmEvent =
  | { readonly kind: 'service'; readonly id: string }
  | { readonly kind: 'node' }
  /** Something was said that can't be understood. */
  | { readonly kind: 'unreadable' };

export type TaskFilter =
  /**
   * The tasks that are to run or become ready, of all services or some. The others are mostly history, of which a Swarm
   * keeps five for each one that runs.
   */
  | { readonly kind: 'live'; readonly services: readonly string[] | 'all' }
  | { readonly kind: 'ids'; readonly ids: readonly string[] };

/** The states that a live task is desired to be in; that of a job is to become complete. */
export const liveStates: ReadonlySet<string> = new Set(['running', 'ready', 'accepted', 'complete']);
