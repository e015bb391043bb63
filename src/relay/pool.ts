import { backoffDelayMs } from '../time/backoff.ts';
import type { Clock, Timer } from '../time/clock.ts';
import { createBalancer } from './balancer/balancer.ts';
import type { Balancer } from './balancer/policy.ts';
import type { CounterWriter } from './counters.ts';
import type { Channel } from './driver.ts';
import { HoldQueue } from './hold-queue.ts';
import type { CloseReason, SessionRecord } from './report.ts';
import { Session, type SessionHost } from './session.ts';
import type { PoolSpec } from './table.ts';
import { Upstream } from './upstream.ts';

/**
 * One service in one worker: its upstreams, its balancer and those who wait. A session walks the balancer's order until
 * an upstream answers; when none does it is held. While clients are held, the first of them is the scout: it alone dials,
 * again and again, and when it gets through the others follow. So a restarting upstream is not stormed.
 */
export interface PoolCollaborators {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: CounterWriter;
  /** A session ended, for whatever reason. */
  readonly onRecord: (record: SessionRecord) => void;
}

/** How often the scout dials. The first is short since most containers listen within milliseconds of their start. */
const scoutBackoff = { firstMs: 25, maxMs: 250 };

export class Pool implements SessionHost {
  readonly clock: Clock;
  readonly #collaborators: PoolCollaborators;
  readonly #sessions = new Set<Session>();
  readonly #held = new HoldQueue<Session>();
  #spec: PoolSpec;
  #balancer: Balancer;
  #upstreams = new Map<string, Upstream>();
  #candidates: readonly Upstream[] = [];
  #scout: Session | undefined;
  #scoutTimer: Timer | undefined;
  #scoutings = 0;
  #turns = 0;

  constructor(collaborators: PoolCollaborators, spec: PoolSpec) {
    this.clock = collaborators.clock;
    this.#collaborators = collaborators;
    this.#spec = { ...spec, upstreams: [] };
    this.#balancer = createBalancer(spec.balance, this.#collaborators.random);
  }

  get service(): string {
    return this.#spec.service;
  }

  get connectTimeoutMs(): number {
    return this.#spec.connectTimeoutMs;
  }

  get idleTimeoutMs(): number | undefined {
    return this.#spec.idleTimeoutMs;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Upstreams that stay keep their sessions; those that left lose them. `slotOf` names an upstream's counters. */
  apply(spec: PoolSpec, slotOf: (key: string) => number): void {
    if (spec.balance !== this.#spec.balance) this.#balancer = createBalancer(spec.balance, this.#collaborators.random);
    this.#spec = spec;
    const before = this.#upstreams;
    this.#upstreams = new Map();
    for (const upstreamSpec of spec.upstreams) {
      const upstream =
        before.get(upstreamSpec.key) ?? new Upstream(this.#collaborators, upstreamSpec, slotOf(upstreamSpec.key));
      upstream.apply(upstreamSpec);
      this.#upstreams.set(upstreamSpec.key, upstream);
    }
    const known = new Set(this.#candidates);
    this.#candidates = [...this.#upstreams.values()].filter((upstream) => upstream.takesSessions);
    for (const [key, upstream] of before) {
      if (!this.#upstreams.has(key)) for (const occupant of upstream.occupants) occupant.onUpstreamGone();
    }
    if (this.#candidates.some((upstream) => !known.has(upstream))) this.#onNewCandidate();
  }

  admit(channel: Channel, listener: string): void {
    const session = new Session(channel, listener, this.#turns++, this);
    this.#sessions.add(session);
    this.#collaborators.counters.count('accepted', 1);
    // Whoever came before goes first.
    if (this.#held.size > 0) this.#hold(session);
    else this.#walk(session);
  }

  onUnanswered(session: Session): void {
    const next = session.ahead.find((upstream) => this.#candidates.includes(upstream)) ?? this.#unwalked(session);
    const last = session.walked.at(-1);
    if (next) {
      last?.onRetry();
      this.#dial(session, next);
      return;
    }
    if (session === this.#scout) {
      this.#scout = undefined;
      session.hold(this.#spec.holdMs);
      this.#scheduleScout();
    } else {
      this.#hold(session);
    }
  }

  onAnswered(session: Session): void {
    this.#leaveHold(session);
    if (session === this.#scout) this.#scout = undefined;
    if (this.#held.size === 0) return;
    this.#scoutings = 0;
    for (const waiting of this.#held.everyone()) {
      if (waiting === this.#scout) continue;
      this.#leaveHold(waiting);
      this.#walk(waiting);
    }
  }

  onClosed(session: Session, record: SessionRecord): void {
    this.#leaveHold(session);
    this.#sessions.delete(session);
    this.#collaborators.counters.count('closed', 1);
    if (session === this.#scout) {
      // The next in line goes on at once: the one that left may have been waiting for a silent upstream.
      this.#scout = undefined;
      this.#sendScout();
    }
    this.#collaborators.onRecord(record);
  }

  closeAll(reason: CloseReason): void {
    // The last first, so that none of them is made a scout on the way.
    for (const session of [...this.#sessions].toReversed()) session.close(reason);
  }

  sample(): void {
    for (const session of this.#sessions) session.sample();
  }

  #walk(session: Session): void {
    const [first, ...ahead] = this.#inOrder(session);
    session.walked = [];
    session.ahead = ahead;
    if (first) this.#dial(session, first);
    else this.#hold(session);
  }

  #dial(session: Session, upstream: Upstream): void {
    session.walked = [...session.walked, upstream];
    session.ahead = session.ahead.filter((other) => other !== upstream);
    session.dial(upstream);
  }

  /** One that became a candidate after the walk began. */
  #unwalked(session: Session): Upstream | undefined {
    return this.#candidates.find((upstream) => !session.walked.includes(upstream));
  }

  #inOrder({ clientIp }: Session): readonly Upstream[] {
    if (this.#candidates.length < 2) return this.#candidates;
    const nowMs = this.clock.nowMs();
    const suspects = this.#candidates.filter((upstream) => upstream.isSuspect(nowMs));
    if (suspects.length === 0) return this.#balancer.order(this.#candidates, activeOf, clientIp);
    const trusted = this.#candidates.filter((upstream) => !suspects.includes(upstream));
    return [
      ...this.#balancer.order(trusted, activeOf, clientIp),
      ...this.#balancer.order(suspects, activeOf, clientIp),
    ];
  }

  #hold(session: Session): void {
    if (!session.wasHeld && this.#held.size >= this.#spec.maxHeld && this.#spec.holdMs > 0) {
      session.close('hold-full');
      return;
    }
    session.hold(this.#spec.holdMs);
    if (session.kind === 'closed') return;
    if (this.#held.join(session)) this.#collaborators.counters.count('held', 1);
    if (!this.#scout && !this.#scoutTimer) this.#scheduleScout();
  }

  #leaveHold(session: Session): void {
    if (this.#held.leave(session)) this.#collaborators.counters.count('held', -1);
  }

  #scheduleScout(): void {
    if (this.#candidates.length === 0) return;
    this.#scoutTimer?.cancel();
    const delayMs = backoffDelayMs(this.#scoutings++, scoutBackoff, this.#collaborators.random);
    this.#scoutTimer = this.clock.after(delayMs, () => this.#sendScout());
  }

  #sendScout(): void {
    this.#scoutTimer?.cancel();
    this.#scoutTimer = undefined;
    const { first } = this.#held;
    if (!first || this.#scout || this.#candidates.length === 0) {
      if (!first) this.#scoutings = 0;
      return;
    }
    this.#scout = first;
    this.#walk(first);
  }

  /** The scout may be waiting for a silent one: the newcomer is tried at once instead. */
  #onNewCandidate(): void {
    this.#scoutings = 0;
    const scout = this.#scout;
    const silent = scout?.dialing;
    if (!scout || !silent) return this.#sendScout();
    scout.walked = [silent];
    scout.ahead = this.#inOrder(scout).filter((upstream) => upstream !== silent);
    scout.abandonDial('silent');
  }
}

function activeOf(upstream: Upstream): number {
  return upstream.active;
}
