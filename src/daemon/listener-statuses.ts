import type { ListenerStatus } from '../relay/boundary/report.ts';
import type { RoutingTable } from '../relay/boundary/table.ts';

/**
 * Owns the status that the relay last reported of each listener.
 */
export class ListenerStatuses {
  readonly #statuses = new Map<string, ListenerStatus>();

  /** The statuses by listen address. */
  get all(): ReadonlyMap<string, ListenerStatus> {
    return this.#statuses;
  }

  set(listen: string, status: ListenerStatus): void {
    this.#statuses.set(listen, status);
  }

  /** Forgets the listeners that `table` does not name. */
  keepOnly(table: RoutingTable): void {
    const wanted = new Set(table.listeners.map((listener) => listener.key));
    for (const key of this.#statuses.keys()) if (!wanted.has(key)) this.#statuses.delete(key);
  }
}
