import { randomBytes } from 'node:crypto';
import type { Timer } from '../time/clock.ts';
import { overflowSlot, type CounterWriter } from './counters.ts';
import type { Channel, Driver } from './driver.ts';
import { Listener } from './listener.ts';
import { lookAt } from './live-sessions.ts';
import type { HandedOver } from './handover.ts';
import { Pool } from './pool.ts';
import type { ListenerStatus, LiveSessions, SessionFilter, SessionRecord } from './report.ts';
import type { TableChange } from './table-change.ts';
import { TlsEnds } from './tls/tls-ends.ts';
import { defaultAlpn, openPool, type ListenerSpec, type PoolSpec, type RoutingTable, type TlsMode } from './table.ts';

/**
 * A whole relay in one thread, whatever moves its bytes: applies tables to listeners and pools, and leads each client
 * from its listener to its service's pool. Driven by a worker thread, or by a test directly.
 */
export interface DispatcherCollaborators {
  readonly driver: Driver;
  readonly random: () => number;
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
  readonly onListener: (key: string, status: ListenerStatus) => void;
  /** A dial to the upstream failed; said again while dials fail, a few times a second at most. */
  readonly onSuspect: (upstreamKey: string, error: string) => void;
  readonly onTrouble: (code: string, message: string) => void;
  /** Of all threads; see CertificateContexts. */
  readonly ticketKeys?: Uint8Array;
  /** Where clients go whose TLS this driver can't end. */
  readonly handOver?: (client: HandedOver) => void;
}

/** Byte counters of running sessions are this old at most. */
const sampleIntervalMs = 1_000;

/** For a listener whose service no table has described: its clients wait as long as others do. */
const unknownPool = {
  ...openPool,
  balance: 'least-connections',
  holdMs: 10_000,
  maxHeld: 1_024,
  connectTimeoutMs: 2_000,
} as const;

export class Dispatcher {
  readonly #collaborators: DispatcherCollaborators;
  readonly #reusePort: boolean;
  readonly #listeners = new Map<string, Listener>();
  readonly #guests = new Map<string, { readonly service: string; readonly tls: TlsMode }>();
  readonly #tlsEnds: TlsEnds;
  readonly #pools = new Map<string, { readonly pool: Pool; spec: PoolSpec }>();
  /** Services that are no longer in the table, but have sessions. */
  readonly #removed = new Set<string>();
  #sampling: Timer | undefined;
  #accepting = true;
  #drained: { readonly deadline: Timer; readonly done: () => void } | undefined;

  constructor(collaborators: DispatcherCollaborators, options: { readonly reusePort: boolean }) {
    this.#collaborators = collaborators;
    this.#reusePort = options.reusePort;
    this.#tlsEnds = new TlsEnds(collaborators.driver.clock, collaborators.ticketKeys ?? randomBytes(48));
    this.#sample();
  }

  get sessionCount(): number {
    let count = this.#tlsEnds.size;
    for (const { pool } of this.#pools.values()) count += pool.sessionCount;
    return count;
  }

  /** The whole table. */
  apply(table: RoutingTable, slots: ReadonlyMap<string, number>): void {
    const wanted = new Set(table.pools.map(({ service }) => service));
    this.change(
      { ...table, tls: table.tls, removed: [...this.#pools.keys()].filter((service) => !wanted.has(service)) },
      slots,
    );
  }

  /** What is new in a table. */
  change({ listeners, pools, removed, tls }: TableChange, slots: ReadonlyMap<string, number>): void {
    const slotOf = (key: string): number => slots.get(key) ?? overflowSlot;
    if (tls) this.#tlsEnds.apply(tls);
    for (const service of removed) this.#removePool(service, slotOf);
    for (const spec of pools) {
      this.#removed.delete(spec.service);
      this.#applyPool(spec, slotOf);
    }
    if (listeners) this.#applyListeners(listeners);
    this.#forgetIdlePools();
  }

  closeSessionsOf(upstreamKey: string): void {
    for (const { pool } of this.#pools.values()) pool.closeSessionsOf(upstreamKey, 'operator');
  }

  /** The sessions that go on, as far as they are asked for. */
  look(filter: SessionFilter): LiveSessions {
    return lookAt(
      [...this.#pools.values()].map(({ pool }) => pool),
      filter,
      this.#collaborators.driver.clock.nowMs(),
    );
  }

  /** Stops accepting; `done` is called when no session is left, at the deadline at the latest. */
  drain(deadlineMs: number, done: () => void): void {
    this.#stopAccepting();
    const deadline = this.#collaborators.driver.clock.after(deadlineMs, () => this.#closeSessions());
    this.#drained = { deadline, done };
    this.#checkDrained();
  }

  /** Closes everything at once; nothing of it is left when this returns. */
  close(): void {
    this.#stopAccepting();
    this.#sampling?.cancel();
    this.#drained?.deadline.cancel();
    this.#closeSessions();
  }

  /** A service that is no longer in the table loses its upstreams only: its clients wait for it to come back. */
  #removePool(service: string, slotOf: (key: string) => number): void {
    const entry = this.#pools.get(service);
    if (!entry) return;
    this.#applyPool({ ...entry.spec, upstreams: [] }, slotOf);
    this.#removed.add(service);
  }

  #applyPool(spec: PoolSpec, slotOf: (key: string) => number): void {
    const entry = this.#poolOf(spec);
    entry.spec = spec;
    entry.pool.apply(spec, slotOf);
  }

  #poolOf(spec: PoolSpec): { readonly pool: Pool; spec: PoolSpec } {
    const known = this.#pools.get(spec.service);
    if (known) return known;
    const { driver, random, counters, onRecord, onSuspect } = this.#collaborators;
    const collaborators = {
      clock: driver.clock,
      random,
      counters,
      onSuspect,
      onRecord: (record: SessionRecord): void => {
        onRecord(record);
        this.#checkDrained();
      },
    };
    const entry = { pool: new Pool(collaborators, spec), spec };
    this.#pools.set(spec.service, entry);
    return entry;
  }

  #applyListeners(specs: readonly ListenerSpec[]): void {
    if (!this.#accepting) return;
    const wanted = new Map(specs.map((spec) => [spec.key, spec]));
    // Close before binding: the same port may come back under another address.
    for (const [key, listener] of this.#listeners) {
      const spec = wanted.get(key);
      if (spec && listener.hasAddress(spec)) continue;
      listener.close();
      this.#listeners.delete(key);
    }
    for (const { key, host, port, service, tls } of specs) {
      if (service !== undefined) this.#guests.set(key, { service, tls });
      if (!this.#listeners.has(key)) this.#listeners.set(key, this.#listen(key, host, port));
    }
    for (const key of this.#guests.keys()) if (!wanted.has(key)) this.#guests.delete(key);
  }

  #listen(key: string, host: string, port: number): Listener {
    const { driver, random, onListener, onTrouble } = this.#collaborators;
    return new Listener(
      driver,
      random,
      {
        onStatus: (status) => onListener(key, status),
        onChannel: (channel) => this.#admit(channel, key),
        onTrouble,
      },
      { host, port, reusePort: this.#reusePort },
    );
  }

  #admit(channel: Channel, key: string): void {
    const guest = this.#guests.get(key);
    // Accepted in the same turn of the event loop in which its listener was closed.
    if (guest === undefined || !this.#accepting) return channel.abort();
    const { service, tls } = guest;
    if (tls === 'passthrough') return this.#enter(channel, key, service);
    if (channel.secure) return this.#endTls(channel, key, service);
    const { handOver } = this.#collaborators;
    if (!channel.release || !handOver) return channel.abort();
    handOver({ fd: channel.release(), client: channel.client, listener: key, service });
  }

  /** Of another thread's listener, for whom TLS is ended here. */
  adopt({ fd, client, listener, service }: HandedOver): void {
    const channel = this.#collaborators.driver.adopt?.(fd, client);
    if (channel) this.#endTls(channel, listener, service);
  }

  #endTls(channel: Channel, listener: string, service: string): void {
    const { driver, counters, onRecord } = this.#collaborators;
    const startedAtMs = driver.clock.nowMs();
    const startedAtWallMs = driver.clock.wallMs();
    this.#tlsEnds.begin(channel, this.#pools.get(service)?.spec.alpn ?? defaultAlpn, {
      onSecured: () => this.#enter(channel, listener, service),
      onFailed: (detail, name) => {
        counters.count('tls-failed', 1);
        onRecord({
          service,
          listener,
          client: channel.client,
          via: undefined,
          name,
          upstream: undefined,
          upstreamKey: undefined,
          endpoint: undefined,
          startedAtMs: startedAtWallMs,
          heldMs: 0,
          dialMs: 0,
          totalMs: Math.round((driver.clock.nowMs() - startedAtMs) * 1_000) / 1_000,
          bytesUp: 0,
          bytesDown: 0,
          retries: 0,
          reason: 'tls-failed',
          detail,
          lastDialError: undefined,
        });
        this.#checkDrained();
      },
    });
  }

  #enter(channel: Channel, key: string, service: string): void {
    const spec = { service, ...unknownPool, idleTimeoutMs: undefined, rebalanceIdleMs: undefined, upstreams: [] };
    this.#poolOf(spec).pool.admit(channel, key);
  }

  #forgetIdlePools(): void {
    for (const service of this.#removed) {
      const sessions = this.#pools.get(service)?.pool.sessionCount ?? 0;
      if (sessions > 0) continue;
      this.#pools.delete(service);
      this.#removed.delete(service);
    }
  }

  #stopAccepting(): void {
    this.#accepting = false;
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  #closeSessions(): void {
    this.#tlsEnds.close();
    for (const { pool } of this.#pools.values()) pool.closeAll('shutdown');
  }

  #checkDrained(): void {
    if (!this.#drained || this.sessionCount > 0) return;
    this.#drained.deadline.cancel();
    const { done } = this.#drained;
    this.#drained = undefined;
    done();
  }

  #sample(): void {
    const { driver, counters } = this.#collaborators;
    for (const { pool } of this.#pools.values()) pool.sample();
    const dueMs = driver.clock.nowMs() + sampleIntervalMs;
    this.#sampling = driver.clock.after(sampleIntervalMs, () => {
      counters.lag(Math.max(0, driver.clock.nowMs() - dueMs));
      this.#sample();
    });
  }
}
