import type { Clock } from '../../time/clock.ts';
import { overflowSlot, upstreamCell, type CounterWriter } from '../boundary/counters.ts';
import type { CloseReason } from '../boundary/report.ts';
import { LinkedList, type ListNode } from '../driver/linked-list.ts';
import { Suspicion } from './suspicion.ts';
import type { Endpoint, UpstreamSpec } from '../boundary/table.ts';

/**
 * One upstream as a worker knows it: the present spec, who is on it, which of its addresses answered last, and whether
 * it refused lately. A suspect is still a candidate, only the last one: whether it is fit is decided on the control side.
 */
interface UpstreamCollaborators {
  readonly counters: CounterWriter;
  readonly clock: Clock;
  readonly random: () => number;
  /** A dial to it failed, or got no answer; a few times a second at most while dials go on failing. */
  readonly onSuspect: (upstreamKey: string, error: string) => void;
}

export interface Occupant {
  /** In the list of the upstream that it dials or is relayed to. */
  readonly upstreamNode: ListNode<Occupant>;
  onUpstreamGone(): void;
  /** Adds what moved since the last time to the counters. */
  sample(): void;
  /** How long it has been at rest, in milliseconds; 0 while it dials or has bytes on their way. */
  idleMs(nowMs: number): number;
  endGently(): void;
  close(reason: CloseReason): void;
}

/** How an upstream came to accept sessions with a table: for the first time, or again. */
type Arrival = 'joined' | 'returned';

/** What a slow start begins with: enough to find out whether the upstream works at all. */
const leastShare = 0.1;

export class PoolUpstream {
  readonly key: string;
  readonly #occupants = new LinkedList<Occupant>();
  readonly #counters: CounterWriter;
  readonly #slot: number;
  readonly #clock: Clock;
  readonly #suspicion: Suspicion;
  #spec: UpstreamSpec;
  #preferred = 0;
  #isReady = false;
  #hasJoined = false;
  #slowSinceMs = -Infinity;

  /** It accepts no sessions before its first `apply`. */
  constructor(collaborators: UpstreamCollaborators, spec: UpstreamSpec, slot: number) {
    this.key = spec.key;
    this.#counters = collaborators.counters;
    this.#clock = collaborators.clock;
    this.#suspicion = new Suspicion(collaborators, (error) => collaborators.onSuspect(spec.key, error));
    this.#spec = { ...spec, availability: 'unavailable' };
    this.#slot = slot;
  }

  get name(): string {
    return this.#spec.name;
  }

  /** What balancers go by: less than the table's while it starts slowly. */
  get weight(): number {
    const { weight, slowStartMs } = this.#spec;
    if (slowStartMs === 0) return weight;
    const part = Math.min(1, (this.#clock.nowMs() - this.#slowSinceMs) / slowStartMs);
    return weight * (leastShare + (1 - leastShare) * part);
  }

  get fullWeight(): number {
    return this.#spec.weight;
  }

  get acceptsSessions(): boolean {
    return acceptsSessions(this.#spec);
  }

  get isBackup(): boolean {
    return this.#spec.backup;
  }

  get isLimited(): boolean {
    return this.#spec.maxConnections !== undefined;
  }

  /** Said to be one by the table, or found out by this worker itself. */
  get isSuspect(): boolean {
    return this.#spec.availability === 'suspect' || this.#suspicion.isActive;
  }

  /** Suspect for all workers, not only for this one. */
  get isSuspectByTable(): boolean {
    return this.#spec.availability === 'suspect';
  }

  /** As many sessions as it may have, over all workers. */
  get isFull(): boolean {
    const { maxConnections } = this.#spec;
    return maxConnections !== undefined && this.#counted >= maxConnections;
  }

  /** Over all workers. */
  get active(): number {
    return this.#counters.activeOf(this.#slot);
  }

  get occupants(): LinkedList<Occupant> {
    return this.#occupants;
  }

  /** Tells if it accepts sessions as a ready one from now on. */
  apply(spec: UpstreamSpec): Arrival | undefined {
    // Back from suspicion it goes on as before: it is the same process, and need not warm up.
    if (acceptsSessions(spec) && !this.acceptsSessions) this.#slowSinceMs = this.#clock.nowMs();
    if (spec.endpoints.length !== this.#spec.endpoints.length) this.#preferred = 0;
    this.#spec = spec;
    const wasReady = this.#isReady;
    this.#isReady = this.acceptsSessions && spec.availability === 'ready';
    if (!this.#isReady || wasReady) return undefined;
    // Whoever said so has seen it answer since.
    this.#suspicion.clear();
    const arrival = this.#hasJoined ? 'returned' : 'joined';
    this.#hasJoined = true;
    return arrival;
  }

  /** The addresses to try, the one that answered last first. */
  endpoints(): readonly Endpoint[] {
    const { endpoints } = this.#spec;
    return this.#preferred === 0
      ? endpoints
      : [...endpoints.slice(this.#preferred), ...endpoints.slice(0, this.#preferred)];
  }

  /** False when it is full: a session is counted before its upstream is dialed. */
  occupy(occupant: Occupant): boolean {
    if (!this.#reserve()) return false;
    this.#occupants.add(occupant.upstreamNode);
    return true;
  }

  vacate(occupant: Occupant): void {
    if (this.#occupants.remove(occupant.upstreamNode)) this.#counters.addActive(this.#slot, -1);
  }

  moved(bytesUp: number, bytesDown: number): void {
    if (bytesUp > 0) this.#counters.add(this.#slot, upstreamCell.bytesUp, bytesUp);
    if (bytesDown > 0) this.#counters.add(this.#slot, upstreamCell.bytesDown, bytesDown);
  }

  onDial(deadlineMs: number): void {
    this.#counters.add(this.#slot, upstreamCell.dials, 1);
    this.#suspicion.onDial(deadlineMs);
  }

  onAnswer(endpoint: Endpoint, dialMs: number): void {
    this.#counters.dialed(this.#slot, dialMs);
    this.#suspicion.clear();
    this.#preferred = Math.max(0, this.#spec.endpoints.indexOf(endpoint));
  }

  onDialFailed(how: 'refused' | 'silent' | 'withdrawn', error: string): void {
    this.#counters.add(this.#slot, upstreamCell.dialFailures, 1);
    if (how !== 'withdrawn') this.#suspicion.onFailed(how, error);
  }

  onRetry(): void {
    this.#counters.add(this.#slot, upstreamCell.retries, 1);
  }

  #reserve(): boolean {
    const { maxConnections } = this.#spec;
    if (maxConnections !== undefined && this.#slot !== overflowSlot) {
      return this.#counters.reserve(this.#slot, maxConnections);
    }
    if (this.isFull) return false;
    this.#counters.addActive(this.#slot, 1);
    return true;
  }

  /** The shared slot's figure is that of many upstreams: without a slot of its own it is limited per worker. */
  get #counted(): number {
    return this.#slot === overflowSlot ? this.#occupants.size : this.active;
  }
}

function acceptsSessions({ availability, weight, endpoints }: UpstreamSpec): boolean {
  return availability !== 'unavailable' && weight > 0 && endpoints.length > 0;
}
