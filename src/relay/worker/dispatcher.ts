import type { SecureContext } from 'node:tls';
import type { Timer } from '../../time/clock.ts';
import type { AccessCounts } from '../intake/access-policy.ts';
import { overflowSlot, type CounterWriter } from '../boundary/counters.ts';
import type { Channel, Driver } from '../driver/driver.ts';
import type { DescriptorChannel } from '../boundary/descriptor-channel.ts';
import { listenerConfigOf, type ListenerConfig } from '../intake/detect/listener-config.ts';
import { Detector } from '../intake/detect/detector.ts';
import { Listener } from '../intake/listener.ts';
import { listSessions } from '../sessions/list-sessions.ts';
import type { ClientInfo } from '../intake/client-info.ts';
import { CancelRequests } from '../sessions/cancel-requests.ts';
import { Pool } from '../sessions/pool.ts';
import { Pools } from '../sessions/pools.ts';
import type {
  ListenerStatus,
  LiveSessions,
  SessionFilter,
  SessionRecord,
  ResourceWarning,
} from '../boundary/report.ts';
import type { SlotMaps } from '../boundary/slots.ts';
import type { TableChange } from '../boundary/table-change.ts';
import { TlsEntrance } from './tls-entrance.ts';
import { UpstreamContext } from './upstream-context.ts';
import type { ListenerSpec, PoolSpec, RoutingTable } from '../boundary/table.ts';

/**
 * A complete relay in one thread, with any driver: applies tables to listeners and pools, and routes each client from
 * its listener to its service's pool. It is run by a worker thread, or directly by a test.
 */
interface DispatcherCollaborators {
  readonly driver: Driver;
  readonly random: () => number;
  readonly counters: CounterWriter;
  readonly onRecord: (record: SessionRecord) => void;
  readonly onListener: (key: string, status: ListenerStatus) => void;
  /** A dial to the upstream failed; called again while dials keep failing, at most a few times a second. */
  readonly onSuspect: (upstreamKey: string, error: string) => void;
  /** A client of a service that may be woken is held, the first one in a while. */
  readonly onWaiting?: ((service: string, client: string) => void) | undefined;
  readonly onResourceWarning: (warning: ResourceWarning) => void;
  readonly access: AccessCounts;
  /** The key of TLS session tickets, the same in all threads; see CertificateContexts. */
  readonly ticketKeys?: Uint8Array | undefined;
}

export interface DispatcherOptions {
  readonly reusePort: boolean;
  /** The most open sessions over all workers and services; undefined: only the driver's limit applies. */
  readonly maxSessions?: number | undefined;
  /** The folder that no Unix socket below it may lead out of; see placeSocket. */
  readonly socketFolder?: string | undefined;
}

/** The counted bytes of live sessions are at most this old. */
const sampleIntervalMs = 1_000;

export class Dispatcher {
  readonly #collaborators: DispatcherCollaborators;
  readonly #options: DispatcherOptions;
  readonly #listeners = new Map<string, Listener>();
  /** The service of each listener that needs no detection; the other listeners have a config. */
  readonly #services = new Map<string, string>();
  readonly #configs = new Map<string, ListenerConfig>();
  readonly #detector: Detector;
  readonly #tls: TlsEntrance;
  readonly #cancels: CancelRequests;
  readonly #upstreamContext = new UpstreamContext();
  readonly #pools = new Pools((spec) => this.#createPool(spec));
  #sampling: Timer | undefined;
  #accepting = true;
  #drained: { readonly deadline: Timer; readonly done: () => void } | undefined;

  constructor(collaborators: DispatcherCollaborators, options: DispatcherOptions) {
    this.#collaborators = collaborators;
    this.#options = options;
    const { driver, counters, ticketKeys, onResourceWarning } = collaborators;
    const onRecord = this.#onRecord;
    const poolFor = (service: string): Pool => this.#pools.poolFor(service);
    this.#cancels = new CancelRequests({ driver, counters, onRecord, poolFor });
    this.#tls = new TlsEntrance({
      driver,
      counters,
      onRecord,
      onResourceWarning,
      ticketKeys,
      poolFor,
      cancels: this.#cancels,
      enter: (channel, listener, service, clientInfo) => this.#enter(channel, listener, service, clientInfo),
      onFewer: () => this.#checkDrained(),
    });
    this.#detector = new Detector({
      clock: driver.clock,
      counters,
      onRecord,
      cancel: (client, services) => this.#cancels.receive(client, services),
      routeTo: (channel, listener, { service, tls }, clientInfo) => {
        if (tls === 'passthrough') this.#enter(channel, listener, service, clientInfo);
        else if (!this.#pools.poolFor(service).admission.denies(channel, listener, clientInfo))
          this.#tls.receive(channel, listener, service, clientInfo);
      },
    });
    this.#sample();
  }

  get sessionCount(): number {
    return this.#detector.size + this.#tls.waiting + this.#cancels.size + this.#pools.sessionCount;
  }

  /** Applies a whole table. */
  apply(table: RoutingTable, slots: SlotMaps): void {
    const wanted = new Set(table.pools.map(({ service }) => service));
    this.change(
      { ...table, tls: table.tls, removed: [...this.#pools.services].filter((service) => !wanted.has(service)) },
      slots,
    );
  }

  /** Applies the changes of a table. */
  change({ listeners, pools, removed, tls }: TableChange, { upstreams, services }: SlotMaps): void {
    if (tls) {
      this.#tls.apply(tls);
      this.#upstreamContext.apply(tls.upstream);
    }
    this.#pools.change(pools, removed, {
      upstream: (key) => upstreams.get(key) ?? overflowSlot,
      service: (service) => services.get(service) ?? overflowSlot,
    });
    if (listeners) this.#applyListeners(listeners);
    this.#pools.forgetIdle();
  }

  closeSessionsOf(upstreamKey: string, olderThanMs: number): void {
    for (const pool of this.#pools.all) pool.closeSessionsOf(upstreamKey, 'operator', olderThanMs);
  }

  /** The live sessions that match the filter. */
  listSessions(filter: SessionFilter): LiveSessions {
    return listSessions(this.#pools.all, filter, this.#collaborators.driver.clock.nowMs());
  }

  /** Stops accepting clients; `done` is called when no session is left, or at the deadline. */
  drain(deadlineMs: number, done: () => void): void {
    this.#stopAccepting();
    const deadline = this.#collaborators.driver.clock.after(deadlineMs, () => {
      this.#closeSessions();
      this.#endDrain();
    });
    this.#drained = { deadline, done };
    this.#checkDrained();
  }

  /** Closes all listeners and sessions; nothing is left open when this returns. */
  close(): void {
    this.#stopAccepting();
    this.#sampling?.cancel();
    this.#drained?.deadline.cancel();
    this.#closeSessions();
  }

  /** Connects this thread to the one that speaks TLS; in that thread, to one that hands clients to it. */
  connect(channel: DescriptorChannel): void {
    this.#tls.connect(channel);
  }

  /** Closes the handoff when the thread ends, perhaps by an error, since its clients' descriptors would outlive it. */
  abandon(): void {
    this.#tls.end();
  }

  #createPool(spec: PoolSpec): Pool {
    const { driver, random, counters, onSuspect, onWaiting, onResourceWarning, access } = this.#collaborators;
    const onRecord = this.#onRecord;
    const upstreamContext = (): SecureContext => this.#upstreamContext.context;
    const { clock } = driver;
    const told = { onSuspect, onWaiting, onResourceWarning, onRecord };
    return new Pool({ clock, random, counters, access, upstreamContext, ...told }, spec);
  }

  #applyListeners(specs: readonly ListenerSpec[]): void {
    if (!this.#accepting) return;
    const wanted = new Map(specs.map((spec) => [spec.key, spec]));
    // Listeners are closed before others bind, since the same port may return under another address.
    for (const [key, listener] of this.#listeners) {
      const spec = wanted.get(key);
      if (spec && listener.hasAddress(spec)) continue;
      listener.close();
      this.#listeners.delete(key);
    }
    this.#services.clear();
    this.#configs.clear();
    for (const spec of specs) {
      const { key, host, port, service } = spec;
      const config = listenerConfigOf(spec);
      if (config) this.#configs.set(key, config);
      else if (service !== undefined) this.#services.set(key, service);
      if (!this.#listeners.has(key)) this.#listeners.set(key, this.#listen(key, host, port));
    }
  }

  #listen(key: string, host: string, port: number): Listener {
    const { driver, random, onListener, onResourceWarning } = this.#collaborators;
    return new Listener(
      driver,
      random,
      {
        onStatus: (status) => onListener(key, status),
        onChannel: (channel) => this.#admit(channel, key),
        onResourceWarning: (code, message) => onResourceWarning({ kind: 'accept-failed', code, message }),
      },
      { host, port, reusePort: this.#options.reusePort },
      this.#options.socketFolder,
    );
  }

  #admit(channel: Channel, key: string): void {
    const service = this.#services.get(key);
    const config = service === undefined ? this.#configs.get(key) : undefined;
    // The client was accepted in the turn of the event loop in which its listener was closed.
    if ((service === undefined && !config) || !this.#accepting) return channel.abort();
    if (this.#isFull) this.#detector.reject(channel, key, service, 'limit-total');
    else if (config) this.#detector.receive(channel, config);
    else if (service !== undefined) this.#enter(channel, key, service, undefined);
  }

  /** Admits the client to its pool; hands it off first if its upstreams speak TLS and this driver can't. */
  #enter(channel: Channel, listener: string, service: string, clientInfo: ClientInfo | undefined): void {
    const pool = this.#pools.poolFor(service);
    if (!pool.speaksTls || this.#collaborators.driver.dialsTls) pool.admit(channel, listener, clientInfo);
    else this.#tls.handOff(channel, { listener, service, clientInfo, tls: 'passthrough' });
  }

  get #isFull(): boolean {
    const { maxSessions } = this.#options;
    return maxSessions !== undefined && this.#collaborators.counters.open >= maxSessions;
  }

  readonly #onRecord = (record: SessionRecord): void => {
    this.#collaborators.onRecord(record);
    this.#checkDrained();
  };

  #stopAccepting(): void {
    this.#accepting = false;
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  #closeSessions(): void {
    this.#detector.closeAll('shutdown');
    this.#tls.close();
    this.#cancels.closeAll('shutdown');
    for (const pool of this.#pools.all) pool.closeAll('shutdown');
  }

  #checkDrained(): void {
    if (this.#drained && this.sessionCount === 0 && this.#tls.senders === 0) this.#endDrain();
  }

  #endDrain(): void {
    if (!this.#drained) return;
    const { deadline, done } = this.#drained;
    this.#drained = undefined;
    deadline.cancel();
    this.#tls.end();
    done();
  }

  #sample(): void {
    const { driver, counters } = this.#collaborators;
    for (const pool of this.#pools.all) pool.sample();
    const dueMs = driver.clock.nowMs() + sampleIntervalMs;
    this.#sampling = driver.clock.after(sampleIntervalMs, () => {
      counters.lag(Math.max(0, driver.clock.nowMs() - dueMs));
      this.#sample();
    });
  }
}
