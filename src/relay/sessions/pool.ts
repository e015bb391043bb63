import type { Clock } from '../../time/clock.ts';
import { Admission, type PendingHandshake } from '../intake/admission.ts';
import type { Permit } from '../intake/access-policy.ts';
import { createBalancer } from '../upstreams/balancer.ts';
import type { Balancer } from '../upstreams/policy.ts';
import { Candidates } from '../upstreams/candidates.ts';
import { threadCell } from '../boundary/counters.ts';
import type { Channel, UpstreamTlsOffer } from '../driver/driver.ts';
import { Hold } from './hold.ts';
import type { ClientInfo } from '../intake/client-info.ts';
import { Rebalance } from './rebalance.ts';
import type { CloseReason, SessionRecord } from '../boundary/report.ts';
import { LinkedList } from '../driver/linked-list.ts';
import type { PoolCollaborators } from './pool-collaborators.ts';
import { Session, type SessionHost } from './session.ts';
import type { PoolSpec, ProxyProtocol } from '../boundary/table.ts';
import { PoolUpstream } from '../upstreams/upstream.ts';

/**
 * One service in one worker: its upstreams, its balancer and its sessions. A session dials one upstream after the
 * other, in the order of the candidates' tiers and within a tier in that of the balancer, until one answers. When none
 * does, the session is held (see hold.ts).
 */
export class Pool implements SessionHost {
  readonly clock: Clock;
  readonly admission: Admission;
  readonly #collaborators: PoolCollaborators;
  readonly #sessions = new LinkedList<Session>();
  readonly #hold: Hold;
  #spec: PoolSpec;
  #balancer: Balancer;
  #upstreams = new Map<string, PoolUpstream>();
  #candidates = new Candidates<PoolUpstream>([], 'any');
  #rebalance: Rebalance | undefined;
  /** The pool of the same service under its new name, for clients whose handshake began under the old one. */
  #successor: Pool | undefined;

  constructor(collaborators: PoolCollaborators, spec: PoolSpec) {
    this.clock = collaborators.clock;
    this.#collaborators = collaborators;
    this.#spec = { ...spec, upstreams: [] };
    this.admission = new Admission(collaborators, spec);
    this.#balancer = createBalancer(spec.balance, this.#collaborators.random);
    this.#hold = new Hold({
      ...collaborators,
      hasCandidates: () => !this.#candidates.isEmpty,
      dial: (session) => this.#walk(session),
      onWaiting: (client) => collaborators.onWaiting?.(this.service, client),
    });
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

  get speaksTls(): boolean {
    return this.#spec.upstreamTls !== undefined;
  }

  get upstreamTls(): UpstreamTlsOffer | undefined {
    const { upstreamTls } = this.#spec;
    const { upstreamContext } = this.#collaborators;
    return upstreamTls && upstreamContext && { ...upstreamTls, context: upstreamContext() };
  }

  get proxyProtocol(): ProxyProtocol | undefined {
    return this.#spec.proxyProtocol;
  }

  /** The application protocols (ALPN) to offer to clients whose TLS Sealane ends, best first. */
  get alpn(): readonly string[] {
    return this.#spec.alpn;
  }

  /** All upstreams in the table, also those that accept no new sessions. */
  get upstreams(): Iterable<PoolUpstream> {
    return this.#upstreams.values();
  }

  /** The sessions, pending handshakes included. */
  get sessionCount(): number {
    return this.#sessions.size + this.admission.pendingCount;
  }

  /**
   * Upstreams that stay keep their sessions; those that left lose them. `slotOf` finds an upstream's counter slot;
   * `serviceSlot` is the service's.
   */
  apply(spec: PoolSpec, slotOf: (key: string) => number, serviceSlot: number): void {
    this.#hold.countIn(serviceSlot);
    if (spec.upstreams.length > 0) this.#successor = undefined;
    if (spec.balance !== this.#spec.balance) this.#balancer = createBalancer(spec.balance, this.#collaborators.random);
    if (this.admission.change(spec, this.#sessions)) this.#guard();
    this.#spec = spec;
    const before = this.#upstreams;
    const arrived: PoolUpstream[] = [];
    let hasJoined = false;
    this.#upstreams = new Map();
    for (const upstreamSpec of spec.upstreams) {
      const upstream =
        before.get(upstreamSpec.key) ?? new PoolUpstream(this.#collaborators, upstreamSpec, slotOf(upstreamSpec.key));
      const arrival = upstream.apply(upstreamSpec);
      if (arrival) arrived.push(upstream);
      if (arrival === 'joined' && !upstream.isBackup && !upstream.isStandIn) hasJoined = true;
      this.#upstreams.set(upstreamSpec.key, upstream);
    }
    const accepting = [...this.#upstreams.values()].filter((upstream) => upstream.acceptsSessions);
    this.#candidates = new Candidates(accepting, spec.prefer);
    for (const [key, upstream] of before) if (!this.#upstreams.has(key)) upstream.leave();
    if (hasJoined && spec.rebalanceIdleMs !== undefined)
      this.#rebalance = new Rebalance(this.#candidates.sharers, this.clock.nowMs());
    this.#hold.onCandidates(arrived);
    this.#hold.follow(spec);
  }

  /**
   * Takes over an upstream and its sessions from the pool that had it. A service among `removed` has a new name, so its
   * held sessions come, too. Called before both pools apply the table that says so.
   */
  takeOver(key: string, from: Pool, removed: readonly string[]): void {
    const upstream = from.#upstreams.get(key);
    if (!upstream) return;
    from.#upstreams.delete(key);
    const others = from.#candidates.all.filter((one) => one !== upstream);
    from.#candidates = new Candidates(others, from.#spec.prefer);
    this.#upstreams.set(key, upstream);
    const isRenamed = removed.includes(from.service);
    if (isRenamed) from.#successor = this;
    for (const session of from.#sessions)
      if (session.occupies(upstream) || (isRenamed && session.kind === 'held')) this.#adopt(session, from);
  }

  /** `clientInfo`: the result of detection, if there was one; it has counted the client as accepted. */
  admit(channel: Channel, listener: string, clientInfo?: ClientInfo): void {
    if (!clientInfo) this.#collaborators.counters.count(threadCell.accepted, 1);
    const permit = this.admission.admit(channel, listener, clientInfo);
    if (permit) this.#begin(channel, listener, clientInfo, permit);
  }

  /** The client's TLS handshake has succeeded. */
  admitSecured(pending: PendingHandshake): void {
    if (!this.admission.onSecured(pending)) return;
    const { channel, listener, clientInfo, permit } = pending;
    const pool = this.#successor ?? this;
    if (pool !== this && pool.admission.denies(channel, listener, clientInfo)) return this.admission.release(pending);
    pool.#begin(channel, listener, clientInfo, permit);
  }

  onOverdue(session: Session): void {
    const upstream = session.dialing;
    if (!upstream || this.#sendBeside(session, upstream)) return;
    if (upstream.acceptsSessions) session.dial(upstream);
  }

  onUnanswered(session: Session, upstream: PoolUpstream): void {
    // A session that was relayed until now was admitted by earlier lists.
    if (!this.admission.allows(session.client)) return this.#deny(session);
    const { dialing } = session;
    if (dialing) this.#sendBeside(session, dialing);
    if (dialing || this.#send(session)) upstream.onRetry();
    else this.#toHold(session);
  }

  onTried(session: Session): void {
    this.#hold.onTried(session);
  }

  onAnswered(session: Session): void {
    this.#hold.onAnswered(session);
  }

  onLocalFailure(code: string, message: string): void {
    this.#collaborators.onResourceWarning({ kind: 'dial-impossible', code, message });
  }

  onClosed(session: Session, record: SessionRecord, freed: boolean): void {
    this.#sessions.remove(session.poolNode);
    this.admission.release(session);
    this.#collaborators.counters.count(threadCell.closed, 1);
    this.#hold.onClosed(session);
    // A limited upstream has room again. Room that other workers make is found by the probe session.
    if (freed) this.#hold.letIn(1);
    this.#collaborators.onRecord(record);
  }

  /** Closes all sessions and stops dialing, for good. */
  closeAll(reason: CloseReason): void {
    this.#hold.close();
    for (const session of this.#sessions) session.close(reason);
  }

  /** The sessions in order of arrival. */
  get sessions(): Iterable<Session> {
    return this.#sessions;
  }

  /** Closes the sessions that dial this upstream or are relayed to it, of those that have for at least so long. */
  closeSessionsOf(upstreamKey: string, reason: CloseReason, olderThanMs = 0): void {
    const latestMs = this.clock.nowMs() - olderThanMs;
    // The iteration covers the present sessions only: held ones that are let in meanwhile are not closed.
    for (const occupant of this.#upstreams.get(upstreamKey)?.occupants ?? [])
      if (occupant.sinceMs <= latestMs) occupant.close(reason);
  }

  /** Counts bytes and rebalances; called once a second. */
  sample(): void {
    for (const session of this.#sessions) session.sample();
    this.#moveIdle();
  }

  #begin(channel: Channel, listener: string, clientInfo: ClientInfo | undefined, permit: Permit): void {
    const session = new Session(this, this.#hold.nextTurn(), permit, channel, listener, clientInfo);
    this.#sessions.add(session.poolNode);
    // Sessions that were held before go first.
    if (this.#hold.size > 0 || !this.#walk(session)) this.#toHold(session);
  }

  #adopt(session: Session, from: Pool): void {
    const isHeld = from.#hold.release(session);
    from.#sessions.remove(session.poolNode);
    this.#sessions.add(session.poolNode);
    session.moveTo(this);
    this.admission.recount(session);
    if (session.kind !== 'relaying' && !this.admission.allows(session.client)) return this.#deny(session);
    if (isHeld) this.#hold.adopt(session);
  }

  /** Applies new access rules: the limits to all sessions, the lists to sessions that are held or dialing. */
  #guard(): void {
    // Dialing sessions are checked last, since closing one lets a held session in.
    for (const kind of ['held', 'dialing'] as const) {
      for (const session of this.#sessions)
        if (session.kind === kind && !this.admission.allows(session.client)) this.#deny(session);
    }
    this.admission.count(this.#sessions);
  }

  #deny(session: Session): void {
    this.#collaborators.counters.count(threadCell.denied, 1);
    session.close('denied');
  }

  #walk(session: Session): boolean {
    session.beginRound();
    return this.#send(session);
  }

  /** Dials the best candidate that the session has not tried yet; false when there is none. */
  #send(session: Session): boolean {
    const client = this.#balancer.isSticky ? session.clientIp : undefined;
    return this.#dialOne(session, this.#candidates.best(session.asked, client));
  }

  /** Dials another candidate beside the upstream that has not answered yet; false when there is none. */
  #sendBeside(session: Session, upstream: PoolUpstream): boolean {
    return this.#dialOne(session, this.#candidates.beside(upstream, session.asked));
  }

  #dialOne(session: Session, candidates: readonly PoolUpstream[]): boolean {
    if (candidates.length === 0) return false;
    const order = this.#balancer.order(candidates, activeOf, session.clientIp);
    // The first is nearly always dialed, but another worker may have filled it up just now.
    for (const upstream of order) if (session.dial(upstream)) return true;
    return false;
  }

  #toHold(session: Session): void {
    const { holdMs, maxHeld } = this.#spec;
    if (!session.wasHeld && this.#hold.size >= maxHeld && holdMs > 0) return session.close('hold-full');
    session.hold(holdMs);
    if (session.kind !== 'closed') this.#hold.wait(session);
  }

  #moveIdle(): void {
    const { rebalanceIdleMs } = this.#spec;
    if (!this.#rebalance) return;
    if (rebalanceIdleMs === undefined || this.#balancer.isSticky) {
      this.#rebalance = undefined;
      return;
    }
    const ending = this.#rebalance.tick(this.#candidates.sharers, rebalanceIdleMs, this.clock.nowMs());
    if (this.#rebalance.isOver) this.#rebalance = undefined;
    for (const session of ending) session.endGently();
  }
}

function activeOf(upstream: PoolUpstream): number {
  return upstream.active;
}
