import type { Timer } from '../../time/clock.ts';
import type { CloseReason } from '../boundary/report.ts';
import type { Endpoint } from '../boundary/table.ts';
import type { DialLane } from '../driver/driver.ts';
import { ListNode } from '../driver/linked-list.ts';
import type { Occupant, PoolUpstream } from '../upstreams/upstream.ts';
import type { DialTarget } from './session-state.ts';

/**
 * One upstream that a session dials: its addresses one after the other, until one answers. An attempt occupies a place
 * of its upstream until it fails or another attempt of its session is answered first; the one that is answered keeps
 * the place for as long as the session is relayed.
 */
export interface AttemptOwner {
  /** The attempt's upstream has left the table. */
  onUpstreamGone(attempt: Attempt): void;
  /** All sessions of the attempt's upstream are to be closed. */
  onUpstreamClosed(attempt: Attempt, reason: CloseReason): void;
  sample(): void;
  idleMs(nowMs: number): number;
  endGently(): void;
}

export class Attempt implements Occupant, DialTarget {
  readonly upstream: PoolUpstream;
  /** The lane of the session's channel in which the upstream is dialed. */
  readonly lane: DialLane;
  readonly upstreamNode: ListNode<Occupant> = new ListNode<Occupant>(this);
  /** The address that is being dialed, or that has answered. */
  endpoint: Endpoint;
  sinceMs = 0;
  /** When the port proxy at the address answered; undefined where the dial does not wait for the process behind one. */
  triedSinceMs: number | undefined;
  /** Runs out when the present address has been silent for too long. */
  timer: Timer | undefined;
  readonly #owner: AttemptOwner;
  readonly #endpoints: readonly Endpoint[];
  #index = 0;

  /** `endpoints`: the addresses to dial in order, of which `first` is the first. */
  constructor(
    owner: AttemptOwner,
    upstream: PoolUpstream,
    lane: DialLane,
    first: Endpoint,
    endpoints: readonly Endpoint[],
  ) {
    this.#owner = owner;
    this.upstream = upstream;
    this.lane = lane;
    this.endpoint = first;
    this.#endpoints = endpoints;
  }

  /** The addresses for a second attempt at this upstream: those that this one has not dialed yet, else the present one. */
  get untried(): readonly Endpoint[] {
    const untried = this.#endpoints.slice(this.#index + 1).filter((one) => this.upstream.mayDial(one));
    return untried.length > 0 ? untried : [this.endpoint];
  }

  /** Goes on to the next address that the upstream still has; false when there is none. */
  next(): boolean {
    const index = this.#endpoints.findIndex((one, at) => at > this.#index && this.upstream.mayDial(one));
    const next = this.#endpoints[index];
    if (!next) return false;
    this.#index = index;
    this.endpoint = next;
    return true;
  }

  /** Leaves all further addresses out. */
  stopHere(): void {
    this.#index = this.#endpoints.length;
  }

  onUpstreamGone(): void {
    this.#owner.onUpstreamGone(this);
  }

  close(reason: CloseReason): void {
    this.#owner.onUpstreamClosed(this, reason);
  }

  sample(): void {
    this.#owner.sample();
  }

  idleMs(nowMs: number): number {
    return this.#owner.idleMs(nowMs);
  }

  endGently(): void {
    this.#owner.endGently();
  }
}
