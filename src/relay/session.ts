import type { Clock, Timer } from '../time/clock.ts';
import type { Channel, ChannelEvents, RelayEnd } from './driver.ts';
import { flushThenClose } from './flush-grace.ts';
import type { CloseReason, SessionRecord } from './report.ts';
import { accepted, transition, type SessionEvent, type SessionState, type Target } from './session-state.ts';
import type { Endpoint } from './table.ts';
import type { Occupant, Upstream } from './upstream.ts';

/**
 * One client's session: carries out what its state says (see session-state.ts) on its channel. It asks its pool where to
 * go and tells it how that went; it never chooses an upstream itself.
 */
export interface SessionHost {
  readonly clock: Clock;
  readonly service: string;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number | undefined;
  /** No address of the upstream answered, or it left: send the session elsewhere, or hold it. */
  onUnanswered(session: Session): void;
  onAnswered(session: Session): void;
  onClosed(session: Session, record: SessionRecord): void;
}

export class Session implements ChannelEvents, Occupant {
  readonly #channel: Channel;
  readonly #listener: string;
  readonly #host: SessionHost;
  readonly #startedAtMs: number;
  readonly #startedAtWallMs: number;
  #state: SessionState;
  #endpoints: readonly Endpoint[] = [];
  #dialDeadline: Timer | undefined;
  #holdDeadline: Timer | undefined;
  #grace: Timer | undefined;
  #clientEnded = false;
  #countedUp = 0;
  #countedDown = 0;
  /** Where this walk has been; the pool's to fill. */
  walked: readonly Upstream[] = [];
  /** What is left of this walk; the pool's to fill. */
  ahead: readonly Upstream[] = [];
  /** Place in the order of arrival. */
  readonly turn: number;

  constructor(channel: Channel, listener: string, turn: number, host: SessionHost) {
    this.#channel = channel;
    this.#listener = listener;
    this.turn = turn;
    this.#host = host;
    this.#startedAtMs = host.clock.nowMs();
    this.#startedAtWallMs = host.clock.wallMs();
    this.#state = accepted;
    channel.attach(this);
  }

  get kind(): SessionState['kind'] {
    return this.#state.kind;
  }

  /** For policies that go by the client's address. */
  get clientIp(): string {
    const { client } = this.#channel;
    return client.slice(0, client.lastIndexOf(':'));
  }

  /** It has had to wait, and has not been answered since. */
  get wasHeld(): boolean {
    return this.#holdDeadline !== undefined;
  }

  /** The upstream being dialed. */
  get dialing(): Upstream | undefined {
    return this.#state.kind === 'dialing' ? this.#state.target.upstream : undefined;
  }

  /** Waits, for `holdMs` at most since the first time. A client that has already ended without a byte gave up. */
  hold(holdMs: number): void {
    if (this.#clientEnded) return this.close('client-gave-up');
    if (holdMs <= 0) return this.close('hold-expired');
    this.#step({ kind: 'hold' });
    this.#holdDeadline ??= this.#host.clock.after(holdMs, () => this.close('hold-expired'));
  }

  dial(upstream: Upstream): void {
    this.#endpoints = upstream.endpoints();
    upstream.occupy(this);
    this.#dialNext(upstream);
  }

  /** Gives up the dial under way; the pool decides what next. */
  abandonDial(how: 'silent' | 'gone'): void {
    if (this.#state.kind !== 'dialing') return;
    this.#channel.abortDial();
    this.#endpoints = [];
    this.#dialFailed(this.#state.target, how === 'gone' ? 'gone' : 'ETIMEDOUT', how);
  }

  onDialed(): void {
    if (this.#state.kind !== 'dialing') return;
    const { target } = this.#state;
    this.#dialDeadline?.cancel();
    this.#holdDeadline?.cancel();
    this.#holdDeadline = undefined;
    this.#step({ kind: 'answer' });
    target.upstream.onAnswer(target.endpoint);
    this.#channel.relay(this.#host.idleTimeoutMs);
    this.#host.onAnswered(this);
  }

  onDialFailed(code: string): void {
    if (this.#state.kind === 'dialing') this.#dialFailed(this.#state.target, code, 'refused');
  }

  onClientLeft(how: 'reset' | 'ended'): void {
    if (how === 'ended') this.#clientEnded = true;
    // A client that only listens ends at once, and is served as long as nobody has to wait for it.
    if (how === 'reset' || this.wasHeld) this.close('client-gave-up');
  }

  onRelayEnded(reason: RelayEnd): void {
    this.close(reason);
  }

  onUpstreamGone(): void {
    if (this.#state.kind === 'dialing') return this.abandonDial('gone');
    this.#grace ??= flushThenClose(this.#host.clock, this.#channel, () => this.close('upstream-gone'));
  }

  sample(): void {
    if (this.#state.kind === 'relaying') this.#count(this.#state.target.upstream);
  }

  close(reason: CloseReason): void {
    const before = this.#state;
    if (before.kind === 'closed') return;
    const closed = this.#step({ kind: 'close', reason });
    for (const timer of [this.#dialDeadline, this.#holdDeadline, this.#grace]) timer?.cancel();
    this.#channel.abort();
    // Bytes first: a slot without active sessions may be given to another upstream.
    if (before.kind === 'relaying') this.#count(before.target.upstream);
    if (before.kind === 'relaying' || before.kind === 'dialing') before.target.upstream.vacate(this);
    if (closed.kind === 'closed') this.#host.onClosed(this, this.#record(closed));
  }

  #dialNext(upstream: Upstream): void {
    const [endpoint, ...rest] = this.#endpoints;
    if (!endpoint) return;
    this.#endpoints = rest;
    const { clock, connectTimeoutMs } = this.#host;
    this.#step({ kind: 'dial', target: { upstream, endpoint } });
    upstream.onDial(connectTimeoutMs);
    this.#dialDeadline = clock.after(connectTimeoutMs, () => this.#onDialDeadline());
    this.#channel.dial(endpoint);
  }

  #onDialDeadline(): void {
    if (this.#state.kind !== 'dialing') return;
    this.#channel.abortDial();
    this.#dialFailed(this.#state.target, 'ETIMEDOUT', 'silent');
  }

  #dialFailed({ upstream, endpoint }: Target, code: string, how: 'refused' | 'silent' | 'gone'): void {
    this.#dialDeadline?.cancel();
    this.#step({ kind: 'dial-failed', error: `${code} ${formatEndpoint(endpoint)}` });
    if (this.#endpoints.length > 0) return this.#dialNext(upstream);
    upstream.onDialFailed(how);
    upstream.vacate(this);
    this.#host.onUnanswered(this);
  }

  #count(upstream: Upstream): void {
    const { bytesUp, bytesDown } = this.#channel;
    upstream.moved(bytesUp - this.#countedUp, bytesDown - this.#countedDown);
    this.#countedUp = bytesUp;
    this.#countedDown = bytesDown;
  }

  #step(event: SessionEvent): SessionState {
    return (this.#state = transition(this.#state, event, this.#host.clock.nowMs()));
  }

  #record({ target, dialMs, reason, atMs, trail }: Extract<SessionState, { kind: 'closed' }>): SessionRecord {
    return {
      service: this.#host.service,
      listener: this.#listener,
      client: this.#channel.client,
      upstream: target?.upstream.name,
      upstreamKey: target?.upstream.key,
      endpoint: target && formatEndpoint(target.endpoint),
      startedAtMs: this.#startedAtWallMs,
      heldMs: toMicroseconds(trail.heldMs),
      dialMs: toMicroseconds(dialMs),
      totalMs: toMicroseconds(atMs - this.#startedAtMs),
      bytesUp: this.#channel.bytesUp,
      bytesDown: this.#channel.bytesDown,
      retries: trail.retries,
      reason,
      lastDialError: trail.lastDialError,
    };
  }
}

/** The clock has digits below that mean nothing. */
function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}

function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
