import type { AccessMemory } from './access-memory.ts';
import type { CounterMemory } from './counters.ts';
import type { DescriptorChannel } from './descriptor-channel.ts';
import type { ListenerStatus, SessionFilter, ResourceWarning } from './report.ts';
import type { SocketMemory } from './open-sockets.ts';
import type { RecordBatch } from './record-batch.ts';
import type { TableChange } from './table-change.ts';
import type { RoutingTable } from './table.ts';

/**
 * Everything that crosses the thread boundary. Structured clone carries it, so plain data only.
 */
export interface WorkerSetup {
  readonly index: number;
  readonly driver: DriverName;
  readonly memory: CounterMemory;
  readonly access: AccessMemory;
  /** SO_REUSEPORT on listeners: for several workers, or to share ports with another Sealane. */
  readonly reusePort: boolean;
  readonly sockets: SocketMemory;
  /** Pipes at once, in each thread. */
  readonly maxPipes: number;
  /** 48 random bytes: a TLS session that began in one thread goes on in another. */
  readonly ticketKeys: Uint8Array;
  /** Sessions at once, over all workers. */
  readonly maxSessions: number | undefined;
}

export type DriverName = 'stream' | 'splice';

export type ToWorker =
  /** Everything, for a worker that is new. */
  | { readonly kind: 'table'; readonly table: RoutingTable; readonly slots: ReadonlyMap<string, number> }
  /** What is new since the last table or change. `slots`: of the upstreams in it. */
  | { readonly kind: 'change'; readonly change: TableChange; readonly slots: ReadonlyMap<string, number> }
  /** A batch of records was received: one more may be sent. */
  | { readonly kind: 'records-received' }
  | { readonly kind: 'close-sessions'; readonly upstreamKey: string }
  /** Asks for the sessions that go on; `id` comes back with the answer. */
  | { readonly kind: 'list-sessions'; readonly id: number; readonly filter: SessionFilter }
  /** To the thread that ends TLS for others, or from one of those; see intake/handoff.ts. Replaces the one before. */
  | ({ readonly kind: 'handoff' } & DescriptorChannel)
  | { readonly kind: 'drain'; readonly deadlineMs: number }
  | { readonly kind: 'close' };

export type FromWorker =
  /** `wakeFd`: see OpenDriver. */
  | { readonly kind: 'ready'; readonly wakeFd?: number }
  | { readonly kind: 'applied'; readonly version: number }
  | { readonly kind: 'records'; readonly batch: RecordBatch; readonly dropped: number }
  | { readonly kind: 'listener'; readonly key: string; readonly status: ListenerStatus }
  | { readonly kind: 'resource-warning'; readonly warning: ResourceWarning }
  /** A dial failed, so others were asked: the control side finds out when it answers again. */
  | { readonly kind: 'suspect'; readonly upstreamKey: string; readonly error: string }
  /** `json`: LiveSessions, as a string for the same reason as records. */
  | { readonly kind: 'session-list'; readonly id: number; readonly json: string }
  | { readonly kind: 'drained' };
