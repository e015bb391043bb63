import type { ListenerStatus } from '../boundary/report.ts';
import { isUnix } from '../../address/address.ts';
import type { ListenerSpec, RoutingTable } from '../boundary/table.ts';

/**
 * One listen address as several workers hold it: a port 0 becomes the port that worker 0 was given, for all of them and
 * for whoever replaces them; the status that is reported is that of all together.
 */
export class SharedListeners {
  readonly #workers: number;
  readonly #ports = new Map<string, number>();
  readonly #statuses = new Map<string, Map<number, ListenerStatus>>();
  readonly #reported = new Map<string, string>();

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** The table as `worker` is to see it. */
  tableFor(worker: number, table: RoutingTable): RoutingTable {
    if (table.listeners.every(({ port }) => port !== 0)) return table;
    const listeners = table.listeners.flatMap((spec): ListenerSpec[] => {
      // One path has one socket: there is no SO_REUSEPORT to share it by.
      if (isUnix(spec.host)) return worker === 0 ? [spec] : [];
      const port = spec.port === 0 ? this.#ports.get(spec.key) : spec.port;
      if (port !== undefined) return [{ ...spec, port }];
      return worker === 0 ? [spec] : [];
    });
    return { ...table, listeners };
  }

  /** Forgets the listeners that the table no longer has. */
  keepOnly(table: RoutingTable): void {
    const wanted = new Set(table.listeners.map(({ key }) => key));
    for (const map of [this.#ports, this.#statuses, this.#reported]) {
      for (const key of map.keys()) if (!wanted.has(key)) map.delete(key);
    }
  }

  forgetWorker(worker: number): void {
    for (const statuses of this.#statuses.values()) statuses.delete(worker);
  }

  /**
   * One worker's status. `report` is what to tell, when it is news; `portFound` that the other workers need a new table.
   */
  onStatus(
    worker: number,
    spec: ListenerSpec,
    status: ListenerStatus,
  ): { readonly report: ListenerStatus | undefined; readonly portFound: boolean } {
    const { key } = spec;
    const portFound = spec.port === 0 && !isUnix(spec.host) && status.kind === 'listening' && !this.#ports.has(key);
    if (portFound && status.kind === 'listening') this.#ports.set(key, status.port);
    const statuses = this.#statuses.get(key) ?? new Map<number, ListenerStatus>();
    this.#statuses.set(key, statuses.set(worker, status));
    const report = this.#combined(statuses, isUnix(spec.host) ? 1 : this.#workers);
    const printed = JSON.stringify(report);
    if (!report || this.#reported.get(key) === printed) return { report: undefined, portFound };
    this.#reported.set(key, printed);
    return { report, portFound };
  }

  /** Listening only when all are: with one missing, another process may have the port. */
  #combined(statuses: ReadonlyMap<number, ListenerStatus>, workers: number): ListenerStatus | undefined {
    const all = [...statuses.values()];
    return all.find(({ kind }) => kind === 'failed') ?? (all.length === workers ? all[0] : undefined);
  }
}
