import type { Timer } from '../../../time/clock.ts';
import type { RelayEnd } from '../driver.ts';
import { failureOf, setPeerTimeouts, type PeerTimeouts } from '../vanished-peer.ts';
import { endInOrder } from './connection.ts';
import type { Dial } from './upstream/dial.ts';
import type { Deferred, FdWatcher } from './epoll-loop.ts';
import type { HalfPipe, HalfPipeParts, Pumped } from './half-pipe.ts';
import { SpliceHalfPipe } from './splice-half-pipe.ts';
import { errorCode, readyError } from './libc.ts';
import type { TlsClient } from './tls/tls-client.ts';
import { SocketEnd, TlsHalfPipe } from './tls/tls-half-pipe.ts';

/**
 * Relays a session's bytes both ways, and ends the session.
 *
 *   client ──up──▶ upstream         client ◀──down── upstream
 *
 * A failed socket may still hold bytes that its peer sent before; the failure ends the session once these are
 * delivered. The relay closes the upstream's socket, and the channel closes the client's.
 */
export interface SpliceRelayParts extends HalfPipeParts {
  readonly timeouts: PeerTimeouts;
}

export interface RelayEvents {
  /** No more bytes will pass; the relay is not closed yet. */
  onRelayOver(reason: RelayEnd): void;
  /**
   * The upstream is gone, and the client has noticed nothing. `code`: Node's, e.g. `ECONNRESET`. `clientMask`: all events
   * that epoll has reported for the client meanwhile.
   */
  onRelayLost(code: string, clientMask: number): void;
}

type Phase = 'relaying' | 'finishing' | 'over';

// After a reset that follows an end, writes fail with EPIPE; after one without an end, with ECONNRESET (tcp_reset() in
// net/ipv4/tcp_input.c). Once a write has reported this, a read of the rest shows an end in either case.
const brokenPipe = -32;
const connectionReset = -104;
/** The time that a peer has to take the last bytes of a session that is finished, or of a client that has reset. */
const finishMs = 5_000;

export class SpliceRelay implements FdWatcher, Deferred {
  readonly #parts: SpliceRelayParts;
  readonly #client: number;
  readonly #upstream: number;
  readonly #events: RelayEvents;
  readonly #up: HalfPipe;
  readonly #down: HalfPipe;
  readonly #wasAnswered: boolean;
  #phase: Phase = 'relaying';
  #clientMask = 0;
  #holdsAck: boolean;
  #isDeferred = false;
  #upDone = false;
  #downDone = false;
  #upstreamFailed = false;
  #isCutShort = false;
  #isTended = false;
  /** The idle timeout; once the session is ending, the deadline of the end. */
  #deadline: Timer | undefined;
  #idleTimeoutMs = 0;
  #lastActiveMs = 0;

  /** Takes over the dialed upstream and the client. `tls`: the client's, where it is ended. */
  constructor(parts: SpliceRelayParts, client: number, tls: TlsClient | undefined, dial: Dial, events: RelayEvents) {
    this.#parts = parts;
    this.#client = client;
    this.#upstream = dial.fd;
    this.#events = events;
    this.#wasAnswered = dial.wasAnswered;
    this.#holdsAck = dial.holdsAck;
    if (tls) {
      const upstream = new SocketEnd(parts.loop, dial.fd);
      this.#up = new TlsHalfPipe(parts, tls, upstream, true);
      this.#down = new TlsHalfPipe(parts, upstream, tls, false);
    } else {
      this.#up = new SpliceHalfPipe(parts, client, dial.fd, true, this);
      this.#down = new SpliceHalfPipe(parts, dial.fd, client, false, this);
    }
    this.#up.bytes = dial.sent;
    this.#down.onSource(dial.mask);
    parts.loop.handTo(client, this);
    parts.loop.handTo(dial.fd, this);
  }

  /** Begins the relay; the caller then calls `pump`. */
  start(clientMask: number, idleTimeoutMs: number | undefined, preface: Uint8Array | undefined): void {
    const { loop } = this.#parts;
    this.#up.onSource(clientMask);
    if (preface) this.#up.startWith(preface);
    if (idleTimeoutMs !== undefined) {
      this.#lastActiveMs = loop.nowMs;
      this.#idleTimeoutMs = idleTimeoutMs;
      this.#deadline = loop.clock.after(idleTimeoutMs, () => this.#onIdle());
    }
  }

  get bytesUp(): number {
    return this.#up.allBytes;
  }

  get bytesDown(): number {
    return this.#down.allBytes;
  }

  /** True if the upstream has ended and the kernel has its whole answer. */
  get isAnswered(): boolean {
    return this.#downDone && !this.#isCutShort;
  }

  /** Stops reading both sides, flushes the bytes already taken, and ends the session. */
  finish(): void {
    this.#phase = 'finishing';
    this.#up.stopReading();
    this.#down.stopReading();
    this.#endSoon(() => this.#end('idle-timeout'));
    this.#defer();
  }

  /** Makes the calls that can wait, so that short sessions are spared them. */
  tend(): void {
    if (this.#isTended || this.#phase !== 'relaying') return;
    this.#isTended = true;
    setPeerTimeouts(this.#parts.libc, this.#upstream, this.#parts.timeouts);
  }

  /** Closes the upstream with a reset. */
  abort(): void {
    if (this.#phase === 'over') return;
    this.#parts.libc.setResetOnClose(this.#upstream);
    this.close();
  }

  close(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#deadline?.cancel();
    this.#up.stop();
    this.#down.stop();
    this.#upDone = true;
    this.#downDone = true;
    this.#holdsAck = false;
    this.#parts.loop.close(this.#upstream);
  }

  onReady(fd: number, mask: number): void {
    if (this.#deadline) this.#lastActiveMs = this.#parts.loop.nowMs;
    const failed = (mask & readyError) !== 0;
    if (fd === this.#client) {
      const hadFailed = (this.#clientMask & readyError) !== 0;
      this.#clientMask |= mask;
      this.#up.onSource(mask);
      this.#down.onSink(mask);
      if (failed && !hadFailed && this.#phase === 'relaying') this.#onClientFailed();
    } else {
      this.#down.onSource(mask);
      this.#up.onSink(mask);
      if (failed && this.#phase === 'relaying') this.#onUpstreamFailed();
    }
    this.pump();
  }

  runDeferred(): void {
    this.#isDeferred = false;
    this.pump();
  }

  /** Moves bytes both ways. Never called from within a call of the channel's methods. */
  pump(): void {
    if (!this.#upDone) this.#onPumpedUp(this.#up.pump());
    if (!this.#downDone) this.#onPumpedDown(this.#down.pump());
    if (this.#holdsAck && (this.#down.bytes > 0 || this.#up.bytes === 0)) this.#sendAcks();
  }

  /**
   * Acknowledgements are sent as usual from here on, a held one at once: an upstream with Nagle's algorithm waits for each
   * one (RFC 1122, 4.2.3.4). The end of an upstream's answer waits for none, and is acknowledged by the socket's close.
   */
  #sendAcks(): void {
    this.#holdsAck = false;
    if (!this.#downDone) this.#parts.libc.setQuickAck(this.#upstream, true);
  }

  #onPumpedUp(pumped: Pumped): void {
    if (pumped === 'more') return this.#defer();
    if (pumped === 'source-failed') return this.#endFailedClient();
    if (pumped === 'sink-failed') {
      this.#isCutShort = this.#up.sinkFailure !== brokenPipe;
      return this.#onUpstreamFailed();
    }
    if (pumped !== 'ended') return;
    this.#upDone = true;
    this.#onDone(this.#upstream);
  }

  #onPumpedDown(pumped: Pumped): void {
    if (pumped === 'more') return this.#defer();
    if (pumped === 'source-failed') return this.#endFailedUpstream();
    if (pumped === 'sink-failed') return this.#endFailedClient();
    if (pumped !== 'ended') return;
    this.#downDone = true;
    this.#onDone(this.#client);
  }

  /**
   * Handles the end of one direction, all of whose bytes are delivered: passes the end on to its sink, or ends the
   * session if the other direction is over too.
   */
  #onDone(sink: number): void {
    if (this.#upstreamFailed) return this.#endFailedUpstream();
    if (!this.#upDone || !this.#downDone) {
      if (this.#phase === 'relaying') this.#parts.libc.shutdownWrite(sink);
      return;
    }
    if (this.#phase === 'finishing') {
      endInOrder(this.#parts, this.#client);
      endInOrder(this.#parts, this.#upstream);
    }
    this.#end('finished');
  }

  /**
   * Handles a client that has reset: it takes no more bytes. What it sent before is still passed on, unless the
   * upstream does not take it in time.
   */
  #onClientFailed(): void {
    if (this.#upDone || this.#upstreamFailed) this.#endFailedClient();
    else this.#endSoon(() => this.#endFailedClient());
  }

  /**
   * Handles an upstream that has failed: it takes no more bytes. What it sent before is still read, up to its end or
   * the failure.
   */
  #onUpstreamFailed(): void {
    if (this.#upstreamFailed || this.#phase !== 'relaying') return;
    this.#upstreamFailed = true;
    this.#up.stop();
    this.#down.onSource(readyError);
    if (this.#downDone) this.#endFailedUpstream();
  }

  #onIdle(): void {
    const { clock, nowMs } = this.#parts.loop;
    // The bulk thread returns a direction long before it counts as idle.
    if (this.#up.isLent || this.#down.isLent) this.#lastActiveMs = nowMs;
    const leftMs = this.#lastActiveMs + this.#idleTimeoutMs - nowMs;
    if (leftMs <= 0) return this.#end('idle-timeout');
    this.#deadline = clock.after(leftMs, () => this.#onIdle());
  }

  /** Ends the session at the latest after `finishMs`, whatever still passes. */
  #endSoon(end: () => void): void {
    this.#deadline?.cancel();
    this.#deadline = this.#parts.loop.clock.after(finishMs, end);
  }

  #end(reason: RelayEnd): void {
    if (this.#phase !== 'over') this.#events.onRelayOver(reason);
  }

  #endFailedClient(): void {
    if (this.#phase === 'over') return;
    this.#end(failureOf('client', this.#codeOf(this.#up.sourceFailure || this.#down.sinkFailure, this.#client)));
  }

  #endFailedUpstream(): void {
    if (this.#phase === 'over') return;
    const code = this.#codeOf(this.#down.sourceFailure || this.#up.sinkFailure, this.#upstream);
    if (!this.#isUntouched) return this.#end(failureOf('upstream', code));
    this.close();
    this.#events.onRelayLost(code, this.#clientMask);
  }

  /** The code of a socket's failure. The socket itself reports it where no call has (socket(7), SO_ERROR). */
  #codeOf(failure: number, fd: number): string {
    return errorCode(failure || this.#parts.libc.socketError(fd) || connectionReset);
  }

  /** True if no byte has passed either way: for the client this is as if no upstream had been dialed yet. */
  get #isUntouched(): boolean {
    if (this.#phase !== 'relaying' || this.#wasAnswered) return false;
    return this.#up.bytes + this.#down.bytes === 0 && !this.#up.ended && !this.#down.ended;
  }

  #defer(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#parts.loop.defer(this);
  }
}
