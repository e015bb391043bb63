import { existsSync } from 'node:fs';
import type { ListenerStatus } from '../boundary/report.ts';
import { isUnix, unixPath } from '../../address/address.ts';
import type { ListenerSpec, RoutingTable } from '../boundary/table.ts';

/**
 * Listen addresses that several workers share: port 0 becomes the port that worker 0 was assigned, for all workers and
 * their successors, and the workers' statuses are combined into one.
 */
export class SharedListeners {
  readonly #workers: number;
  readonly #ports = new Map<string, number>();
  readonly #statuses = new Map<string, Map<number, ListenerStatus>>();
  readonly #reported = new Map<string, string>();

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** The table with the listeners that `worker` has to bind. */
  tableFor(worker: number, table: RoutingTable): RoutingTable {
    if (table.listeners.every(({ port }) => port !== 0)) return table;
    const listeners = table.listeners.flatMap((spec): ListenerSpec[] => {
      // Worker 0 alone binds a unix socket: workers can't share a path, as they share a port by SO_REUSEPORT.
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

  /**
   * Blocks, while the process ends, until the threads have removed the files of their Unix sockets, or for a tenth of a
   * second: a thread that is stuck leaves them behind.
   */
  awaitFilesGone({ listeners }: RoutingTable): void {
    const files = listeners.flatMap(({ key, host }) =>
      isUnix(host) && this.#statuses.get(key)?.get(0)?.kind === 'listening' ? [unixPath(host)] : [],
    );
    const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    for (let waited = 0; waited < 100 && files.some((file) => existsSync(file)); waited += 2)
      Atomics.wait(never, 0, 0, 2);
  }

  forgetWorker(worker: number): void {
    for (const statuses of this.#statuses.values()) statuses.delete(worker);
  }

  /**
   * Adds the status of one worker. `report`: the combined status if it has changed; `portFound`: the other workers need
   * a new table, which has the port.
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

  /**
   * The combined status is `listening` only when all workers listen, since another process may have the port of one.
   */
  #combined(statuses: ReadonlyMap<number, ListenerStatus>, workers: number): ListenerStatus | undefined {
    const all = [...statuses.values()];
    return all.find(({ kind }) => kind === 'failed') ?? (all.length === workers ? all[0] : undefined);
  }
}
