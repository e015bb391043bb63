import type { Clock } from '../../time/clock.ts';
import { formatAddress } from '../../address/address.ts';
import type { Channel, DialLane } from '../driver/driver.ts';
import type { ClientInfo } from '../intake/client-info.ts';
import type { CloseReason } from '../boundary/report.ts';
import { portProxySettleMs } from '../boundary/table.ts';
import type { PoolUpstream } from '../upstreams/upstream.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { localFailureOf } from './local-failure.ts';
import { prefaceFor, upstreamTlsFor, type PrefaceOptions } from './preface.ts';
import { accepted, transition, type SessionEvent, type SessionState } from './session-state.ts';

/**
 * The part of a session that dials, and the owner of its state. A dial that is not answered within a moment gets another
 * one beside it, since the first packet of a connection may have been lost, and is repeated only after a second (RFC
 * 8305). The first answer wins; that the other dial was slower is no failure.
 *
 *   dial ──150 ms──▶ a second one, to another upstream or to the same ──first answer──▶ relay
 */
export interface DialingHost extends PrefaceOptions {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** A dial failed because this machine lacks a resource; the session may have been sent elsewhere before. */
  onLocalFailure(code: string, message: string): void;
}

/** A dial that is withdrawn sooner had no time to be answered, and says nothing about the upstream. */
const silentAfterMs = 100;
const noUpstreams: readonly PoolUpstream[] = [];

export abstract class DialingSession implements AttemptOwner {
  readonly channel: Channel;
  readonly clientInfo: ClientInfo | undefined;
  #host: DialingHost;
  #state: SessionState<Attempt> = accepted;
  #asked: readonly PoolUpstream[] = noUpstreams;

  constructor(host: DialingHost, channel: Channel, clientInfo: ClientInfo | undefined) {
    this.#host = host;
    this.channel = channel;
    this.clientInfo = clientInfo;
  }

  abstract onUpstreamGone(attempt: Attempt): void;
  abstract onUpstreamClosed(attempt: Attempt, reason: CloseReason): void;
  abstract sample(): void;
  abstract idleMs(nowMs: number): number;
  abstract endGently(): void;
  /** The dial under way has not been answered for a while: another may begin beside it. */
  protected abstract onOverdue(): void;
  /** No address of the upstream answered, or it left the table. */
  protected abstract onUnanswered(upstream: PoolUpstream): void;

  protected get state(): SessionState<Attempt> {
    return this.#state;
  }

  /** The upstreams that did not answer in the present round of dials. */
  get asked(): readonly PoolUpstream[] {
    return this.#asked;
  }

  /** The upstream being dialed, or the one that has been for longer. */
  get dialing(): PoolUpstream | undefined {
    return this.#state.kind === 'dialing' ? this.#state.target.upstream : undefined;
  }

  /** True while a port proxy has answered, and it is not known whether a process listens behind it. */
  get isOnTrial(): boolean {
    return this.#state.kind === 'dialing' && this.#state.target.triedSinceMs !== undefined;
  }

  /** How long the dial under way has not been answered so far, in milliseconds; 0 when there is none. */
  get dialingMs(): number {
    return this.#state.kind === 'dialing' && !this.isOnTrial
      ? this.#host.clock.nowMs() - this.#state.target.sinceMs
      : 0;
  }

  isDialing(upstream: PoolUpstream): boolean {
    const state = this.#state;
    return state.kind === 'dialing' && (state.target.upstream === upstream || state.second?.upstream === upstream);
  }

  /** The upstream that the session occupies belongs to another pool from now on. */
  moveTo(host: DialingHost): void {
    this.#host = host;
  }

  /** Begins a new round of dials, in which every candidate may be tried again. */
  beginRound(): void {
    this.#asked = noUpstreams;
  }

  /** Dials the upstream, beside a dial that is under way; false, without any effect, when the upstream is full. */
  dial(upstream: PoolUpstream): boolean {
    const beside = this.#state.kind === 'dialing' ? this.#state.target : undefined;
    const shared = beside?.upstream === upstream ? beside : undefined;
    const endpoints = shared?.untried ?? upstream.endpoints();
    const [first] = endpoints;
    if (!first) return false;
    const attempt = new Attempt(this, upstream, beside?.lane === 0 ? 1 : 0, first, endpoints);
    if (!upstream.occupy(attempt)) return false;
    shared?.stopHere();
    this.#dial(attempt);
    return true;
  }

  /** Gives up the dials under way in favor of another upstream that has just become ready. */
  redirect(): void {
    if (this.#state.kind !== 'dialing' || this.isOnTrial) return;
    const { target, second } = this.#state;
    this.#asked = second ? [second.upstream] : noUpstreams;
    if (second) this.#drop(second);
    if (this.dialingMs < silentAfterMs) this.abandon(target, 'withdrawn', 'withdrawn');
    else this.abandon(target, 'ETIMEDOUT', 'silent');
  }

  onDialFailed(code: string, lane: DialLane): void {
    const attempt = this.#attemptIn(lane);
    if (!attempt) return;
    const localFailure = localFailureOf(code, attempt.endpoint);
    // A second dial is a luxury, which a machine that lacks a resource can do without.
    if (localFailure !== undefined && this.besides(attempt)) return this.#drop(attempt);
    this.#dialFailed(attempt, code, localFailure === undefined ? 'refused' : 'withdrawn');
    if (localFailure !== undefined) this.#host.onLocalFailure(code, localFailure);
  }

  /** A port proxy has answered the dial in this lane: leaves the other one. False where it is no port proxy. */
  protected tryOut(lane: DialLane): boolean {
    const attempt = this.#attemptIn(lane);
    if (!attempt?.endpoint.viaPortProxy || this.#host.speaksTls) return false;
    attempt.timer?.cancel();
    attempt.triedSinceMs = this.#host.clock.nowMs();
    const other = this.besides(attempt);
    // The driver has ended the other dial.
    if (other) this.#forget(other);
    this.channel.settle(portProxySettleMs, prefaceFor(this.#host, this.channel, this.clientInfo));
    return true;
  }

  /** The port proxy has closed the connection without a byte. */
  protected failTrial(code: string): void {
    if (this.#state.kind === 'dialing') this.#dialFailed(this.#state.target, code, 'refused');
  }

  /** The dial in this lane, or the only one, was answered: leaves the other one. Returns the time; undefined where there is no such dial. */
  protected takeAnswer(lane: DialLane | undefined): number | undefined {
    const winner = this.#attemptIn(lane);
    if (!winner) return undefined;
    const overtaken = this.besides(winner);
    winner.timer?.cancel();
    const nowMs = winner.triedSinceMs ?? this.#host.clock.nowMs();
    this.#state = transition(this.#state, { kind: 'answer', target: winner }, nowMs);
    if (overtaken) this.#overtake(overtaken, winner);
    winner.upstream.onAnswer(winner.endpoint, nowMs - winner.sinceMs);
    return nowMs;
  }

  /** Dials the attempt's present address. */
  #dial(attempt: Attempt): void {
    const { clock, connectTimeoutMs } = this.#host;
    const { upstream, endpoint, lane } = attempt;
    attempt.sinceMs = clock.nowMs();
    attempt.triedSinceMs = undefined;
    this.#state = transition(this.#state, { kind: 'dial', target: attempt }, attempt.sinceMs);
    upstream.onDial(connectTimeoutMs);
    const { patienceMs } = upstream;
    // One timer serves both limits, so that a dial that is answered at once has set no more than one.
    attempt.timer =
      this.besides(attempt) || patienceMs >= connectTimeoutMs
        ? clock.after(connectTimeoutMs, () => this.#onSilent(attempt))
        : clock.after(patienceMs, () => this.#onOverdue(attempt, connectTimeoutMs - patienceMs));
    this.channel.dial(endpoint, upstreamTlsFor(this.#host, this.channel, this.clientInfo), lane);
  }

  #onOverdue(attempt: Attempt, leftMs: number): void {
    attempt.timer = this.#host.clock.after(leftMs, () => this.#onSilent(attempt));
    this.onOverdue();
  }

  #onSilent(attempt: Attempt): void {
    const other = this.besides(attempt);
    // A second dial to the same address has no time of its own.
    if (other?.endpoint === attempt.endpoint) this.#drop(other);
    this.channel.abortDial(attempt.lane);
    this.#dialFailed(attempt, 'ETIMEDOUT', 'silent');
  }

  /** Ends a dial under way for good; the pool decides where the session goes next. */
  protected abandon(attempt: Attempt, code: string, how: 'silent' | 'withdrawn'): void {
    this.channel.abortDial(attempt.lane);
    attempt.stopHere();
    this.#dialFailed(attempt, code, how);
  }

  /** Ends one of two dials, from which nothing was learned. */
  #drop(attempt: Attempt): void {
    this.channel.abortDial(attempt.lane);
    this.#forget(attempt);
  }

  #forget(attempt: Attempt): void {
    attempt.timer?.cancel();
    this.step({ kind: 'dial-dropped', target: attempt });
    attempt.upstream.vacate(attempt);
  }

  /** Leaves an upstream that was slower than another one; the driver has closed its connection. */
  #overtake(attempt: Attempt, winner: Attempt): void {
    const { upstream, endpoint } = attempt;
    attempt.timer?.cancel();
    if (upstream !== winner.upstream) upstream.onOvertaken(`ETIMEDOUT ${formatAddress(endpoint)}`);
    upstream.vacate(attempt);
  }

  #dialFailed(attempt: Attempt, code: string, how: 'refused' | 'silent' | 'withdrawn'): void {
    attempt.timer?.cancel();
    const error = `${code} ${formatAddress(attempt.endpoint)}`;
    this.step({ kind: 'dial-failed', target: attempt, error });
    if (attempt.next()) this.#dial(attempt);
    else this.leave(attempt, how, error);
  }

  protected leave(attempt: Attempt, how: 'refused' | 'silent' | 'withdrawn', error: string): void {
    const { upstream } = attempt;
    // While another of its addresses is being dialed, the upstream has not failed.
    const isStillDialed = this.isDialing(upstream);
    if (!isStillDialed) upstream.onDialFailed(how, error);
    upstream.vacate(attempt);
    if (isStillDialed) return;
    this.#asked = [...this.#asked, upstream];
    this.onUnanswered(upstream);
  }

  #attemptIn(lane: DialLane | undefined): Attempt | undefined {
    if (this.#state.kind !== 'dialing') return undefined;
    const { target, second } = this.#state;
    return lane === undefined || target.lane === lane ? target : second;
  }

  /** The other one of two attempts under way. */
  protected besides(attempt: Attempt): Attempt | undefined {
    if (this.#state.kind !== 'dialing') return undefined;
    const { target, second } = this.#state;
    return attempt === target ? second : target;
  }

  protected step(event: SessionEvent<Attempt>): SessionState<Attempt> {
    return (this.#state = transition(this.#state, event, this.#host.clock.nowMs()));
  }
}
