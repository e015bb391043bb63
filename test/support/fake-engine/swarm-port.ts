import type { SwarmNode, SwarmService, SwarmStanding, SwarmTask } from '../../../src/docker/swarm/facts.ts';
import {
  liveStates,
  type SwarmApi,
  type SwarmEvent,
  type SwarmEventHandlers,
  type TaskFilter,
} from '../../../src/docker/swarm/swarm-api.ts';

import { swarmNode, swarmService, swarmTask } from '../swarm/facts.ts';

/**
 * The port to a Swarm in memory, for tests with a manual clock. Calls are answered at once, or when the test lets them.
 */
export const manager: SwarmStanding = { state: 'active', isManager: true, nodeId: 'n1', clusterId: 'c1' };
export const worker: SwarmStanding = { state: 'active', isManager: false, nodeId: 'n2' };
export const outside: SwarmStanding = { state: 'inactive', isManager: false };

/** The service `shop_web` of one replica, with a label of Sealane. */
export function webService(over: Partial<SwarmService> = {}): SwarmService {
  return swarmService('shop_web', { id: 'web', ...over });
}

/** Its task, which runs on `n1`. */
export function webTask(over: Partial<SwarmTask> = {}): SwarmTask {
  return swarmTask(webService(), { id: 'web.1', nodeId: 'n1', ...over });
}

/** A manager. */
export function firstNode(over: Partial<SwarmNode> = {}): SwarmNode {
  return swarmNode('n1', { hostname: 'node1', isManager: true, ...over });
}

export class InMemorySwarm implements SwarmApi {
  standingNow = manager;
  readonly calls: string[] = [];
  readonly #services = new Map<string, SwarmService>();
  readonly #tasks = new Map<string, SwarmTask>();
  readonly #nodes = new Map<string, SwarmNode>();
  readonly #streams = new Set<{ readonly onEvent: (event: SwarmEvent) => void; readonly end: () => void }>();
  /** Runs before each answer, and may throw or wait. `call` is `standing`, `services all`, `tasks web` or `tasks #web.1`. */
  before: (call: string, signal: AbortSignal | undefined) => void | Promise<void> = () => {};

  set(...all: readonly (SwarmService | SwarmTask | SwarmNode)[]): this {
    for (const one of all) {
      if ('serviceId' in one) this.#tasks.set(one.id, one);
      else if ('hostname' in one) this.#nodes.set(one.id, one);
      else this.#services.set(one.id, one);
    }
    return this;
  }

  remove(id: string): void {
    for (const all of [this.#services, this.#tasks, this.#nodes]) all.delete(id);
  }

  emit(event: SwarmEvent): void {
    for (const stream of this.#streams) stream.onEvent(event);
  }

  /** Ends all event streams. */
  cut(): void {
    for (const stream of this.#streams) stream.end();
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  async standing(signal?: AbortSignal): Promise<SwarmStanding> {
    await this.#called('standing', signal);
    return this.standingNow;
  }

  async services(ids: readonly string[] | 'all', signal?: AbortSignal): Promise<readonly SwarmService[]> {
    await this.#called(`services ${named(ids)}`, signal);
    return [...this.#services.values()].filter(({ id }) => ids === 'all' || ids.includes(id));
  }

  async nodes(signal?: AbortSignal): Promise<readonly SwarmNode[]> {
    await this.#called('nodes', signal);
    return [...this.#nodes.values()];
  }

  async tasks(filter: TaskFilter, signal?: AbortSignal): Promise<readonly SwarmTask[] | undefined> {
    await this.#called(`tasks ${filter.kind === 'ids' ? `#${named(filter.ids)}` : named(filter.services)}`, signal);
    const names = filter.kind === 'live' && filter.services !== 'all' ? filter.services : [];
    if (!names.every((id) => this.#services.has(id))) return undefined;
    return [...this.#tasks.values()].filter((task) =>
      filter.kind === 'ids'
        ? filter.ids.includes(task.id)
        : liveStates.has(task.desiredState) && (filter.services === 'all' || filter.services.includes(task.serviceId)),
    );
  }

  async events({ onOpen, onEvent }: SwarmEventHandlers, signal: AbortSignal): Promise<void> {
    await this.#called('events', signal);
    const { promise, resolve } = Promise.withResolvers<void>();
    const stream = { onEvent, end: resolve };
    this.#streams.add(stream);
    const abort = (): void => resolve();
    signal.addEventListener('abort', abort, { once: true });
    onOpen();
    await promise;
    this.#streams.delete(stream);
    signal.throwIfAborted();
  }

  async #called(call: string, signal: AbortSignal | undefined): Promise<void> {
    this.calls.push(call);
    signal?.throwIfAborted();
    await this.before(call, signal);
    signal?.throwIfAborted();
  }
}

function named(ids: readonly string[] | 'all'): string {
  return ids === 'all' ? ids : ids.join(',');
}
