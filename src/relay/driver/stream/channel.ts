import type { Socket } from 'node:net';
import type { Channel, ChannelEvents, DialLane, Preface, RelayEnd, TlsOffer, UpstreamTlsOffer } from '../driver.ts';
import { closedUnanswered } from '../driver.ts';
import type { Endpoint } from '../../boundary/table.ts';
import { failureOf } from '../vanished-peer.ts';
import { formatPeer } from './connection.ts';
import { StreamDial, type StreamDialer } from './dial.ts';
import { DialLanes } from '../dial-lanes.ts';
import { StreamEarlyBytes } from './early-bytes.ts';
import { endSoon, endWith } from './endings.ts';
import { StreamHalfPipe } from './half-pipe.ts';
import { watchIdle } from './idle-watch.ts';
import { resetNow } from './reset.ts';
import { ResetWatch } from './reset-watch.ts';
import type { StreamParts } from './stream-parts.ts';
import { endTls } from './tls-end.ts';
import { tryOut, type StreamTrialEvents, type TrialTerms } from './trial.ts';

/**
 * The two sockets of a session, from accept to close: early bytes, TLS, the dial and the relay.
 *
 *   client ──up──▶ upstream         client ◀──down── upstream
 */

export class StreamChannel implements Channel, StreamDialer {
  readonly client: string;
  readonly #parts: StreamParts;
  /** The client's TCP connection. */
  readonly #carrier: Socket;
  /** The socket that the session reads and writes: the connection itself, or the TLS socket on it. */
  #client: Socket;
  readonly #dials: DialLanes<StreamDial>;
  #events: ChannelEvents | undefined;
  readonly #earlyBytes = new StreamEarlyBytes({
    onBytes: (bytes, ended) => this.#events?.onClientBytes?.(bytes, ended),
    watchDeparture: () => this.#parts.watchDeparture(this, () => this.#events?.onClientLeft('ended')),
  });
  /** What is to be done while the upstream is tried out. */
  #trial: { readonly stop: () => void; readonly onFailed: StreamTrialEvents['onFailed'] } | undefined;
  #wasAnswered = false;
  #stopIdleWatch: (() => void) | undefined;
  #resetWatch: ResetWatch | undefined;
  #up: StreamHalfPipe | undefined;
  #down: StreamHalfPipe | undefined;
  #over = false;

  constructor(client: Socket, parts: StreamParts, address = formatPeer(client.remoteAddress, client.remotePort)) {
    this.#parts = parts;
    this.#dials = new DialLanes(parts.sockets);
    this.#carrier = client;
    this.#client = client;
    this.client = address;
    this.#watch(client);
  }

  get local(): string {
    return formatPeer(this.#client.localAddress, this.#client.localPort);
  }

  get bytesUp(): number {
    return this.#up?.bytes ?? 0;
  }

  get bytesDown(): number {
    return this.#down?.bytes ?? 0;
  }

  /** True while Node's buffers hold bytes; a direction whose sink is full is always among them. */
  get hasUnsent(): boolean {
    return this.#client.writableLength > 0 || (this.#dials.first?.socket.writableLength ?? 0) > 0;
  }

  attach(events: ChannelEvents): void {
    this.#events = events;
    this.#earlyBytes.stopPeeking();
  }

  peek(limit: number): void {
    this.#earlyBytes.startPeeking(limit);
  }

  consume(count: number): void {
    this.#earlyBytes.consume(count);
  }

  write(bytes: Uint8Array): void {
    this.#client.write(Buffer.from(bytes));
  }

  reject(bytes: Uint8Array): void {
    this.#over = true;
    this.#earlyBytes.consumeAll();
    endWith(bytes, this.#client, this.#carrier);
  }

  secure(offer: TlsOffer): void {
    const secured = endTls(this.#carrier, this.#earlyBytes.consumeAll(), offer, {
      onSecured: () => {
        if (this.#over) return;
        this.#watch(secured);
        this.#events?.onSecured?.();
      },
      onFailed: (reason) => {
        if (!this.#over) this.#events?.onSecureFailed?.(reason);
      },
    });
    this.#client = secured;
  }

  dial(endpoint: Endpoint, tls?: UpstreamTlsOffer, lane: DialLane = 0): void {
    const { networks, timeouts, limitRetries, confirm } = this.#parts;
    const hasRoom = this.#dials.hasRoomFor(lane);
    this.#dials.begin(
      lane,
      new StreamDial(this, endpoint, { networks, timeouts, limitRetries, confirm, hasRoom }, tls),
    );
  }

  abortDial(lane?: DialLane): void {
    const isTried = this.#trial !== undefined;
    this.#endTrial();
    this.#dials.close(isTried ? undefined : lane);
  }

  onDialed(dial: StreamDial): void {
    this.#events?.onDialed(this.#dials.keep(dial));
  }

  settle(withinMs: number, preface?: Preface): void {
    const upstream = this.#dials.first?.socket;
    if (!upstream || this.#over) return;
    this.#tryOut(
      upstream,
      { withinMs, preface },
      {
        onPassed: () => this.#events?.onSettled?.(),
        onFailed: (code, wasRead) => this.#loseDial(code, wasRead),
      },
    );
  }

  relay(idleTimeoutMs: number | undefined, preface?: Preface): void {
    const client = this.#client;
    const upstream = this.#dials.first?.socket;
    if (!upstream || this.#over) return;
    if (preface?.expect !== undefined) {
      return this.#tryOut(
        upstream,
        { withinMs: 0, preface },
        {
          onPassed: () => this.relay(idleTimeoutMs),
          onFailed: (code) =>
            this.#end(code === closedUnanswered ? 'upstream-refused-tls' : failureOf('upstream', code)),
        },
      );
    }
    if (preface) upstream.write(Buffer.from(preface.bytes));
    this.#down = new StreamHalfPipe(upstream, client);
    const { sent } = this.#earlyBytes;
    const early = this.#earlyBytes.consumeAll();
    this.#up = new StreamHalfPipe(client, upstream, sent > 0 ? [] : early, () => this.#watchReset());
    this.#up.bytes += sent;
    if (this.#earlyBytes.hasEnded) upstream.end();
    if (upstream.readableEnded) this.#down.end();
    if (idleTimeoutMs !== undefined)
      this.#stopIdleWatch = watchIdle(client, upstream, idleTimeoutMs, () => this.#onIdle());
  }

  abort(): void {
    this.#stop();
    this.#dials.first?.reset();
    this.#dials.close(1);
    // Where the kernel has the whole answer, a reset would discard the part that is still on its way.
    if (this.#down?.ended && this.#client.writableLength === 0) this.#client.destroy();
    else resetNow(this.#client, this.#carrier);
  }

  finish(): void {
    this.#stop();
    endSoon(this.#client, () => resetNow(this.#client, this.#carrier));
    const upstream = this.#dials.first;
    if (upstream) endSoon(upstream.socket, () => upstream.reset());
  }

  #stop(): void {
    this.#over = true;
    this.#endTrial();
    this.#earlyBytes.stop();
    this.#resetWatch?.stop();
  }

  #watch(client: Socket): void {
    const onCurrent = (event: 'end' | 'error' | 'close', then: (error?: NodeJS.ErrnoException) => void): void => {
      client.on(event, (error?: NodeJS.ErrnoException) => {
        if (client === this.#client) then(error);
      });
    };
    this.#earlyBytes.read(client);
    onCurrent('end', () => this.#onClientEnd());
    onCurrent('error', (error) => this.#onClientFailed(error?.code));
    onCurrent('close', () => this.onSocketClosed());
  }

  #onClientEnd(): void {
    this.#earlyBytes.onEnd();
    if (this.#up || this.#over || this.#earlyBytes.isPeeking || !this.#earlyBytes.isEmpty) return;
    this.#events?.onClientLeft('ended');
  }

  #onClientFailed(code: string | undefined): void {
    if (this.#over) return;
    if (this.#up) this.#end(failureOf('client', code));
    else this.#events?.onClientLeft('reset');
  }

  onUpstreamFailed(code: string, dial: StreamDial): void {
    if (this.#over) return;
    const lane = this.#dials.laneOf(dial);
    if (lane === undefined) return;
    if (this.#trial) return this.#trial.onFailed(code, false);
    if (this.#up) {
      // The upstream ended before it failed, so its answer is whole, and the client gets all of it first.
      if (this.#down?.ended && this.#client.writableLength > 0) {
        this.#client.once('finish', () => this.onUpstreamFailed(code, dial));
        return;
      }
      if (this.#isUntouched) return this.#loseUpstream(code);
      return this.#end(failureOf('upstream', code));
    }
    this.#dials.close(lane);
    this.#events?.onDialFailed(code, lane);
  }

  #tryOut(upstream: Socket, terms: TrialTerms, then: Pick<StreamTrialEvents, 'onPassed' | 'onFailed'>): void {
    const onPassed = (): void => {
      this.#trial = undefined;
      this.#wasAnswered = terms.preface?.expect !== undefined;
      then.onPassed();
    };
    const events = { onPassed, onFailed: then.onFailed, onRefused: (reason: RelayEnd) => this.#end(reason) };
    this.#trial = { stop: tryOut(upstream, this.#earlyBytes, terms, events), onFailed: then.onFailed };
  }

  #loseDial(code: string, wasRead: boolean): void {
    this.abortDial();
    this.#events?.onUpstreamLost(code, wasRead);
  }

  #endTrial(): void {
    this.#trial?.stop();
    this.#trial = undefined;
  }

  /** True if no byte has passed either way: for the client this is as if no upstream had been dialed yet. */
  get #isUntouched(): boolean {
    if (this.#earlyBytes.hasEnded || this.#down?.ended || this.#wasAnswered) return false;
    return this.bytesUp + this.bytesDown === 0;
  }

  #loseUpstream(code: string): void {
    this.#stopIdleWatch?.();
    this.#resetWatch?.stop();
    this.#up?.detach();
    this.#down?.detach();
    this.#up = undefined;
    this.#down = undefined;
    this.#dials.first = undefined;
    this.#earlyBytes.read(this.#client);
    this.#client.resume();
    this.#events?.onUpstreamLost(code);
  }

  #watchReset(): void {
    this.#resetWatch ??= new ResetWatch(this.#client, this.#carrier, () => {
      // The kernel forgets the peer after the ends of both directions too, although nothing is lost then.
      if (!this.#down?.ended) this.#end('client-reset');
    });
    this.#resetWatch.start();
  }

  #onIdle(): void {
    if (!this.#over) this.#end('idle-timeout');
  }

  /**
   * Ends the session once both sockets are closed: Node destroys a socket by itself when both of its directions have
   * ended and are flushed.
   */
  onSocketClosed(): void {
    if (this.#over || !this.#up || !this.#client.destroyed || !this.#dials.first?.socket.destroyed) return;
    this.#end('finished');
  }

  #end(reason: RelayEnd): void {
    this.abort();
    this.#events?.onRelayEnded(reason);
  }
}
