import type { Channel, ChannelEvents, DialLane, Preface, RelayEnd, UpstreamTlsOffer } from '../driver.ts';
import type { Timer } from '../../../time/clock.ts';
import { watchDeparture } from '../departure-watch.ts';
import { ListNode } from '../linked-list.ts';
import type { PeerLookup } from '../peer-lookup.ts';
import type { OpenSockets } from '../../boundary/open-sockets.ts';
import type { Endpoint } from '../../boundary/table.ts';
import { endInOrder } from './connection.ts';
import { Dial, tellReads, type Dialer, type DialParts, type TryEvents } from './upstream/dial.ts';
import type { FdWatcher } from './epoll-loop.ts';
import { SpliceEarlyBytes } from './early-bytes.ts';
import { readyError, readyHangup, readyIn, readyPeerEnd } from './libc.ts';
import { SpliceRelay, type RelayEvents, type SpliceRelayParts } from './relay.ts';

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
  readonly onClosed: (channel: SpliceChannel) => void;
  /** The client now belongs to the caller of `release`. */
  readonly onReleased: (channel: SpliceChannel) => void;
}

export class SpliceChannel implements Channel, FdWatcher, Dialer, RelayEvents, TryEvents {
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
  /** The dial for this client in lane 0, or the one that was answered; undefined once the session is relayed. */
  #dial: Dial | undefined;
  /** The dial in lane 1. */
  #second: Dial | undefined;
  #hasTwoDials = false;
  /** The relay, which is kept for its byte counts once it is over. */
  #relay: SpliceRelay | undefined;

  constructor(parts: ChannelParts, client: number, address: string) {
    this.#parts = parts;
    this.#client = client;
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
    const isSecond = (lane === 0 ? this.#second : this.#dial) !== undefined;
    const hasRoom = !isSecond || this.#parts.sockets.hasRoom;
    if (lane === 0) this.#dial = dial;
    else this.#second = dial;
    this.#countDials();
    // This driver does not speak TLS to upstreams, and the service began to require it after the client was routed here.
    if (tls) dial.refuse('ENOTSUP');
    else if (hasRoom) dial.start();
    else dial.refuse('EMFILE');
  }

  abortDial(lane?: DialLane): void {
    if (this.#dial?.isDialed && !this.#dial.isOnTrial) return;
    // The connection that has answered is the only one left, in whichever lane it began.
    if (lane !== 1 || this.#dial?.isOnTrial) {
      this.#dial?.close();
      this.#dial = undefined;
    }
    if (lane !== 0) this.#closeSecond();
    this.#countDials();
  }

  settle(withinMs: number, preface?: Preface): void {
    const dial = this.#dial;
    if (!dial?.isDialed) return;
    this.#departure?.cancel();
    dial.try({ client: this.#client, clientMask: this.#mask }, withinMs, preface, this);
  }

  relay(idleTimeoutMs: number | undefined, preface?: Preface): void {
    const dial = this.#dial;
    if (!dial?.isDialed) return;
    if (preface?.expect !== undefined) {
      return dial.ask(preface, {
        onExpected: () => this.relay(idleTimeoutMs),
        onOther: (reason) => this.onRelayOver(reason),
      });
    }
    this.#dial = undefined;
    this.#departure?.cancel();
    this.#relay = new SpliceRelay(this.#parts, this.#client, dial, this);
    this.#relay.start(this.#mask, idleTimeoutMs, preface?.bytes);
    if (!this.#isTelling) this.#parts.loop.defer(this.#relay);
  }

  abort(): void {
    if (this.#isOver) return;
    // A reset would discard the part of the answer that is still on its way.
    if (this.#relay?.isAnswered) endInOrder(this.#parts, this.#client);
    else this.#parts.libc.setResetOnClose(this.#client);
    this.#relay?.abort();
    this.#dial?.abort();
    this.#close();
  }

  finish(): void {
    if (this.#isOver) return;
    if (!this.#relay) return this.#close();
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
    if ((mask & (readyError | readyHangup)) !== 0) return this.#onClientFailed();
    if (this.#earlyBytes?.isBusy) return this.#earlyBytes.onReady(mask);
    const isTried = this.#dial?.isOnTrial;
    if ((mask & readyPeerEnd) !== 0 && !this.#toldEnd && (isTried || !this.#dial?.isDialed)) this.#onClientEnd();
    if (isTried) this.#dial?.onClient(mask);
  }

  #onClientEnd(): void {
    this.#toldEnd = true;
    const waiting = this.#parts.libc.peek(this.#client);
    if (waiting > 0) this.#watchDeparture();
    else this.#events?.onClientLeft(waiting === 0 ? 'ended' : 'reset');
  }

  get hasSpoken(): boolean | undefined {
    return this.#parts.loop.turns === this.#acceptedTurn ? undefined : (this.#mask & readyIn) !== 0;
  }

  onDialed(dial: Dial): void {
    const lane = dial === this.#second ? 1 : 0;
    if (lane === 1) {
      this.#dial?.close();
      this.#dial = dial;
      this.#second = undefined;
    } else this.#closeSecond();
    this.#countDials();
    this.#isTelling = true;
    this.#events?.onDialed(lane);
    this.#isTelling = false;
    this.#relay?.pump();
  }

  onDialFailed(code: string, dial: Dial): void {
    const lane = dial === this.#second ? 1 : 0;
    if (lane === 1) this.#second = undefined;
    else this.#dial = undefined;
    this.#countDials();
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
    this.#dial?.close();
    this.#dial = undefined;
    this.#countDials();
    if ((this.#mask & readyPeerEnd) !== 0) this.#watchDeparture();
    this.#events?.onUpstreamLost(code, wasRead);
  }

  #onClientFailed(): void {
    if (this.#events) this.#events.onClientLeft('reset');
    else this.#close();
  }

  #ensureEarlyBytes(): SpliceEarlyBytes {
    return (this.#earlyBytes ??= new SpliceEarlyBytes(this.#parts, this.#client, {
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

  #countDials(): void {
    this.#hasTwoDials = this.#parts.sockets.countSecondDial(this.#hasTwoDials, this.#dial, this.#second);
  }

  #closeSecond(): void {
    this.#second?.close();
    this.#second = undefined;
  }

  #close(): void {
    this.#isOver = true;
    this.#earlyBytes?.stop();
    this.#departure?.cancel();
    this.#dial?.close();
    this.#closeSecond();
    this.#countDials();
    this.#relay?.close();
    this.#parts.loop.close(this.#client);
    this.#parts.onClosed(this);
  }
}
