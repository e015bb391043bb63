import type { Clock, Timer } from '../../time/clock.ts';
import type { AdmittedClient } from '../intake/admission.ts';
import type { Permit } from '../intake/access-policy.ts';
import type { Channel, ChannelEvents, RelayEnd } from '../driver/driver.ts';
import { flushThenClose } from './flush-grace.ts';
import { httpPage } from '../wire/http-error-page.ts';
import { prefaceFor, upstreamTlsFor, type PrefaceOptions } from './preface.ts';
import type { ClientInfo } from '../intake/client-info.ts';
import type { CloseReason, LiveSession, SessionRecord } from '../boundary/report.ts';
import { ListNode } from '../driver/linked-list.ts';
import { localFailureOf } from './local-failure.ts';
import { liveOf, recordOf, type SessionFacts } from './session-record.ts';
import { Traffic } from './traffic.ts';
import { accepted, transition, type SessionEvent, type SessionState, type DialTarget } from './session-state.ts';
import { formatAddress, hostOf } from '../../address/address.ts';
import type { Endpoint } from '../boundary/table.ts';
import type { Occupant, PoolUpstream } from '../upstreams/upstream.ts';

/**
 * The session of one client: carries out its state (see session-state.ts) on its channel. Its pool chooses the
 * upstreams; the session dials them and reports the outcome.
 */
export interface SessionHost extends PrefaceOptions {
  readonly clock: Clock;
  readonly service: string;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number | undefined;
  /** No address of the upstream answered, or it left the table: the host sends the session elsewhere or holds it. */
  onUnanswered(session: Session, upstream: PoolUpstream): void;
  onAnswered(session: Session): void;
  /** A dial failed because this machine lacks a resource; `onUnanswered` may have been called before. */
  onLocalFailure(code: string, message: string): void;
  /** `left`: the upstream that the session occupied, which has room for another now. */
  onClosed(session: Session, record: SessionRecord, left: PoolUpstream | undefined): void;
}

/** A dial that is withdrawn sooner had no time to be answered, and says nothing about the upstream. */
const silentAfterMs = 100;
/**
 * After so many resets another one closes the session: such a server resets every connection and is not just ending.
 */
const mostLosses = 3;
const noEndpoints: readonly Endpoint[] = [];
const noUpstreams: readonly PoolUpstream[] = [];

export class Session implements ChannelEvents, Occupant, AdmittedClient, SessionFacts {
  readonly channel: Channel;
  readonly listener: string;
  readonly clientInfo: ClientInfo | undefined;
  /** `ip:port`, or `unix`. */
  readonly client: string;
  readonly startedAtMs: number;
  readonly startedAtWallMs: number;
  readonly #host: SessionHost;
  #state: SessionState;
  #endpoints: readonly Endpoint[] = noEndpoints;
  #dialDeadline: Timer | undefined;
  #holdDeadline: Timer | undefined;
  #grace: Timer | undefined;
  #clientEnded: boolean;
  readonly #traffic: Traffic;
  #losses = 0;
  #asked: readonly PoolUpstream[] = noUpstreams;
  /** The counts that include this session; written by Admission alone. */
  readonly permit: Permit;
  /** The node in the pool's list. */
  readonly poolNode = new ListNode<Session>(this);
  readonly upstreamNode: ListNode<Occupant> = new ListNode<Occupant>(this);
  /** The session's number in the order of arrival. */
  readonly turn: number;

  /** `clientInfo`: the result of detection, if there was one. */
  constructor(
    host: SessionHost,
    turn: number,
    permit: Permit,
    channel: Channel,
    listener: string,
    clientInfo: ClientInfo | undefined,
  ) {
    this.channel = channel;
    this.#traffic = new Traffic(channel);
    this.listener = listener;
    this.turn = turn;
    this.permit = permit;
    this.#host = host;
    this.clientInfo = clientInfo;
    this.client = clientInfo?.client ?? channel.client;
    this.#clientEnded = clientInfo?.ended ?? false;
    this.startedAtMs = host.clock.nowMs();
    this.startedAtWallMs = host.clock.wallMs();
    if (clientInfo) {
      // The clocks of two threads agree only on the time of day.
      this.startedAtMs -= Math.max(0, this.startedAtWallMs - clientInfo.startedAtWallMs);
      this.startedAtWallMs = clientInfo.startedAtWallMs;
    }
    this.#state = accepted;
    channel.attach(this);
  }

  get service(): string {
    return this.#host.service;
  }

  get kind(): SessionState['kind'] {
    return this.#state.kind;
  }

  /** The client's address without its port, for policies that use it. */
  get clientIp(): string {
    return hostOf(this.client);
  }

  /** The upstreams that did not answer in the present round of dials. */
  get asked(): readonly PoolUpstream[] {
    return this.#asked;
  }

  /** True when the session has had to wait and was not answered since. */
  get wasHeld(): boolean {
    return this.#holdDeadline !== undefined;
  }

  /** The upstream being dialed. */
  get dialing(): PoolUpstream | undefined {
    return this.#state.kind === 'dialing' ? this.#state.target.upstream : undefined;
  }

  /** How long the dial under way has taken so far, in milliseconds; 0 when there is none. */
  get dialingMs(): number {
    return this.#state.kind === 'dialing' ? this.#host.clock.nowMs() - this.#state.sinceMs : 0;
  }

  /** Holds the session, for `holdMs` at most since its first wait. A client that ended without a byte gives up here. */
  hold(holdMs: number): void {
    if (this.#clientEnded) return this.close('client-gave-up');
    if (holdMs <= 0) return this.close('hold-expired');
    this.#step({ kind: 'hold' });
    this.#holdDeadline ??= this.#host.clock.after(holdMs, () => this.close('hold-expired'));
  }

  /** Begins a new round of dials, in which every candidate may be tried again. */
  beginRound(): void {
    this.#asked = noUpstreams;
  }

  /** Dials the upstream; false, without any effect, when it is full. */
  dial(upstream: PoolUpstream): boolean {
    if (!upstream.occupy(this)) return false;
    this.#endpoints = upstream.endpoints();
    this.#dialNext(upstream);
    return true;
  }

  /** Gives up the dial under way in favor of another upstream that has just become ready. */
  redirect(): void {
    this.#asked = noUpstreams;
    if (this.dialingMs < silentAfterMs) this.#abandonDial('withdrawn', 'withdrawn');
    else this.#abandonDial('ETIMEDOUT', 'silent');
  }

  onDialed(): void {
    if (this.#state.kind !== 'dialing') return;
    const { target, sinceMs } = this.#state;
    this.#dialDeadline?.cancel();
    this.#holdDeadline?.cancel();
    this.#holdDeadline = undefined;
    this.#step({ kind: 'answer' });
    const nowMs = this.#host.clock.nowMs();
    this.#traffic.start(nowMs);
    target.upstream.onAnswer(target.endpoint, nowMs - sinceMs);
    this.channel.relay(this.#host.idleTimeoutMs, prefaceFor(this.#host, this.channel, this.clientInfo));
    this.#host.onAnswered(this);
  }

  onDialFailed(code: string): void {
    if (this.#state.kind !== 'dialing') return;
    const { target } = this.#state;
    const localFailure = localFailureOf(code, target.endpoint);
    this.#dialFailed(target, code, localFailure === undefined ? 'refused' : 'withdrawn');
    if (localFailure !== undefined) this.#host.onLocalFailure(code, localFailure);
  }

  onUpstreamLost(code: string): void {
    if (this.#state.kind !== 'relaying') return;
    const { upstream, endpoint } = this.#state.target;
    this.#losses += 1;
    // The consumed bytes may have been a request, which an upstream may have acted on.
    if (this.#losses > mostLosses || this.clientInfo?.consumed) return this.close('upstream-reset');
    this.#grace?.cancel();
    this.#grace = undefined;
    const error = `${code} ${formatAddress(endpoint)}`;
    this.#step({ kind: 'lost', error });
    this.#leave(upstream, 'refused', error);
  }

  onClientLeft(how: 'reset' | 'ended'): void {
    if (how === 'ended') this.#clientEnded = true;
    // A client that only listens may end at once; it is served unless it has to wait.
    if (how === 'reset' || this.wasHeld) this.close('client-gave-up');
  }

  onRelayEnded(reason: RelayEnd): void {
    this.close(reason);
  }

  onUpstreamGone(): void {
    if (this.#state.kind === 'dialing') return this.#abandonDial('gone', 'withdrawn');
    this.#grace ??= flushThenClose(this.#host.clock, this.channel, () => this.close('upstream-gone'));
  }

  sample(): void {
    if (this.#state.kind === 'relaying') this.#traffic.count(this.#state.target.upstream, this.#host.clock);
  }

  idleMs(nowMs: number): number {
    return this.#state.kind === 'relaying' ? this.#traffic.idleMs(nowMs) : 0;
  }

  endGently(): void {
    this.close('rebalanced');
  }

  /** Undefined once the session is closed. */
  snapshot(nowMs: number): LiveSession | undefined {
    const state = this.#state;
    return state.kind === 'closed' ? undefined : liveOf(this, state, nowMs);
  }

  close(reason: CloseReason): void {
    const before = this.#state;
    if (before.kind === 'closed') return;
    const closed = this.#step({ kind: 'close', reason });
    for (const timer of [this.#dialDeadline, this.#holdDeadline, this.#grace]) timer?.cancel();
    if (reason === 'rebalanced') this.channel.finish();
    else this.#closeChannel(before.kind, reason);
    // Bytes are counted first, since a slot without active sessions may be given to another upstream.
    if (before.kind === 'relaying') this.#traffic.count(before.target.upstream, this.#host.clock);
    const left = before.kind === 'held' ? undefined : before.target.upstream;
    left?.vacate(this);
    if (closed.kind === 'closed') this.#host.onClosed(this, recordOf(this, closed), left);
  }

  #closeChannel(state: SessionState['kind'], reason: CloseReason): void {
    const { protocol, stream } = this.clientInfo ?? {};
    const answer = state === 'relaying' ? undefined : httpPage(reason, { protocol, stream });
    if (!answer) return this.channel.abort();
    this.channel.abortDial();
    this.channel.reject(answer);
  }

  #dialNext(upstream: PoolUpstream): void {
    const [endpoint, ...rest] = this.#endpoints;
    if (!endpoint) return;
    this.#endpoints = rest;
    const { clock, connectTimeoutMs } = this.#host;
    this.#step({ kind: 'dial', target: { upstream, endpoint } });
    upstream.onDial(connectTimeoutMs);
    this.#dialDeadline = clock.after(connectTimeoutMs, () => this.#onDialDeadline());
    this.channel.dial(endpoint, upstreamTlsFor(this.#host, this.channel, this.clientInfo));
  }

  #onDialDeadline(): void {
    if (this.#state.kind !== 'dialing') return;
    this.channel.abortDial();
    this.#dialFailed(this.#state.target, 'ETIMEDOUT', 'silent');
  }

  /** Ends the dial under way; the pool decides where the session goes next. */
  #abandonDial(code: string, how: 'silent' | 'withdrawn'): void {
    if (this.#state.kind !== 'dialing') return;
    this.channel.abortDial();
    this.#endpoints = noEndpoints;
    this.#dialFailed(this.#state.target, code, how);
  }

  #dialFailed({ upstream, endpoint }: DialTarget, code: string, how: 'refused' | 'silent' | 'withdrawn'): void {
    this.#dialDeadline?.cancel();
    const error = `${code} ${formatAddress(endpoint)}`;
    this.#step({ kind: 'dial-failed', error });
    if (this.#endpoints.length > 0) return this.#dialNext(upstream);
    this.#leave(upstream, how, error);
  }

  #leave(upstream: PoolUpstream, how: 'refused' | 'silent' | 'withdrawn', error: string): void {
    upstream.onDialFailed(how, error);
    upstream.vacate(this);
    this.#asked = [...this.#asked, upstream];
    this.#host.onUnanswered(this, upstream);
  }

  #step(event: SessionEvent): SessionState {
    return (this.#state = transition(this.#state, event, this.#host.clock.nowMs()));
  }
}
