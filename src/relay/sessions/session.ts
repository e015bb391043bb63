import type { Timer } from '../../time/clock.ts';
import type { AdmittedClient } from '../intake/admission.ts';
import type { Permit } from '../intake/access-policy.ts';
import type { Attempt } from './attempt.ts';
import type { Channel, ChannelEvents, DialLane, RelayEnd } from '../driver/driver.ts';
import { failureOf } from '../driver/vanished-peer.ts';
import { DialingSession, type DialingHost } from './dialing-session.ts';
import { flushThenClose } from './flush-grace.ts';
import { httpPage } from '../wire/http-error-page.ts';
import { protocolOf } from '../wire/protocol.ts';
import { prefaceFor } from './preface.ts';
import type { ClientInfo } from '../intake/client-info.ts';
import type { CloseReason, LiveSession, SessionRecord } from '../boundary/report.ts';
import { ListNode } from '../driver/linked-list.ts';
import { liveOf, recordOf, type SessionFacts } from './session-record.ts';
import { Traffic } from './traffic.ts';
import type { SessionState } from './session-state.ts';
import { formatAddress, hostOf } from '../../address/address.ts';
import type { PoolUpstream } from '../upstreams/upstream.ts';

/**
 * The session of one client: carries out its state (see session-state.ts) on its channel. Its pool chooses the
 * upstreams; the session dials them (see dialing-session.ts) and reports the outcome.
 */
export interface SessionHost extends DialingHost {
  readonly service: string;
  readonly idleTimeoutMs: number | undefined;
  /** The session's dial is not answered yet; the host chooses the upstream for one beside it. */
  onOverdue(session: Session): void;
  /**
   * No address of the upstream answered, or it left the table: the host sends the session elsewhere, or holds it unless
   * another upstream is still being dialed for it.
   */
  onUnanswered(session: Session, upstream: PoolUpstream): void;
  /** A port proxy has answered, and is tried out for the session. */
  onTried(session: Session): void;
  onAnswered(session: Session): void;
  /** `freed`: an upstream that limits its sessions has room for another now. */
  onClosed(session: Session, record: SessionRecord, freed: boolean): void;
}

/**
 * After so many resets another one closes the session: such a server resets every connection and is not just ending.
 */
const mostLosses = 3;
/** What is read of a client of unknown protocol before it is told that its service can't be woken, and for how long. */
const firstBytes = 4096;
const firstBytesMs = 100;

export class Session extends DialingSession implements ChannelEvents, AdmittedClient, SessionFacts {
  readonly listener: string;
  /** `ip:port`, or `unix`. */
  readonly client: string;
  readonly startedAtMs: number;
  readonly startedAtWallMs: number;
  #host: SessionHost;
  #holdDeadline: Timer | undefined;
  #holdIsOver = false;
  #grace: Timer | undefined;
  #clientEnded: boolean;
  #detail: string | undefined;
  /** The protocol of a client that is only told why it is not served. */
  #protocol: 'http1' | 'http2' | undefined;
  readonly #traffic: Traffic;
  #losses = 0;
  /** The counts that include this session; written by Admission alone. */
  readonly permit: Permit;
  /** The node in the pool's list. */
  readonly poolNode = new ListNode<Session>(this);
  /** The session's number in the order in which held sessions are let in: that of arrival, unless a port proxy was tried out. */
  turn: number;

  /** `clientInfo`: the result of detection, if there was one. */
  constructor(
    host: SessionHost,
    turn: number,
    permit: Permit,
    channel: Channel,
    listener: string,
    clientInfo: ClientInfo | undefined,
  ) {
    super(host, channel, clientInfo);
    this.#traffic = new Traffic(channel);
    this.listener = listener;
    this.turn = turn;
    this.permit = permit;
    this.#host = host;
    this.client = clientInfo?.client ?? channel.client;
    this.#clientEnded = clientInfo?.ended ?? false;
    this.startedAtMs = host.clock.nowMs();
    this.startedAtWallMs = host.clock.wallMs();
    if (clientInfo) {
      // The clocks of two threads agree only on the time of day.
      this.startedAtMs -= Math.max(0, this.startedAtWallMs - clientInfo.startedAtWallMs);
      this.startedAtWallMs = clientInfo.startedAtWallMs;
    }
    channel.attach(this);
  }

  get service(): string {
    return this.#host.service;
  }

  get kind(): SessionState['kind'] {
    return this.state.kind;
  }

  /** The client's address without its port, for policies that use it. */
  get clientIp(): string {
    return hostOf(this.client);
  }

  /** True when the session has had to wait and was not answered since. */
  get wasHeld(): boolean {
    return this.#holdDeadline !== undefined;
  }

  /** Holds the session, for `holdMs` at most since its first wait. A client that ended without a byte gives up here. */
  hold(holdMs: number): void {
    if (this.#clientEnded) return this.close('client-gave-up');
    if (holdMs <= 0 || this.#holdIsOver) return this.close('hold-expired');
    this.step({ kind: 'hold' });
    this.#holdDeadline ??= this.#host.clock.after(holdMs, () => this.#onHoldOver());
  }

  /**
   * Tells the client that its service can't be woken, and closes. A client whose protocol is not known has a moment to show
   * whether it speaks HTTP.
   */
  failWake(failure: string): void {
    if (this.state.kind === 'closed' || this.#detail !== undefined) return;
    this.#detail = failure;
    if (this.clientInfo) return this.close('wake-failed');
    this.#grace = this.#host.clock.after(firstBytesMs, () => this.close('wake-failed'));
    this.channel.peek(firstBytes);
  }

  onClientBytes(bytes: Uint8Array, ended: boolean): void {
    if (this.#detail === undefined) return;
    const protocol = protocolOf(bytes);
    if (protocol === 'undecided' && !ended) return;
    if (protocol === 'http1' || protocol === 'http2') this.#protocol = protocol;
    this.close('wake-failed');
  }

  /** More about the reason of the end, where there is more to say. */
  get detail(): string | undefined {
    return this.#detail;
  }

  /** A trial under way may still pass: a process may be busy with the client's request. */
  #onHoldOver(): void {
    this.#holdIsOver = true;
    if (!this.isOnTrial) this.close('hold-expired');
  }

  override moveTo(host: SessionHost): void {
    super.moveTo(host);
    this.#host = host;
  }

  occupies(upstream: PoolUpstream): boolean {
    return this.state.kind === 'relaying' ? this.state.target.upstream === upstream : this.isDialing(upstream);
  }

  onDialed(lane: DialLane): void {
    if (this.tryOut(lane)) this.#host.onTried(this);
    else this.#relay(lane, true);
  }

  onSettled(): void {
    this.#relay(undefined, false);
  }

  onUpstreamLost(code: string, wasRead?: boolean): void {
    if (this.state.kind === 'dialing') return this.#onTrialFailed(code, wasRead);
    if (this.state.kind !== 'relaying') return;
    const { target } = this.state;
    this.#losses += 1;
    // The consumed bytes may have been a request, which an upstream may have acted on.
    if (this.#losses > mostLosses || this.clientInfo?.consumed) return this.close(failureOf('upstream', code));
    this.#grace?.cancel();
    this.#grace = undefined;
    const error = `${code} ${formatAddress(target.endpoint)}`;
    this.step({ kind: 'lost', error });
    this.leave(target, 'refused', error);
  }

  onClientLeft(how: 'reset' | 'ended'): void {
    if (how === 'ended') this.#clientEnded = true;
    // A client that only listens may end at once; it is served unless it has to wait.
    if (how === 'reset' || (this.wasHeld && !this.isOnTrial)) this.close('client-gave-up');
  }

  onRelayEnded(reason: RelayEnd): void {
    this.close(reason);
  }

  onUpstreamGone(attempt: Attempt): void {
    if (this.state.kind === 'dialing') return this.abandon(attempt, 'gone', 'withdrawn');
    if (this.state.kind !== 'relaying') return;
    this.#grace ??= flushThenClose(this.#host.clock, this.channel, () => this.close('upstream-gone'));
  }

  onUpstreamClosed(attempt: Attempt, reason: CloseReason): void {
    if (this.besides(attempt)) this.abandon(attempt, 'withdrawn', 'withdrawn');
    else this.close(reason);
  }

  sample(): void {
    if (this.state.kind === 'relaying') this.#traffic.count(this.state.target.upstream, this.#host.clock);
  }

  idleMs(nowMs: number): number {
    return this.state.kind === 'relaying' ? this.#traffic.idleMs(nowMs) : 0;
  }

  endGently(): void {
    this.close('rebalanced');
  }

  /** Undefined once the session is closed. */
  snapshot(nowMs: number): LiveSession | undefined {
    const state = this.state;
    return state.kind === 'closed' ? undefined : liveOf(this, state, nowMs);
  }

  close(reason: CloseReason): void {
    const before = this.state;
    if (before.kind === 'closed') return;
    const closed = this.step({ kind: 'close', reason });
    for (const timer of [this.#holdDeadline, this.#grace]) timer?.cancel();
    if (reason === 'rebalanced') this.channel.finish();
    else this.#closeChannel(before.kind, reason);
    // Bytes are counted first, since a slot without active sessions may be given to another upstream.
    if (before.kind === 'relaying') this.#traffic.count(before.target.upstream, this.#host.clock);
    let freed = false;
    for (const attempt of attemptsOf(before)) {
      attempt.timer?.cancel();
      attempt.upstream.vacate(attempt);
      freed ||= attempt.upstream.isLimited;
    }
    if (closed.kind === 'closed') this.#host.onClosed(this, recordOf(this, closed), freed);
  }

  #relay(lane: DialLane | undefined, needsPreface: boolean): void {
    const answeredAtMs = this.takeAnswer(lane);
    if (answeredAtMs === undefined) return;
    this.#holdDeadline?.cancel();
    this.#holdDeadline = undefined;
    this.#traffic.start(answeredAtMs);
    const preface = needsPreface ? prefaceFor(this.#host, this.channel, this.clientInfo) : undefined;
    this.channel.relay(this.#host.idleTimeoutMs, preface);
    this.#host.onAnswered(this);
  }

  /**
   * The client's bytes are not sent again and again where a process may have acted on them: one that has read them, or
   * that answers others.
   */
  #onTrialFailed(code: string, wasRead = false): void {
    if (wasRead || this.dialing?.isProven) this.#losses += 1;
    if (this.#losses > mostLosses) return this.close('upstream-reset');
    this.failTrial(code);
  }

  protected onOverdue(): void {
    this.#host.onOverdue(this);
  }

  protected onUnanswered(upstream: PoolUpstream): void {
    this.#host.onUnanswered(this, upstream);
  }

  #closeChannel(state: SessionState['kind'], reason: CloseReason): void {
    const { protocol = this.#protocol, stream } = this.clientInfo ?? {};
    const page = state === 'relaying' ? undefined : httpPage(reason, { protocol, stream, detail: this.#detail });
    const answer = page ?? (reason === 'wake-failed' ? new Uint8Array() : undefined);
    if (!answer) return this.channel.abort();
    this.channel.abortDial();
    this.channel.reject(answer);
  }
}

function attemptsOf(state: SessionState<Attempt>): readonly Attempt[] {
  if (state.kind === 'relaying') return [state.target];
  if (state.kind !== 'dialing') return [];
  return state.second ? [state.target, state.second] : [state.target];
}
