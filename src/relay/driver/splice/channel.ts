import type { Channel, ChannelEvents, DialLane, Preface, RelayEnd, TlsOffer, UpstreamTlsOffer } from '../driver.ts';
import type { Timer } from '../../../time/clock.ts';
import { watchDeparture } from '../departure-watch.ts';
import { DialLanes } from '../dial-lanes.ts';
import { ListNode } from '../linked-list.ts';
import type { PeerLookup } from '../peer-lookup.ts';
import type { OpenSockets } from '../../boundary/open-sockets.ts';
import type { Endpoint } from '../../boundary/table.ts';
import { SocketSide, type ClientSide } from './client-side.ts';
import { endInOrder } from './connection.ts';
import { Dial, tellReads, type Dialer, type DialParts, type TryEvents } from './upstream/dial.ts';
import type { FdWatcher } from './epoll-loop.ts';
import { SpliceEarlyBytes } from './early-bytes.ts';
import { again, readyError, readyHangup, readyIn, readyPeerEnd } from './libc.ts';
import { SpliceRelay, type RelayEvents, type SpliceRelayParts } from './relay.ts';
import type { TlsHandshake, TlsHandshakeEvents } from './tls/handshakes.ts';
import type { TlsClient } from './tls/tls-client.ts';
import type { TlsParts } from './tls/tls-parts.ts';

/**
 * The channel of one client, from accept to close: its early bytes, the upstream dialed for it (`Dial`) and the relay
 * (`SpliceRelay`).
 *
 * The channel does not read a client that waits: the client's bytes stay in its socket, and epoll reports an end or a
 * reset all the same.
 */
export interface ChannelParts extends DialParts, SpliceRelayParts {
  readonly lookUpPeer: PeerLookup;
  readonly sockets: OpenSockets;
  /** What clients' TLS is ended with; undefined where that is not possible. */
  readonly tls: TlsParts | undefined;
  readonly onClosed: (channel: SpliceChannel) => void;
  /** The client now belongs to the caller of `release`. */
  readonly onReleased: (channel: SpliceChannel) => void;
}

export class SpliceChannel implements Channel, FdWatcher, Dialer, RelayEvents, TryEvents, TlsHandshakeEvents {
  readonly client: string;
  /** This channel's node in the driver's list of channels. */
  readonly node = new ListNode<SpliceChannel>(this);
  readonly #parts: ChannelParts;
  readonly #client: number;
  /** The loop's turn at the accept: what the client's socket is ready for is known from the first wait after it. */
  readonly #acceptedTurn: number;
  #events: ChannelEvents | undefined;
  #mask = 0;
  #toldEnd = false;
  /**
   * True while `onDialed` runs. A relay that begins meanwhile is pumped in the same turn, once `onDialed` has returned.
   */
  #isTelling = false;
  #isOver = false;
  #earlyBytes: SpliceEarlyBytes | undefined;
  #departure: Timer | undefined;
  /** The client's TLS, once it is to be ended. */
  #tls: TlsClient | undefined;
  /** The handshake under way. */
  #handshake: TlsHandshake | undefined;
  /** The dials for this client; none is left once the session is relayed. */
  readonly #dials: DialLanes<Dial>;
  /** The relay, which is kept for its byte counts once it is over. */
  #relay: SpliceRelay | undefined;

  constructor(parts: ChannelParts, client: number, address: string) {
    this.#parts = parts;
    this.#client = client;
    this.#dials = new DialLanes(parts.sockets);
    this.#acceptedTurn = parts.loop.turns;
    this.client = address;
  }

  /** Watches the client; false where epoll refused the socket, and then the channel is closed. */
  start(): boolean {
    if (this.#parts.loop.watch(this.#client, tellReads, this) >= 0) return true;
    this.abort();
    return false;
  }

  get local(): string {
    const { libc } = this.#parts;
    return libc.localAddress(this.#client) < 0 ? 'unknown' : libc.lastAddressText();
  }

  get bytesUp(): number {
    return this.#relay?.bytesUp ?? 0;
  }

  get bytesDown(): number {
    return this.#relay?.bytesDown ?? 0;
  }

  attach(events: ChannelEvents): void {
    this.#events = events;
    this.#earlyBytes?.stop();
    // The end of a client that was peeked at is not reported again.
    if ((this.#mask & readyPeerEnd) !== 0) this.#watchDeparture();
  }

  peek(limit: number): void {
    this.#ensureEarlyBytes().startPeeking(limit, this.#mask);
  }

  consume(count: number): void {
    this.#ensureEarlyBytes().consume(count);
  }

  write(bytes: Uint8Array): void {
    this.#ensureEarlyBytes().write(bytes);
  }

  reject(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#events = undefined;
    this.#departure?.cancel();
    this.#ensureEarlyBytes().reject(bytes);
  }

  secure({ context, alpn }: TlsOffer): void {
    const { tls } = this.#parts;
    this.#earlyBytes?.stop();
    this.#earlyBytes = undefined;
    this.#tls = tls?.accept(this.#client, context, alpn[0]);
    this.#handshake = this.#tls && tls?.handshakes.begin(this.#tls, this);
  }

  release(): number {
    this.#isOver = true;
    this.#departure?.cancel();
    this.#events = undefined;
    this.#earlyBytes?.stop();
    this.#parts.loop.release(this.#client);
    this.#parts.onReleased(this);
    return this.#client;
  }

  dial(endpoint: Endpoint, tls?: UpstreamTlsOffer, lane: DialLane = 0): void {
    const dial = new Dial(this.#parts, endpoint, this);
    const hasRoom = this.#dials.hasRoomFor(lane);
    this.#dials.begin(lane, dial);
    // This driver does not speak TLS to upstreams, and the service began to require it after the client was routed here.
    if (tls) dial.refuse('ENOTSUP');
    else if (hasRoom) dial.start();
    else dial.refuse('EMFILE');
  }

  abortDial(lane?: DialLane): void {
    const dial = this.#dials.first;
    if (dial?.isDialed && !dial.isOnTrial) return;
    // The connection that has answered is the only one left, in whichever lane it began.
    this.#dials.close(dial?.isOnTrial ? undefined : lane);
  }

  settle(withinMs: number, preface?: Preface): void {
    const dial = this.#dials.first;
    if (!dial?.isDialed) return;
    this.#departure?.cancel();
    dial.try({ client: this.#side, clientMask: this.#mask }, withinMs, preface, this);
  }

  relay(idleTimeoutMs: number | undefined, preface?: Preface): void {
    const dial = this.#dials.first;
    if (!dial?.isDialed) return;
    if (preface?.expect !== undefined) {
      return dial.ask(preface, {
        onExpected: () => this.relay(idleTimeoutMs),
        onOther: (reason) => this.onRelayOver(reason),
      });
    }
    this.#dials.first = undefined;
    this.#departure?.cancel();
    this.#relay = new SpliceRelay(this.#parts, this.#client, this.#tls, dial, this);
    this.#relay.start(this.#mask, idleTimeoutMs, preface?.bytes);
    if (!this.#isTelling) this.#parts.loop.defer(this.#relay);
  }

  abort(): void {
    if (this.#isOver) return;
    // A reset would discard the part of the answer that is still on its way, or the alert that says why TLS failed.
    if (this.#relay?.isAnswered || this.#tls?.hasFailed) endInOrder(this.#parts, this.#client);
    else this.#parts.libc.setResetOnClose(this.#client);
    this.#relay?.abort();
    this.#dials.first?.abort();
    this.#close();
  }

  finish(): void {
    if (this.#isOver) return;
    if (!this.#relay) {
      this.#tls?.close();
      return this.#close();
    }
    this.#events = undefined;
    this.#relay.finish();
  }

  /** Makes the calls that only longer sessions need; the driver calls this every few seconds. */
  tend(): void {
    this.#relay?.tend();
  }

  /** Receives the client's events until a relay takes over the socket. */
  onReady(_: number, mask: number): void {
    this.#mask |= mask;
    if (this.#handshake) return this.#handshake.onReady();
    if ((mask & (readyError | readyHangup)) !== 0) return this.#onClientFailed();
    if (this.#earlyBytes?.isBusy) return this.#earlyBytes.onReady(mask);
    const dial = this.#dials.first;
    const isTried = dial?.isOnTrial;
    if (!this.#toldEnd && (isTried || !dial?.isDialed)) {
      if (this.#tls) this.#onClientTls(this.#tls);
      else if ((mask & readyPeerEnd) !== 0) this.#onClientEnd(this.#parts.libc.peek(this.#client));
    }
    if (isTried) dial?.onClient(mask);
  }

  /** `waiting`: whether the client has sent bytes before, as `peek` tells it. */
  #onClientEnd(waiting: number): void {
    this.#toldEnd = true;
    if (waiting > 0) this.#watchDeparture();
    else this.#events?.onClientLeft(waiting === 0 ? 'ended' : 'reset');
  }

  /** TLS has an end of its own, which may come long before that of the connection. */
  #onClientTls(tls: TlsClient): void {
    const waiting = tls.peek();
    if (waiting === again || (waiting > 0 && (this.#mask & readyPeerEnd) === 0)) return;
    this.#onClientEnd(waiting);
  }

  onSecured(): void {
    this.#handshake = undefined;
    this.#events?.onSecured?.();
    // The end may have come together with the last message of the handshake.
    if (this.#tls && !this.#isOver && !this.#earlyBytes?.isBusy) this.#onClientTls(this.#tls);
  }

  onSecureFailed(reason: string): void {
    this.#handshake = undefined;
    this.#events?.onSecureFailed?.(reason);
  }

  get hasSpoken(): boolean | undefined {
    if (this.#tls) return this.#tls.peek() > 0;
    return this.#parts.loop.turns === this.#acceptedTurn ? undefined : (this.#mask & readyIn) !== 0;
  }

  onDialed(dial: Dial): void {
    const lane = this.#dials.keep(dial);
    this.#isTelling = true;
    this.#events?.onDialed(lane);
    this.#isTelling = false;
    this.#relay?.pump();
  }

  onDialFailed(code: string, dial: Dial): void {
    const lane = this.#dials.laneOf(dial) ?? 0;
    this.#dials.close(lane);
    this.#events?.onDialFailed(code, lane);
  }

  onRelayOver(reason: RelayEnd): void {
    if (reason === 'finished') this.#close();
    else this.abort();
    this.#events?.onRelayEnded(reason);
  }

  onRelayLost(code: string, clientMask: number): void {
    this.#relay = undefined;
    this.#mask |= clientMask;
    this.#parts.loop.handTo(this.#client, this);
    if ((this.#mask & readyPeerEnd) !== 0) this.#watchDeparture();
    this.#events?.onUpstreamLost(code);
  }

  onPassed(): void {
    this.#events?.onSettled?.();
  }

  onFailed(code: string, wasRead: boolean): void {
    this.#dials.close();
    if ((this.#mask & readyPeerEnd) !== 0) this.#watchDeparture();
    this.#events?.onUpstreamLost(code, wasRead);
  }

  #onClientFailed(): void {
    if (this.#events) this.#events.onClientLeft('reset');
    else this.#close();
  }

  #ensureEarlyBytes(): SpliceEarlyBytes {
    return (this.#earlyBytes ??= new SpliceEarlyBytes(this.#parts, this.#client, this.#side, {
      onClientBytes: (bytes, ended) => this.#events?.onClientBytes?.(bytes, ended),
      onClientFailed: () => this.#onClientFailed(),
      onRejected: () => this.#close(),
    }));
  }

  #watchDeparture(): void {
    const { loop, lookUpPeer } = this.#parts;
    this.#departure?.cancel();
    this.#departure = watchDeparture({ clock: loop.clock, lookUpPeer }, this, () =>
      this.#events?.onClientLeft('ended'),
    );
  }

  get #side(): ClientSide {
    return this.#tls ?? new SocketSide(this.#parts.libc, this.#client);
  }

  #close(): void {
    this.#isOver = true;
    this.#earlyBytes?.stop();
    this.#departure?.cancel();
    this.#dials.close();
    this.#relay?.close();
    this.#handshake?.stop();
    this.#tls?.free();
    this.#parts.loop.close(this.#client);
    this.#parts.onClosed(this);
  }
}
