import type { Clock } from '../../time/clock.ts';
import { overflowSlot, upstreamCell, type CounterWriter } from '../boundary/counters.ts';
import type { CloseReason } from '../boundary/report.ts';
import { isSameAddress } from '../../address/address.ts';
import { LinkedList, type ListNode } from '../driver/linked-list.ts';
import { Patience } from './patience.ts';
import { StandInShare } from './stand-in-share.ts';
import { Suspicion } from './suspicion.ts';
import type { Endpoint, UpstreamSpec } from '../boundary/table.ts';

/**
 * One upstream as a worker knows it: its present spec, the sessions that dial it or are relayed to it, the address that
 * answered last, and whether dials failed lately. A suspect is still a candidate, though the last one: the control side
 * alone decides whether an upstream is fit.
 */
interface UpstreamCollaborators {
  readonly counters: CounterWriter;
  readonly clock: Clock;
  readonly random: () => number;
  /** A dial to the upstream failed or got no answer; called at most a few times a second while dials keep failing. */
  readonly onSuspect: (upstreamKey: string, error: string) => void;
}

/** One dial of a session, or the session that is relayed through it. */
export interface Occupant {
  /** The node in the upstream's list. */
  readonly upstreamNode: ListNode<Occupant>;
  /** The address that is being dialed, or that has answered. */
  readonly endpoint: Endpoint;
  /** When the address was dialed, in the clock's monotonic milliseconds. */
  readonly sinceMs: number;
  onUpstreamGone(): void;
  /** Adds the bytes relayed since the last call to the counters. */
  sample(): void;
  /** How long the session has been idle, in milliseconds; 0 while it dials or has bytes on their way. */
  idleMs(nowMs: number): number;
  endGently(): void;
  close(reason: CloseReason): void;
}

/** How an upstream became ready with a table: for the first time, or again. */
type Arrival = 'joined' | 'returned';

/** The part of its weight that a slow start begins with: enough to find out whether the upstream works at all. */
const leastShare = 0.1;

export class PoolUpstream {
  readonly key: string;
  readonly #occupants = new LinkedList<Occupant>();
  readonly #counters: CounterWriter;
  readonly #slot: number;
  readonly #clock: Clock;
  readonly #suspicion: Suspicion;
  readonly #patience = new Patience();
  readonly #share: StandInShare;
  #spec: UpstreamSpec;
  #preferred = 0;
  #isReady = false;
  #hasJoined = false;
  #slowSinceMs = -Infinity;

  /** The upstream accepts no sessions before its first `apply`. */
  constructor(collaborators: UpstreamCollaborators, spec: UpstreamSpec, slot: number) {
    this.key = spec.key;
    this.#counters = collaborators.counters;
    this.#clock = collaborators.clock;
    this.#suspicion = new Suspicion(collaborators, (error) => collaborators.onSuspect(spec.key, error));
    this.#share = new StandInShare(spec.key, collaborators.random);
    this.#spec = { ...spec, availability: 'unavailable' };
    this.#slot = slot;
  }

  get name(): string {
    return this.#spec.name;
  }

  /** The weight that balancers use: less than the table's during a slow start. */
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

  get isRemote(): boolean {
    return this.#spec.isRemote === true;
  }

  get isStandIn(): boolean {
    return this.#spec.standInPercent !== undefined;
  }

  /** Whether the next session is one of the stand-in's share. */
  takesNext(client: string | undefined): boolean {
    return this.#share.takesNext(this.#spec.standInPercent ?? 0, client);
  }

  get isLimited(): boolean {
    return this.#spec.maxConnections !== undefined;
  }

  /** True when a dial or probe was answered after the last dial that failed, if any did. */
  get isProven(): boolean {
    return this.#spec.availability !== 'suspect' && !this.#suspicion.isOpen;
  }

  /** True when the table says that the upstream is suspect, or when dials of this worker failed lately. */
  get isSuspect(): boolean {
    return this.#spec.availability === 'suspect' || this.#suspicion.isActive;
  }

  /** True when the upstream is suspect for all workers, not only for this one. */
  get isSuspectByTable(): boolean {
    return this.#spec.availability === 'suspect';
  }

  /** True when the upstream has as many sessions as its limit allows, over all workers. */
  get isFull(): boolean {
    const { maxConnections } = this.#spec;
    return maxConnections !== undefined && this.#counted >= maxConnections;
  }

  /** The sessions that dial the upstream or are relayed to it, over all workers. */
  get active(): number {
    return this.#counters.activeOf(this.#slot);
  }

  /** How long a dial may stay unanswered before another one starts beside it. */
  get patienceMs(): number {
    return this.#patience.ms;
  }

  get occupants(): LinkedList<Occupant> {
    return this.#occupants;
  }

  /** Applies a new spec. The result says how the upstream became ready; undefined if it did not, or was before. */
  apply(spec: UpstreamSpec): Arrival | undefined {
    // An upstream that is no longer suspect starts at full weight: it is the same process and need not warm up.
    if (acceptsSessions(spec) && !this.acceptsSessions) this.#slowSinceMs = this.#clock.nowMs();
    if (!isSameList(spec.endpoints, this.#spec.endpoints)) this.#preferred = 0;
    this.#spec = spec;
    if (spec.ownsAddresses) this.#leaveLostAddresses();
    const wasReady = this.#isReady;
    this.#isReady = this.acceptsSessions && spec.availability === 'ready';
    if (!this.#isReady || wasReady) return undefined;
    // The control side made the upstream ready anew, and has seen it answer since the failed dials.
    this.#suspicion.clear();
    this.#patience.onProven();
    const arrival = this.#hasJoined ? 'returned' : 'joined';
    this.#hasJoined = true;
    return arrival;
  }

  /** The addresses to dial in order; the one that answered last comes first. */
  endpoints(): readonly Endpoint[] {
    const { endpoints } = this.#spec;
    return this.#preferred === 0
      ? endpoints
      : [...endpoints.slice(this.#preferred), ...endpoints.slice(0, this.#preferred)];
  }

  /** False for an address that a container has lost: it may be another container's by now. */
  mayDial(endpoint: Endpoint): boolean {
    const { endpoints, ownsAddresses } = this.#spec;
    return !ownsAddresses || endpoints.some((one) => isSameAddress(one, endpoint));
  }

  /** The upstream has left the table. */
  leave(): void {
    this.#spec = { ...this.#spec, availability: 'unavailable', endpoints: [] };
    for (const occupant of this.#occupants) occupant.onUpstreamGone();
  }

  /** Counts a session before its upstream is dialed; false when the upstream is full. */
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
    this.#patience.onAnswer(dialMs);
    const index = this.#spec.endpoints.findIndex((one) => isSameAddress(one, endpoint));
    this.#preferred = Math.max(0, index);
  }

  onDialFailed(how: 'refused' | 'silent' | 'withdrawn', error: string): void {
    this.#counters.add(this.#slot, upstreamCell.dialFailures, 1);
    if (how !== 'withdrawn') this.#suspicion.onFailed(how, error);
  }

  /** A dial to another upstream was answered while one to this upstream was not; only many in a row count. */
  onOvertaken(error: string): void {
    if (this.#patience.onOvertaken()) this.#suspicion.onFailed('silent', error);
  }

  onRetry(): void {
    this.#counters.add(this.#slot, upstreamCell.retries, 1);
  }

  #leaveLostAddresses(): void {
    for (const occupant of this.#occupants) if (!this.mayDial(occupant.endpoint)) occupant.onUpstreamGone();
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

  /**
   * The sessions that count against the limit. The overflow slot is shared by many upstreams, so an upstream without a
   * slot of its own is limited in each worker separately.
   */
  get #counted(): number {
    return this.#slot === overflowSlot ? this.#occupants.size : this.active;
  }
}

function isSameList(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === b.length && a.every((one, index) => isSameAddress(one, b[index] as Endpoint));
}

function acceptsSessions({ availability, weight, endpoints }: UpstreamSpec): boolean {
  return availability !== 'unavailable' && weight > 0 && endpoints.length > 0;
}
