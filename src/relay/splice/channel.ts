import type { Timer } from '../../time/clock.ts';
import type { Channel, ChannelEvents, Opening, RelayEnd, UpstreamTlsOffer } from '../driver.ts';
import type { Place } from '../roll.ts';
import { isUnix, type Endpoint } from '../table.ts';
import type { Deferred, Watcher } from './epoll-loop.ts';
import { Answer } from './answer.ts';
import { Front } from './front.ts';
import { HalfPipe, type HalfPipeParts, type Pumped } from './half-pipe.ts';
import { endInOrder, isSelfConnected, type DialFacts } from './connection.ts';
import { formatSocketAddress } from './socket-address.ts';
import { errorCode, onEdge, readyError, readyHangup, readyIn, readyOut, readyPeerEnd, readyUrgent } from './libc.ts';

/**
 * A session's two sockets, and what each event on them means.
 *
 *   client ──up──▶ upstream         client ◀──down── upstream
 *
 * A client that waits is not read: what it sends stays in its socket, while an end or a reset is told by epoll all the
 * same. A failed socket may still hold what its peer sent before; it ends the session once that is delivered.
 */
export interface ChannelParts extends HalfPipeParts, DialFacts {
  readonly onClosed: (channel: SpliceChannel) => void;
}

type Phase = 'waiting' | 'dialing' | 'dialed' | 'opening' | 'relaying' | 'finishing' | 'over';

const inProgress = -115;
const notSupported = -95;
// A reset after the end fails writes with EPIPE, one without with ECONNRESET (tcp_reset() in net/ipv4/tcp_input.c).
// Once a write has said so, a read of the rest shows an end in either case.
const brokenPipe = -32;
const tellReads = onEdge(readyIn | readyPeerEnd | readyUrgent);
/** The client is told of as writable only once a write would block; the upstream at once: it tells of the connect. */
const tellAll = tellReads | readyOut;
const none = -1;
/** A peer that does not take the last bytes of a session that was finished. */
const finishMs = 5_000;

export class SpliceChannel implements Channel, Watcher, Deferred {
  readonly client: string;
  /** The driver's to fill. */
  place: Place<SpliceChannel> | undefined;
  readonly #parts: ChannelParts;
  readonly #client: number;
  #upstream = none;
  #endpoint: Endpoint | undefined;
  #events: ChannelEvents | undefined;
  #phase: Phase = 'waiting';
  /** What has become ready of the client is known from the first wait after this turn on. */
  readonly #acceptedTurn: number;
  #clientMask = 0;
  #upstreamMask = 0;
  #toldClientEnd = false;
  #dialFailure: string | undefined;
  #holdsAck = false;
  #isDeferred = false;
  #up: HalfPipe | undefined;
  #down: HalfPipe | undefined;
  #upDone = false;
  #downDone = false;
  #upstreamFailed = false;
  #isCutShort = false;
  #idle: Timer | undefined;
  #idleTimeoutMs = 0;
  #lastActiveMs = 0;
  #isTended = false;
  #wasAnswered = false;
  #front: Front | undefined;
  #answer: Answer | undefined;

  constructor(parts: ChannelParts, client: number, address: string) {
    this.#parts = parts;
    this.#client = client;
    this.#acceptedTurn = parts.loop.turns;
    this.client = address;
  }

  /** False if epoll would not have it: the channel is closed then. */
  start(): boolean {
    if (this.#parts.loop.watch(this.#client, tellReads, this) >= 0) return true;
    this.abort();
    return false;
  }

  get local(): string {
    const { libc } = this.#parts;
    return libc.localAddress(this.#client) < 0 ? 'unknown' : formatSocketAddress(libc.lastAddress());
  }

  get bytesUp(): number {
    return this.#up?.bytes ?? 0;
  }

  get bytesDown(): number {
    return this.#down?.bytes ?? 0;
  }

  attach(events: ChannelEvents): void {
    this.#events = events;
    this.#front?.stop();
  }

  look(limit: number): void {
    this.#frontOf().look(limit, this.#clientMask);
  }

  take(count: number): void {
    this.#frontOf().take(count);
  }

  say(bytes: Uint8Array): void {
    this.#frontOf().say(bytes);
  }

  turnAway(bytes: Uint8Array): void {
    if (this.#phase === 'over') return;
    this.#events = undefined;
    this.#frontOf().turnAway(bytes);
  }

  release(): number {
    this.#phase = 'over';
    this.#events = undefined;
    this.#front?.stop();
    this.#parts.loop.release(this.#client);
    this.#parts.onClosed(this);
    return this.#client;
  }

  /**
   * Connects once it is known whether the client has spoken, which is a matter of microseconds. If it has, the last packet
   * of the handshake waits for its bytes and goes with them: a tenth less CPU for a short session (measured).
   */
  dial(endpoint: Endpoint, tls?: UpstreamTlsOffer): void {
    this.#phase = 'dialing';
    this.#endpoint = endpoint;
    // Its service has come to speak TLS since the client was led here.
    if (tls) this.#failDialSoon(notSupported);
    else if (this.#parts.loop.turns === this.#acceptedTurn) this.#defer();
    else this.#connect(endpoint);
  }

  #connect(endpoint: Endpoint): void {
    const { libc, loop } = this.#parts;
    const fd = libc.streamSocket(endpoint.host);
    if (fd < 0) return this.#failDialSoon(fd);
    this.#upstream = fd;
    if ((this.#clientMask & readyIn) !== 0) {
      this.#holdsAck = true;
      libc.setQuickAck(fd, false);
    }
    const result = libc.connect(fd, endpoint.host, endpoint.port);
    if (result < 0 && result !== inProgress) return this.#failDialSoon(result);
    const watched = loop.watch(fd, tellAll, this);
    if (watched < 0) this.#failDialSoon(watched);
  }

  abortDial(): void {
    if (this.#phase !== 'dialing') return;
    this.#phase = 'waiting';
    this.#dialFailure = undefined;
    this.#closeUpstream();
  }

  relay(idleTimeoutMs: number | undefined, opening?: Opening): void {
    if (this.#phase !== 'dialed') return;
    if (opening?.expect !== undefined) return this.#open(opening, idleTimeoutMs);
    const { loop } = this.#parts;
    this.#phase = 'relaying';
    this.#up = new HalfPipe(this.#parts, this.#client, this.#upstream, true);
    this.#down = new HalfPipe(this.#parts, this.#upstream, this.#client, false);
    this.#up.onSource(this.#clientMask);
    this.#down.onSource(this.#upstreamMask);
    if (opening) this.#up.startWith(opening.preface);
    this.#lastActiveMs = loop.nowMs;
    if (idleTimeoutMs !== undefined) {
      this.#idleTimeoutMs = idleTimeoutMs;
      this.#idle = loop.clock.after(idleTimeoutMs, () => this.#onIdle());
    }
    this.#defer();
  }

  abort(): void {
    if (this.#phase === 'over') return;
    const { libc } = this.#parts;
    if (this.#upstream !== none && this.#phase !== 'dialing') libc.setResetOnClose(this.#upstream);
    // The whole answer is in the kernel's hands: a reset would take back what is still on its way.
    if (this.#downDone && !this.#isCutShort) endInOrder(this.#parts, this.#client);
    else libc.setResetOnClose(this.#client);
    this.#close();
  }

  finish(): void {
    if (this.#phase === 'over') return;
    if (!this.#up || !this.#down) return this.#close();
    this.#phase = 'finishing';
    this.#up.stopReading();
    this.#down.stopReading();
    this.#idle?.cancel();
    this.#idle = this.#parts.loop.clock.after(finishMs, () => this.abort());
    this.#defer();
  }

  /** Whatever may be done late: a session that is over soon is spared the calls. */
  tend(): void {
    if (this.#isTended || this.#phase !== 'relaying') return;
    this.#isTended = true;
    this.#parts.libc.setKeepAlive(this.#upstream);
  }

  onReady(fd: number, mask: number): void {
    if (this.#up && this.#down) return this.#onTraffic(this.#up, this.#down, fd, mask);
    if (fd === this.#client) return this.#onClientWaiting(mask);
    if (this.#phase === 'dialing') return this.#onDialReady(mask);
    this.#upstreamMask |= mask;
    this.#answer?.onReady();
  }

  runDeferred(): void {
    this.#isDeferred = false;
    if (this.#dialFailure !== undefined) return this.#failDial(this.#dialFailure);
    if (this.#phase !== 'dialing' || !this.#endpoint) return this.#pump();
    if (this.#upstream === none) this.dial(this.#endpoint);
  }

  #onTraffic(up: HalfPipe, down: HalfPipe, fd: number, mask: number): void {
    this.#lastActiveMs = this.#parts.loop.nowMs;
    const failed = (mask & readyError) !== 0;
    if (fd === this.#client) {
      // For another upstream, should this one be lost.
      this.#clientMask |= mask;
      up.onSource(mask);
      down.onSink(mask);
      // It has nothing more to say, and hears nothing any more.
      if (failed && this.#phase === 'relaying' && (this.#upDone || this.#upstreamFailed))
        return this.#end('client-reset');
    } else {
      down.onSource(mask);
      up.onSink(mask);
      if (failed && this.#phase === 'relaying') this.#onUpstreamFailed();
    }
    this.#pump();
  }

  #onClientWaiting(mask: number): void {
    this.#clientMask |= mask;
    if ((mask & (readyError | readyHangup)) !== 0) return this.#onClientFailed();
    if (this.#front?.isBusy) return this.#front.onReady(mask);
    if ((mask & readyPeerEnd) === 0 || this.#toldClientEnd || this.#phase === 'dialed') return;
    this.#toldClientEnd = true;
    const waiting = this.#parts.libc.peek(this.#client);
    if (waiting === 0) this.#events?.onClientLeft('ended');
    else if (waiting < 0) this.#events?.onClientLeft('reset');
  }

  #onClientFailed(): void {
    if (this.#events) this.#events.onClientLeft('reset');
    else this.#close();
  }

  #frontOf(): Front {
    return (this.#front ??= new Front(this.#parts, this.#client, {
      onClientBytes: (bytes, ended) => this.#events?.onClientBytes?.(bytes, ended),
      onClientFailed: () => this.#onClientFailed(),
      onTurnedAway: () => this.#close(),
    }));
  }

  #open(opening: Opening, idleTimeoutMs: number | undefined): void {
    this.#phase = 'opening';
    this.#answer = new Answer(this.#parts, this.#upstream, opening, {
      onExpected: () => {
        this.#answer = undefined;
        this.#wasAnswered = true;
        this.#phase = 'dialed';
        this.relay(idleTimeoutMs);
      },
      onOther: (reason) => this.#end(reason),
    });
  }

  #onDialReady(mask: number): void {
    if ((mask & (readyError | readyHangup)) !== 0 && !this.#hasAnswered(mask)) {
      const error = this.#parts.libc.takeError(this.#upstream);
      return this.#failDial(error < 0 ? errorCode(error) : 'ECONNRESET');
    }
    if ((mask & readyOut) === 0) return;
    if (this.#endpoint && isSelfConnected(this.#parts, this.#upstream, this.#endpoint))
      return this.#failDial('ECONNREFUSED');
    this.#phase = 'dialed';
    this.#upstreamMask = mask;
    this.#events?.onDialed();
  }

  /**
   * A Unix socket hangs up once its peer has closed, also with the whole answer in it (unix_poll() in net/unix/af_unix.c);
   * its connect had succeeded at once.
   */
  #hasAnswered(mask: number): boolean {
    return (mask & readyError) === 0 && this.#endpoint !== undefined && isUnix(this.#endpoint.host);
  }

  #failDialSoon(result: number): void {
    this.#dialFailure = errorCode(result);
    this.#defer();
  }

  #failDial(code: string): void {
    this.#dialFailure = undefined;
    if (this.#phase !== 'dialing') return;
    this.#phase = 'waiting';
    this.#closeUpstream();
    this.#events?.onDialFailed(code);
  }

  #pump(): void {
    if (this.#up && !this.#upDone) this.#onPumpedUp(this.#up.pump());
    if (this.#holdsAck && this.#upstream !== none) {
      this.#holdsAck = false;
      // From here on as usual: an upstream with Nagle's algorithm waits for each acknowledgement (RFC 1122, 4.2.3.4).
      this.#parts.libc.setQuickAck(this.#upstream, true);
    }
    if (this.#down && !this.#downDone) this.#onPumpedDown(this.#down.pump());
  }

  #onPumpedUp(pumped: Pumped): void {
    if (pumped === 'more') return this.#defer();
    if (pumped === 'source-failed') return this.#end('client-reset');
    if (pumped === 'sink-failed') {
      this.#isCutShort = this.#up?.sinkFailure !== brokenPipe;
      return this.#onUpstreamFailed();
    }
    if (pumped !== 'ended') return;
    this.#upDone = true;
    this.#onDone(this.#upstream);
  }

  #onPumpedDown(pumped: Pumped): void {
    if (pumped === 'more') return this.#defer();
    if (pumped === 'source-failed') return this.#end('upstream-reset');
    if (pumped === 'sink-failed') return this.#end('client-reset');
    if (pumped !== 'ended') return;
    this.#downDone = true;
    this.#onDone(this.#client);
  }

  /** One direction is over, all of it delivered: its sink is told, or it was the last. */
  #onDone(sink: number): void {
    if (this.#upstreamFailed) return this.#end('upstream-reset');
    if (!this.#upDone || !this.#downDone) {
      if (this.#phase === 'relaying') this.#parts.libc.shutdownWrite(sink);
      return;
    }
    if (this.#phase === 'relaying') return this.#end('finished');
    endInOrder(this.#parts, this.#client);
    endInOrder(this.#parts, this.#upstream);
    this.#close();
  }

  /** It takes nothing any more; what it sent before is still read, to its end or to the failure. */
  #onUpstreamFailed(): void {
    if (this.#upstreamFailed || this.#phase !== 'relaying') return;
    this.#upstreamFailed = true;
    this.#up?.stop();
    this.#down?.onSource(readyError);
    if (this.#downDone) this.#end('upstream-reset');
  }

  #onIdle(): void {
    const { clock, nowMs } = this.#parts.loop;
    const leftMs = this.#lastActiveMs + this.#idleTimeoutMs - nowMs;
    if (leftMs <= 0) return this.#end('idle-timeout');
    this.#idle = clock.after(leftMs, () => this.#onIdle());
  }

  #end(reason: RelayEnd): void {
    if (this.#phase === 'over') return;
    if (this.#phase === 'finishing') return this.abort();
    if (reason === 'upstream-reset' && this.#isUntouched) return this.#loseUpstream();
    if (reason === 'finished') this.#close();
    else this.abort();
    this.#events?.onRelayEnded(reason);
  }

  /** Nothing has passed either way: to the client it is as if it had not been dialed for yet. */
  get #isUntouched(): boolean {
    const [up, down] = [this.#up, this.#down];
    if (this.#phase !== 'relaying' || this.#wasAnswered || !up || !down) return false;
    return up.bytes === 0 && down.bytes === 0 && !up.ended && !down.ended;
  }

  #loseUpstream(): void {
    this.#phase = 'waiting';
    this.#idle?.cancel();
    this.#up?.stop();
    this.#down?.stop();
    this.#up = undefined;
    this.#down = undefined;
    this.#upstreamFailed = false;
    this.#isTended = false;
    this.#closeUpstream();
    this.#events?.onUpstreamLost('ECONNRESET');
  }

  #close(): void {
    this.#phase = 'over';
    this.#idle?.cancel();
    this.#front?.stop();
    this.#answer?.stop();
    this.#up?.stop();
    this.#down?.stop();
    this.#upDone = true;
    this.#downDone = true;
    this.#closeUpstream();
    this.#parts.loop.close(this.#client);
    this.#parts.onClosed(this);
  }

  #closeUpstream(): void {
    if (this.#upstream === none) return;
    this.#parts.loop.close(this.#upstream);
    this.#upstream = none;
    this.#upstreamMask = 0;
  }

  #defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#parts.loop.defer(this);
  }
}
