import { backoffDelayMs } from '../../time/backoff.ts';
import type { Clock, Timer } from '../../time/clock.ts';
import { overflowSlot, type CounterWriter } from '../boundary/counters.ts';
import { HoldQueue } from './hold-queue.ts';
import type { PoolSpec } from '../boundary/table.ts';
import type { Session } from './session.ts';
import type { PoolUpstream } from '../upstreams/upstream.ts';

/**
 * The held sessions of a service: no upstream has answered them yet. They are kept in order of arrival, those last whose
 * upstream was tried out in vain. While upstreams refuse, the first is the probe session, which dials again and again;
 * while its dial has no answer, another session follows every quarter of a second. Each answer lets in two more, so that
 * an upstream that has just started is not flooded, and yet a thousand sessions are relayed after ten round trips.
 *
 *   waiting ──let in──▶ dialing ──answered──▶ out
 *      ▲                   │
 *      └── not answered ───┘
 *
 * The probe timer runs while a session waits and there is an upstream to dial.
 */
interface HoldCollaborators {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: CounterWriter;
  /** True when there is an upstream to dial, even if it is full or suspect. */
  readonly hasCandidates: () => boolean;
  /** Dials for the session; false when no upstream can be dialed now. No dial fails before this returns. */
  readonly dial: (session: Session) => boolean;
  /** A client is held, the first one in a while, and containers of the service are asleep. */
  readonly onWaiting: (client: string) => void;
}

/** The delays between probes. The first is short, since most containers listen within milliseconds of their start. */
const probeBackoff = { firstMs: 25, maxMs: 250 };
/** A dial that takes longer counts as stuck: a container on this machine or a near one answers far sooner. */
const stuckAfterMs = 100;

export class Hold {
  readonly #collaborators: HoldCollaborators;
  readonly #waiting = new HoldQueue<Session>();
  readonly #dialing = new Set<Session>();
  #slot = overflowSlot;
  #probeTimer: Timer | undefined;
  #probeAttempts = 0;
  #isClosed = false;
  #turns = 0;
  #sleep: Pick<PoolSpec, 'wakes' | 'wakeFailure'> = {};
  #hasTold = false;

  constructor(collaborators: HoldCollaborators) {
    this.#collaborators = collaborators;
  }

  get size(): number {
    return this.#waiting.size + this.#dialing.size;
  }

  /** The place of the next session in the order. */
  nextTurn(): number {
    return this.#turns++;
  }

  /** Counts held clients in this slot from now on, present ones included. */
  countIn(slot: number): void {
    if (slot === this.#slot) return;
    this.#collaborators.counters.addHeld(this.#slot, -this.size);
    this.#slot = slot;
    this.#collaborators.counters.addHeld(slot, this.size);
  }

  /** The session waits from now on; one that waited before gets its old place in the order. */
  wait(session: Session): void {
    const { wakeFailure } = this.#sleep;
    if (wakeFailure !== undefined && !this.#collaborators.hasCandidates()) return session.failWake(wakeFailure);
    const isIn = this.#dialing.delete(session);
    if (this.#waiting.add(session) && !isIn) this.#collaborators.counters.addHeld(this.#slot, 1);
    this.#watch();
    this.#tellOfWaiting(session);
  }

  /** Which of the service's containers are asleep has changed. */
  follow({ wakes, wakeFailure }: Pick<PoolSpec, 'wakes' | 'wakeFailure'>): void {
    this.#sleep = { ...(wakes && { wakes }), wakeFailure };
    this.#hasTold = false;
    if (wakeFailure !== undefined && !this.#collaborators.hasCandidates())
      for (const session of this.#waiting.all()) session.failWake(wakeFailure);
    const { first } = this.#waiting;
    if (first) this.#tellOfWaiting(first);
  }

  #tellOfWaiting({ client }: Session): void {
    if (this.#sleep.wakes !== true || this.#hasTold) return;
    this.#hasTold = true;
    this.#collaborators.onWaiting(client);
  }

  /** The session moves to another pool; false if it was not held here. */
  release(session: Session): boolean {
    const before = this.size;
    this.#leave(session);
    this.#watch();
    return this.size < before;
  }

  /** Takes a held session from another pool; one whose dial is under way may still be answered. */
  adopt(session: Session): void {
    if (session.kind === 'dialing') this.#dialing.add(session);
    else this.#waiting.add(session);
    this.#collaborators.counters.addHeld(this.#slot, 1);
    this.#watch();
  }

  /**
   * A port proxy has answered the session, which no longer waits: a process that takes long to answer must not hold up
   * others. If the trial fails the session is held again, behind all others: the process may refuse this client alone.
   */
  onTried(session: Session): void {
    session.turn = this.nextTurn();
    this.#leave(session);
    this.#watch();
  }

  /** A session was answered, whether it was held or not, so upstreams have room for more. */
  onAnswered(session: Session): void {
    this.#leave(session);
    if (this.size === 0) return;
    this.#probeAttempts = 0;
    this.letIn(2);
  }

  onClosed(session: Session): void {
    const wasDialing = this.#leave(session);
    // The next session dials at once, since the closed one may have been dialing a silent upstream.
    if (wasDialing && this.#dialing.size === 0) this.letIn(1);
    else this.#watch();
  }

  /** The candidates have changed; `arrived` are those that became ready. */
  onCandidates(arrived: readonly PoolUpstream[]): void {
    if (this.size === 0) return;
    if (arrived.length > 0) this.#probeAttempts = 0;
    for (const upstream of arrived) {
      const stuck = upstream.isFull ? undefined : this.#stuck(upstream);
      if (stuck) stuck.redirect();
      else this.letIn(1);
    }
    this.#watch();
  }

  /** Lets the first `count` waiting sessions dial, as far as there is an upstream to dial. */
  letIn(count: number): void {
    for (let left = count; left > 0 && this.#letInFirst(); left--);
    this.#watch();
  }

  /** Stops letting sessions in, for good. */
  close(): void {
    this.#isClosed = true;
    this.#watch();
  }

  #letInFirst(): boolean {
    const { first } = this.#waiting;
    if (!first || this.#isClosed || !this.#collaborators.hasCandidates()) return false;
    this.#waiting.remove(first);
    this.#dialing.add(first);
    if (this.#collaborators.dial(first)) return true;
    this.#dialing.delete(first);
    this.#waiting.add(first);
    return false;
  }

  /** True if the session was dialing. */
  #leave(session: Session): boolean {
    const wasDialing = this.#dialing.delete(session);
    if (this.#waiting.remove(session) || wasDialing) this.#collaborators.counters.addHeld(this.#slot, -1);
    return wasDialing;
  }

  /** The earliest session with a stuck dial to another upstream; when no session waits, a dial of any age counts. */
  #stuck(newcomer: PoolUpstream): Session | undefined {
    let earliest: Session | undefined;
    const leastMs = this.#waiting.size === 0 ? 0 : stuckAfterMs;
    for (const session of this.#dialing) {
      if (session.isDialing(newcomer) || session.isOnTrial || session.dialingMs < leastMs) continue;
      if (!earliest || session.turn < earliest.turn) earliest = session;
    }
    return earliest;
  }

  #watch(): void {
    if (this.#waiting.size === 0) {
      this.#probeAttempts = 0;
      this.#hasTold = false;
    }
    const { clock, random, hasCandidates } = this.#collaborators;
    const needsProbe = this.#waiting.size > 0 && !this.#isClosed && hasCandidates();
    if (!needsProbe) {
      this.#probeTimer?.cancel();
      this.#probeTimer = undefined;
      return;
    }
    this.#probeTimer ??= clock.after(backoffDelayMs(this.#probeAttempts++, probeBackoff, random), () => {
      this.#probeTimer = undefined;
      this.letIn(1);
    });
  }
}
