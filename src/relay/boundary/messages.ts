import type { AccessMemory } from './access-memory.ts';
import type { CounterMemory } from './counters.ts';
import type { DescriptorChannel } from './descriptor-channel.ts';
import type { ListenerStatus, SessionFilter, ResourceWarning } from './report.ts';
import type { SocketMemory } from './open-sockets.ts';
import type { RecordBatch } from './record-batch.ts';
import type { SlotMaps } from './slots.ts';
import type { TableChange } from './table-change.ts';
import type { Endpoint, RoutingTable } from './table.ts';

/** A write of these eight bytes adds 1 to the count of an eventfd(2), which wakes the thread that waits for it. */
export const wakeUp = new Uint8Array(new BigUint64Array([1n]).buffer);

/** What a thread runs: the path of its module, or the source itself where no file has it. */
export interface ThreadCode {
  readonly script: string;
  readonly isSource: boolean;
}

/** The length of a key for session tickets: OpenSSL's own tickets take 80 bytes, those of Node the first 48. */
export const ticketKeyBytes = 80;

/**
 * The messages that cross the thread boundary. Structured clone carries them, so they hold plain data only.
 */
export interface WorkerSetup {
  readonly index: number;
  readonly driver: DriverName;
  readonly memory: CounterMemory;
  readonly access: AccessMemory;
  /** SO_REUSEPORT on listeners: for several relay threads, or to share ports with another Sealane. */
  readonly reusePort: boolean;
  readonly sockets: SocketMemory;
  /** The greatest number of pipes at once in each thread. */
  readonly maxPipes: number;
  /** The code of the bulk thread; see driver/splice/bulk. */
  readonly bulkCode: ThreadCode;
  /**
   * `ticketKeyBytes` random bytes, with which a TLS session that began in one thread can be resumed in another; undefined
   * where only one thread listens.
   */
  readonly ticketKeys: Uint8Array | undefined;
  /** False: a splice driver ends no TLS, as where its Node has no OpenSSL that can be called. */
  readonly endsTls: boolean;
  /** The greatest number of sessions at once over all relay threads; undefined where no limit is set. */
  readonly maxSessions: number | undefined;
  /** The folder in which labels may open Unix sockets: no path below it may lead out of it. */
  readonly socketFolder: string | undefined;
}

export type DriverName = 'stream' | 'splice';

export type ToWorker =
  /** The whole table, for a thread that is new. */
  | { readonly kind: 'table'; readonly table: RoutingTable; readonly slots: SlotMaps }
  /** What is new since the last table or change. `slots` has the counter slots of the upstreams and services in it. */
  | { readonly kind: 'change'; readonly change: TableChange; readonly slots: SlotMaps }
  /** The control thread received a batch of records: one more may be sent. */
  | { readonly kind: 'records-received' }
  /** Closes the sessions of an upstream that are at least so old. */
  | { readonly kind: 'close-sessions'; readonly upstreamKey: string; readonly olderThanMs: number }
  /** The engine's answer to a `confirm` with this id. */
  | { readonly kind: 'confirmed'; readonly id: string; readonly isConfirmed: boolean }
  /** Requests the running sessions; `id` comes back with the answer. */
  | { readonly kind: 'list-sessions'; readonly id: number; readonly filter: SessionFilter }
  /**
   * A descriptor channel to the thread that speaks TLS for the others, or from one of those; see intake/handoff.ts. It
   * replaces the channel before it.
   */
  | ({ readonly kind: 'handoff' } & DescriptorChannel)
  | { readonly kind: 'drain'; readonly deadlineMs: number }
  | { readonly kind: 'close' };

export type FromWorker =
  /** The thread is ready. `wakeFd`: see OpenDriver. `endsTls`: its driver can end the TLS of clients. */
  | { readonly kind: 'ready'; readonly wakeFd?: number; readonly endsTls: boolean }
  | { readonly kind: 'applied'; readonly version: number }
  | { readonly kind: 'records'; readonly batch: RecordBatch; readonly dropped: number }
  | { readonly kind: 'listener'; readonly key: string; readonly status: ListenerStatus }
  | { readonly kind: 'resource-warning'; readonly warning: ResourceWarning }
  /** A dial failed, and other upstreams were dialed: the control thread finds out when this one answers again. */
  | { readonly kind: 'suspect'; readonly upstreamKey: string; readonly error: string }
  /** A client of a service with sleeping containers (`PoolSpec.wakes`) is held, the first one in a while. */
  | { readonly kind: 'waiting'; readonly service: string; readonly client: string }
  /** A dial was answered, and the engine is to say whose the address is (see AddressProof). `id` is unique to the process. */
  | { readonly kind: 'confirm'; readonly id: string; readonly endpoint: Endpoint }
  /** The running sessions. `json`: LiveSessions, as a string for the same reason as records. */
  | { readonly kind: 'session-list'; readonly id: number; readonly json: string }
  | { readonly kind: 'drained' };
