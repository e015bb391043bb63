import { connect, isIPv6, type Socket } from 'node:net';
import type { Channel, ChannelEvents, Opening, RelayEnd, TlsOffer, UpstreamTlsOffer } from '../driver.ts';
import { LookPace, pauseMs } from '../look-pace.ts';
import { isUnix, unixPath, type Endpoint } from '../table.ts';
import { EarlyBytes } from './early-bytes.ts';
import { HalfPipe } from './half-pipe.ts';
import { watchIdle } from './idle-watch.ts';
import { resetNow } from './reset.ts';
import { keepAliveInitialDelayMs } from './socket-options.ts';
import { speakTls } from './tls-dial.ts';
import { endTls } from './tls-end.ts';

/**
 * A session's two sockets.
 *
 *   client ──up──▶ upstream         client ◀──down── upstream
 *
 * Node takes a paused socket out of its epoll set altogether, so neither FIN nor RST is noticed there (measured on 26).
 * A waiting client is therefore read, up to `earlyLimit`, and what it sent is kept for the upstream. One that sent more
 * is no longer read, and that it left is noticed only once it is relayed; the hold bounds how long that takes. The same
 * holds for a client under back-pressure: a reset from it is seen when the other side takes bytes again.
 */
const earlyLimit = 64 * 1024;
/** For what was buffered when a session is finished: Node gives up after one to two such times without progress. */
const finishPatienceMs = 5_000;
/** For a client that was refused to take in why. */
const lingerMs = 1_000;
/** For the one byte that an upstream is to answer. */
const answerPatienceMs = 10_000;

export class StreamChannel implements Channel {
  readonly client: string;
  /** The connection. */
  readonly #carrier: Socket;
  /** What the session reads and writes: the connection itself, or the TLS on it. */
  #client: Socket;
  #upstreamCarrier: Socket | undefined;
  #upstream: Socket | undefined;
  #events: ChannelEvents | undefined;
  readonly #early = new EarlyBytes();
  #looksUpTo = 0;
  #lookIsDue = false;
  #pace = new LookPace();
  #clientEnded = false;
  #awaitsAnswer = false;
  #wasAnswered = false;
  #stopIdleWatch: (() => void) | undefined;
  #up: HalfPipe | undefined;
  #down: HalfPipe | undefined;
  #over = false;

  constructor(client: Socket, address = formatAddress(client.remoteAddress, client.remotePort)) {
    this.#carrier = client;
    this.#client = client;
    this.client = address;
    this.#watch(client);
  }

  get local(): string {
    return formatAddress(this.#client.localAddress, this.#client.localPort);
  }

  get bytesUp(): number {
    return this.#up?.bytes ?? 0;
  }

  get bytesDown(): number {
    return this.#down?.bytes ?? 0;
  }

  /** Node's buffers; a direction whose sink is full is always among them. */
  get hasUnsent(): boolean {
    return this.#client.writableLength > 0 || (this.#upstream?.writableLength ?? 0) > 0;
  }

  attach(events: ChannelEvents): void {
    this.#events = events;
    this.#looksUpTo = 0;
  }

  look(limit: number): void {
    this.#looksUpTo = Math.min(limit, earlyLimit);
    this.#pace = new LookPace();
    if (this.#early.length > 0 || this.#clientEnded) this.#lookSoon();
  }

  take(count: number): void {
    this.#early.drop(count);
    if (this.#early.length < earlyLimit) this.#client.resume();
  }

  say(bytes: Uint8Array): void {
    this.#client.write(Buffer.from(bytes));
  }

  turnAway(bytes: Uint8Array): void {
    const client = this.#client;
    this.#over = true;
    client.off('data', this.#onEarlyData);
    this.#early.drop(this.#early.length);
    client.resume();
    client.end(Buffer.from(bytes));
    const patience = setTimeout(() => resetNow(client, this.#carrier), lingerMs);
    client.once('close', () => clearTimeout(patience));
  }

  secure(offer: TlsOffer): void {
    this.#carrier.off('data', this.#onEarlyData);
    this.#looksUpTo = 0;
    const secured = endTls(this.#carrier, this.#early.takeAll(), offer, {
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

  dial({ host, port }: Endpoint, tls?: UpstreamTlsOffer): void {
    const carrier = connect({
      ...(isUnix(host) ? { path: unixPath(host) } : { host, port }),
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveInitialDelayMs,
    });
    this.#upstreamCarrier = carrier;
    this.#upstream = carrier;
    carrier.once('connect', () => {
      if (isSelfConnected(carrier, port)) return void carrier.destroy(selfConnected());
      // An aborted dial has been replaced by the next one, or by nothing.
      if (carrier !== this.#upstream) return;
      if (!tls) return this.#events?.onDialed();
      if (tls.preface) carrier.write(tls.preface);
      const secured = speakTls(carrier, tls);
      this.#upstream = secured;
      this.#watchUpstream(secured);
      secured.once('secureConnect', () => {
        if (secured === this.#upstream) this.#events?.onDialed();
      });
    });
    this.#watchUpstream(carrier);
  }

  #watchUpstream(upstream: Socket): void {
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (upstream === this.#upstream) this.#onUpstreamError(error.code ?? 'UNKNOWN');
    });
    upstream.on('close', () => this.#onClosed());
  }

  abortDial(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.destroy();
  }

  relay(idleTimeoutMs: number | undefined, opening?: Opening): void {
    const client = this.#client;
    const upstream = this.#upstream;
    if (!upstream || this.#over) return;
    if (opening) upstream.write(Buffer.from(opening.preface));
    if (opening?.expect !== undefined) return this.#expect(upstream, opening.expect, idleTimeoutMs);
    client.off('data', this.#onEarlyData);
    this.#down = new HalfPipe(upstream, client);
    this.#up = new HalfPipe(client, upstream, this.#early.takeAll());
    if (this.#clientEnded) upstream.end();
    if (idleTimeoutMs !== undefined)
      this.#stopIdleWatch = watchIdle(client, upstream, idleTimeoutMs, () => this.#onIdle());
  }

  abort(): void {
    this.#over = true;
    const upstream = this.#upstream;
    if (upstream) resetNow(upstream, this.#upstreamCarrier);
    // The whole answer is in the kernel's hands: a reset would take back what is still on its way.
    if (this.#down?.ended && this.#client.writableLength === 0) this.#client.destroy();
    else resetNow(this.#client, this.#carrier);
  }

  finish(): void {
    this.#over = true;
    for (const [socket, carrier] of [
      [this.#upstream, this.#upstreamCarrier],
      [this.#client, this.#carrier],
    ] as const) {
      // A peer that takes nothing more must not keep the socket for ever.
      socket?.setTimeout(finishPatienceMs, () => resetNow(socket, carrier));
      socket?.destroySoon();
    }
  }

  #watch(client: Socket): void {
    const ifItIs = (then: () => void): (() => void) => {
      return () => {
        if (client === this.#client) then();
      };
    };
    client.on('data', this.#onEarlyData);
    client.on(
      'end',
      ifItIs(() => this.#onClientEnd()),
    );
    client.on(
      'error',
      ifItIs(() => this.#onClientReset()),
    );
    client.on(
      'close',
      ifItIs(() => this.#onClosed()),
    );
  }

  readonly #onEarlyData = (chunk: Buffer): void => {
    this.#early.add(chunk);
    if (this.#early.length >= earlyLimit) this.#client.pause();
    if (this.#looksUpTo > 0) this.#lookSoon();
  };

  /** Once for all that comes in the same turn; and never from within a call. */
  #lookSoon(): void {
    if (this.#lookIsDue) return;
    this.#lookIsDue = true;
    setImmediate(() => this.#lookIfDue());
  }

  #lookIfDue(): void {
    const bytes = this.#early.view(this.#looksUpTo);
    const nowMs = performance.now();
    const isWanted = this.#looksUpTo > 0 && !this.#over;
    if (isWanted && !this.#clientEnded && !this.#pace.isDue(bytes.length, nowMs))
      return void setTimeout(() => this.#lookIfDue(), pauseMs);
    this.#lookIsDue = false;
    if (!isWanted) return;
    this.#pace.looked(bytes.length, nowMs);
    this.#events?.onClientBytes?.(bytes, this.#clientEnded && bytes.length < this.#looksUpTo);
  }

  /** The client waits, read no further than before, until the upstream has said the one byte. */
  #expect(upstream: Socket, expected: number, idleTimeoutMs: number | undefined): void {
    const refused = (): void => {
      if (!this.#over) this.#end('upstream-refused-tls');
    };
    const patience = setTimeout(refused, answerPatienceMs);
    upstream.once('close', () => clearTimeout(patience));
    upstream.once('end', refused);
    const onReadable = (): void => {
      const byte = (upstream.read(1) as Buffer | null)?.[0];
      if (byte === undefined || this.#over) return;
      if (byte !== expected) return refused();
      clearTimeout(patience);
      upstream.off('end', refused);
      upstream.off('readable', onReadable);
      this.#awaitsAnswer = false;
      this.#wasAnswered = true;
      this.relay(idleTimeoutMs);
    };
    this.#awaitsAnswer = true;
    upstream.on('readable', onReadable);
  }

  #onClientEnd(): void {
    this.#clientEnded = true;
    if (this.#up || this.#over) return;
    if (this.#looksUpTo > 0) this.#lookSoon();
    else if (this.#early.length === 0) this.#events?.onClientLeft('ended');
  }

  #onClientReset(): void {
    if (this.#over) return;
    if (this.#up) this.#end('client-reset');
    else this.#events?.onClientLeft('reset');
  }

  #onUpstreamError(code: string): void {
    if (this.#over) return;
    if (this.#awaitsAnswer) return this.#end('upstream-reset');
    if (this.#up) {
      // It had ended before, so its answer is whole; the client gets it first.
      if (this.#down?.ended && this.#client.writableLength > 0) {
        this.#client.once('finish', () => this.#onUpstreamError(code));
        return;
      }
      if (this.#isUntouched) return this.#loseUpstream(code);
      return this.#end('upstream-reset');
    }
    this.#upstream = undefined;
    this.#events?.onDialFailed(code);
  }

  /** Nothing has passed either way: to the client it is as if it had not been dialed for yet. */
  get #isUntouched(): boolean {
    return this.bytesUp === 0 && this.bytesDown === 0 && !this.#clientEnded && !this.#down?.ended && !this.#wasAnswered;
  }

  #loseUpstream(code: string): void {
    this.#stopIdleWatch?.();
    this.#up?.detach();
    this.#down?.detach();
    this.#up = undefined;
    this.#down = undefined;
    this.#upstream = undefined;
    this.#client.on('data', this.#onEarlyData);
    this.#client.resume();
    this.#events?.onUpstreamLost(code);
  }

  #onIdle(): void {
    if (!this.#over) this.#end('idle-timeout');
  }

  /** Node destroys a socket by itself once both of its directions have ended and been flushed. */
  #onClosed(): void {
    if (this.#over || !this.#up || !this.#client.destroyed || !this.#upstream?.destroyed) return;
    this.#end('finished');
  }

  #end(reason: RelayEnd): void {
    this.abort();
    this.#events?.onRelayEnded(reason);
  }
}

/**
 * A dial to a port of the ephemeral range that nobody listens on may be given that very port as its own, and then
 * connects to itself (TCP simultaneous open): rare, but a held client is dialed for every few milliseconds.
 */
function isSelfConnected(socket: Socket, port: number): boolean {
  return port > 0 && socket.localPort === port && socket.localAddress === socket.remoteAddress;
}

function selfConnected(): NodeJS.ErrnoException {
  return Object.assign(new Error('connected to itself: nobody listens'), { code: 'ECONNREFUSED' });
}

function formatAddress(address: string | undefined, port: number | undefined): string {
  // A client that reset before it was accepted has no address any more.
  if (address === undefined) return 'unknown';
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`;
}
