import { randomBytes } from 'node:crypto';
import type { Logger } from '../../telemetry/logger.ts';
import { systemClock, type Clock } from '../../time/clock.ts';
import { createAccessMemory, type AccessMemory } from '../boundary/access-memory.ts';
import { ClientSessions } from '../boundary/client-sessions.ts';
import { Counters, createCounterMemory, overflowSlot } from '../boundary/counters.ts';
import { AppliedTables } from './applied-tables.ts';
import { Drain } from './drain.ts';
import { figuresFrom, type PlaneFigures } from './figures.ts';
import { fileBudget, type FileBudget } from './file-budget.ts';
import { SessionQueries, type SessionList } from './session-queries.ts';
import { createSocketMemory } from '../boundary/open-sockets.ts';
import { ticketKeyBytes, type DriverName, type FromWorker } from '../boundary/messages.ts';
import { decodeRecords } from '../boundary/record-batch.ts';
import type { ListenerStatus, LiveSessions, SessionFilter, SessionRecord } from '../boundary/report.ts';
import { ServiceTotals } from './service-totals.ts';
import { RelayThreads } from './relay-threads.ts';
import { SharedListeners } from './shared-listeners.ts';
import { Slots, type SlotMaps } from '../boundary/slots.ts';
import { changeBetween, type KeyChange, type TableChange } from '../boundary/table-change.ts';
import { sentenceOf, ResourceWarnings } from '../boundary/resource-warnings.ts';
import { emptyTable, type Endpoint, type RoutingTable } from '../boundary/table.ts';
import { moduleAt, workerCode } from './worker-code.ts';

/**
 * The relay as the control thread sees it: tables go in, session records and listener statuses come out, and counters
 * can be read at any time. Worker threads do the work; one that dies is reported, replaced, and sent the current table.
 */
interface PlaneCollaborators {
  readonly logger: Logger;
  /** `dropped`: how many records were lost because this thread did not receive them fast enough. */
  onSessions(records: readonly SessionRecord[], dropped: number): void;
  /** Called only on changes. The status of a listener with port 0 has the port that it was assigned. */
  onListener(key: string, status: ListenerStatus): void;
  /** A dial to this upstream failed; called again while dials keep failing, at most a few times a second. */
  onSuspect?(upstreamKey: string, error: string): void;
  /** A client is held while containers of its service are asleep. */
  onWaiting?(service: string, client: string): void;
  /** Whether the engine says that the address is still the container's (see AddressProof); false unless given. */
  confirm?(endpoint: Endpoint): Promise<boolean>;
  /** Three starts in a row failed before the worker was ready. The plane keeps trying. */
  onFatal?(error: Error): void;
  readonly clock?: Clock;
}

export interface PlaneOptions {
  readonly workers: number;
  readonly driver: DriverName;
  /**
   * Shares listen addresses (SO_REUSEPORT) with other processes of the same user that do so, too. Always on with
   * several workers.
   */
  readonly reusePort?: boolean;
  /** The most open sessions over all services; further clients are rejected. Undefined: as many as open files allow. */
  readonly maxSessions?: number | undefined;
  /** The folder in which labels may open Unix sockets. Undefined: paths are not checked. */
  readonly socketFolder?: string | undefined;
  /** Default: by the process's limit of open files. */
  readonly files?: FileBudget;
  /** The module that worker threads run. Default: found by itself, in the bundle and from source. */
  readonly workerUrl?: URL;
  /** False: threads with the splice driver end no TLS; see WorkerSetup. Default: true. */
  readonly endsTls?: boolean;
  /** How many counter slots there are; upstreams beyond them share one. */
  readonly slots?: number;
}

export interface Plane {
  publish(table: RoutingTable): void;
  /** Resolves once every thread has applied the last table that was published, or a later one. */
  applied(): Promise<void>;
  /** The sessions that dial the upstream or are relayed to it, over all workers. */
  activeSessions(upstreamKey: string): number;
  readonly counters: PlaneFigures;
  /** The live sessions of all threads that match the filter. */
  listSessions(filter: SessionFilter): Promise<SessionList>;
  /** Closes the sessions of an upstream that are at least so old; all of them unless given. */
  closeSessionsOf(upstreamKey: string, olderThanMs?: number): void;
  /**
   * Stops accepting clients. Sessions, held ones included, run on for up to `deadlineMs`, then they are closed as
   * `shutdown`. Resolves as soon as none is left.
   */
  drain(deadlineMs: number): Promise<void>;
  /** Closes what is left and ends the threads. */
  close(): Promise<void>;
}

const fatalAfterStarts = 3;
/** A thread closes within milliseconds; one that takes longer is stuck and is terminated. */
const closePatienceMs = 2_000;
const warningIntervalMs = 5_000;

export function createPlane(collaborators: PlaneCollaborators, options: PlaneOptions): Plane {
  return new ThreadedPlane(collaborators, options);
}

class ThreadedPlane implements Plane {
  readonly counters: PlaneFigures;
  readonly #collaborators: PlaneCollaborators;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #access: AccessMemory;
  readonly #slots: Slots;
  readonly #serviceSlots: Slots;
  readonly #services: ServiceTotals;
  readonly #sessionQueries: SessionQueries;
  readonly #listeners: SharedListeners;
  readonly #threads: RelayThreads;
  readonly #drain: Drain;
  readonly #applied: AppliedTables;
  readonly #failedStarts: number[];
  readonly #resourceWarnings: ResourceWarnings;
  #table = emptyTable;
  #overflowing = false;

  constructor(collaborators: PlaneCollaborators, options: PlaneOptions) {
    const { workers, driver, reusePort = false, maxSessions, socketFolder, slots } = options;
    const { endsTls = true, workerUrl, files = fileBudget(driver, workers) } = options;
    const code = workerCode();
    // The splice driver speaks no TLS with upstreams, so there may be one thread more that does.
    const threadCount = driver === 'splice' ? workers + 1 : workers;
    const memory = createCounterMemory(threadCount, slots);
    this.#applied = new AppliedTables(threadCount, () => this.#threads.all.length);
    this.#failedStarts = Array.from({ length: threadCount }, () => 0);
    this.#access = createAccessMemory(threadCount, Math.random);
    this.#collaborators = collaborators;
    this.#clock = collaborators.clock ?? systemClock;
    this.#counters = new Counters(memory);
    this.#slots = new Slots(memory.slots);
    this.#serviceSlots = new Slots(memory.serviceSlots);
    this.#services = new ServiceTotals(this.#counters);
    this.counters = figuresFrom({
      counters: this.#counters,
      slots: this.#slots,
      serviceSlots: this.#serviceSlots,
      services: this.#services,
      threads: () => this.#threads.all.length,
    });
    this.#sessionQueries = new SessionQueries(this.#clock);
    this.#resourceWarnings = new ResourceWarnings(this.#clock, warningIntervalMs, (warning) =>
      collaborators.logger.warn({ event: warning.kind, code: warning.code }, sentenceOf(warning)),
    );
    this.#listeners = new SharedListeners(workers);
    this.#threads = new RelayThreads(
      {
        clock: this.#clock,
        code: workerUrl ? moduleAt(workerUrl) : code.relay,
        eventsOf: (worker) => ({
          onMessage: (message) => this.#onMessage(worker, message),
          onDeath: (error, restartMs, neverReady) => this.#onDeath(worker, error, restartMs, neverReady),
        }),
      },
      {
        memory,
        bulkCode: code.bulk,
        access: this.#access,
        reusePort: reusePort || workers > 1,
        maxSessions,
        socketFolder,
        sockets: createSocketMemory(threadCount, files.sockets),
        maxPipes: files.pipes,
        endsTls,
        ticketKeys: workers > 1 ? randomBytes(ticketKeyBytes) : undefined,
      },
      { workers, driver },
    );
    this.#drain = new Drain(this.#threads, this.#clock);
    process.on('exit', this.#onExit);
  }

  readonly #onExit = (): void => {
    for (const thread of this.#threads.all) thread.endNow();
    this.#listeners.awaitFilesGone(this.#table);
  };

  listSessions(filter: SessionFilter): Promise<SessionList> {
    return this.#sessionQueries.start([...this.#threads.all.keys()], filter, (worker, id) => {
      const thread = this.#threads.all[worker];
      thread?.post({ kind: 'list-sessions', id, filter });
      return thread?.ready ?? false;
    });
  }

  closeSessionsOf(upstreamKey: string, olderThanMs = 0): void {
    for (const thread of this.#threads.all) thread.post({ kind: 'close-sessions', upstreamKey, olderThanMs });
  }

  activeSessions(upstreamKey: string): number {
    const slot = this.#slots.slotOf(upstreamKey);
    return slot === undefined ? 0 : this.#counters.activeOf(slot);
  }

  publish(table: RoutingTable): void {
    const { change, keys } = changeBetween(this.#table, table);
    const slots = this.#assignSlots(keys, table, change);
    this.#table = table;
    if (change.listeners) this.#listeners.keepOnly(table);
    // A new TLS thread gets its first table when it is ready.
    this.#threads.startTlsThreadFor(table);
    for (const [worker, thread] of this.#threads.all.entries()) {
      const listeners = change.listeners && this.#tableFor(worker).listeners;
      thread.post({ kind: 'change', change: { ...change, listeners }, slots });
    }
  }

  applied(): Promise<void> {
    return this.#applied.untilAll(this.#table.version);
  }

  drain(deadlineMs: number): Promise<void> {
    return this.#drain.start(deadlineMs);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.all.map((thread) => thread.close(closePatienceMs)));
    process.off('exit', this.#onExit);
  }

  /** Assigns counter slots to the services of the changed pools and to their upstreams. */
  #assignSlots(keys: KeyChange, table: RoutingTable, { pools, removed }: TableChange): SlotMaps {
    const appliedByAll = this.#applied.byAll;
    const upstreams = this.#slots.assign(keys, table.version, {
      appliedByAll,
      isActive: (slot) => this.#counters.activeOf(slot) > 0,
      clear: (slot) => {
        this.#services.release(slot, (service) => table.pools.some((pool) => pool.service === service));
        this.#counters.clearSlot(slot);
      },
    });
    for (const pool of pools) {
      for (const { key } of pool.upstreams) this.#services.own(upstreams.get(key) ?? overflowSlot, pool.service);
    }
    const services = this.#serviceSlots.assign(
      { present: pools.map(({ service }) => service), left: removed },
      table.version,
      // A thread no longer counts in the slot once it has applied a table without the service (see Hold.countIn).
      { appliedByAll, isActive: () => false, clear: () => undefined },
    );
    const { without } = this.#slots;
    if (without > 0 && !this.#overflowing) {
      this.#collaborators.logger.warn(
        { event: 'counters-full', upstreams: without },
        `there are more upstreams than counter slots: ${without} upstreams share one slot; relaying is not affected`,
      );
    }
    this.#overflowing = without > 0;
    return { upstreams, services };
  }

  #tableFor(worker: number): RoutingTable {
    if (this.#threads.listens(worker)) return this.#listeners.tableFor(worker, this.#table);
    return { ...this.#table, listeners: [] };
  }

  #sendTable(worker: number): void {
    const slots = { upstreams: this.#slots.all, services: this.#serviceSlots.all };
    this.#threads.all[worker]?.post({ kind: 'table', table: this.#tableFor(worker), slots });
  }

  #onMessage(worker: number, message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#failedStarts[worker] = 0;
        this.#threads.startTlsThreadFor(this.#table);
        this.#drain.onReady(worker);
        this.#sendTable(worker);
        return this.#threads.connectTlsThread(worker);
      case 'applied':
        return this.#applied.set(worker, message.version);
      case 'records':
        this.#collaborators.onSessions(decodeRecords(message.batch), message.dropped);
        this.#threads.all[worker]?.post({ kind: 'records-received' });
        return;
      case 'listener':
        return this.#onListener(worker, message.key, message.status);
      case 'resource-warning':
        return this.#resourceWarnings.add(message.warning);
      case 'suspect':
        return this.#collaborators.onSuspect?.(message.upstreamKey, message.error);
      case 'waiting':
        return this.#collaborators.onWaiting?.(message.service, message.client);
      case 'confirm':
        return void this.#confirm(worker, message.id, message.endpoint);
      case 'session-list':
        return this.#sessionQueries.onAnswer(message.id, worker, JSON.parse(message.json) as LiveSessions);
      case 'drained':
        return this.#drain.onDrained(worker);
    }
  }

  async #confirm(worker: number, id: string, endpoint: Endpoint): Promise<void> {
    const isConfirmed = (await this.#collaborators.confirm?.(endpoint)) ?? false;
    this.#threads.all[worker]?.post({ kind: 'confirmed', id, isConfirmed });
  }

  #onListener(worker: number, key: string, status: ListenerStatus): void {
    const spec = this.#table.listeners.find((listener) => listener.key === key);
    // The message is older than the table that dropped this listener.
    if (!spec) return;
    const { report, portFound } = this.#listeners.onStatus(worker, spec, status);
    if (portFound) for (const other of this.#threads.listening.keys()) if (other !== worker) this.#sendTable(other);
    if (report) this.#collaborators.onListener(key, report);
  }

  #onDeath(worker: number, error: Error, restartMs: number, neverReady: boolean): void {
    this.#counters.clearWorker(worker);
    new ClientSessions(this.#access.sessions, worker).clear();
    this.#listeners.forgetWorker(worker);
    this.#sessionQueries.onWorkerLost(worker);
    this.#applied.set(worker, 0);
    this.#collaborators.logger.error(
      { event: 'relay-worker-died', worker, err: error },
      `relay worker ${worker} died (${error.message}); its sessions are lost; a new worker starts in ${Math.round(restartMs)} ms`,
    );
    if (!neverReady) return;
    const failed = (this.#failedStarts[worker] ?? 0) + 1;
    this.#failedStarts[worker] = failed;
    if (failed === fatalAfterStarts) this.#collaborators.onFatal?.(error);
  }
}
