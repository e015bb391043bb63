import { Socket } from 'node:net';
import { isStranger } from '../../../network/strangers.ts';
import type { Endpoint } from '../../boundary/table.ts';
import type { UpstreamTlsOffer } from '../driver.ts';
import { connectTo, isSelfConnected, networkGone, otherContainer, selfConnected, tooManyFiles } from './connection.ts';
import { resetNow } from './reset.ts';
import type { StreamParts } from './stream-parts.ts';
import { speakTls } from './tls-dial.ts';

/**
 * One connection to an upstream, from the attempt to connect: TCP, and TLS on it where that is asked for.
 */
export interface StreamDialer {
  onDialed(dial: StreamDial): void;
  /** The dial failed, or the connection did later. `code` is Node's. */
  onUpstreamFailed(code: string, dial: StreamDial): void;
  onSocketClosed(): void;
}

interface StreamDialParts extends Pick<StreamParts, 'networks' | 'timeouts' | 'limitRetries' | 'confirm'> {
  /** False where no socket is left for the dial, which then fails. */
  readonly hasRoom: boolean;
}

export class StreamDial {
  /** The socket that the session reads and writes: the connection itself, or the TLS socket on it. */
  socket: Socket;
  /** The TCP connection. */
  readonly #carrier: Socket;
  readonly #dialer: StreamDialer;
  #isOver = false;

  constructor(dialer: StreamDialer, endpoint: Endpoint, parts: StreamDialParts, tls: UpstreamTlsOffer | undefined) {
    this.#dialer = dialer;
    const hindrance = hindranceOf(endpoint, parts);
    const carrier = hindrance ? new Socket().destroy(hindrance) : connectTo(endpoint, parts.timeouts);
    this.#carrier = carrier;
    this.socket = carrier;
    this.#watch(carrier);
    carrier.once('connect', () => this.#onConnected(endpoint, parts, tls));
  }

  /** Ends the dial, whose connection never carries a byte. No event follows. */
  close(): void {
    this.#isOver = true;
    this.socket.destroy();
  }

  /** Closes the connection with a reset. */
  reset(): void {
    resetNow(this.socket, this.#carrier);
  }

  #onConnected(endpoint: Endpoint, parts: StreamDialParts, tls: UpstreamTlsOffer | undefined): void {
    const carrier = this.#carrier;
    if (isSelfConnected(carrier, endpoint.port)) return void carrier.destroy(selfConnected());
    if (isStranger(endpoint)) return void carrier.destroy(otherContainer());
    if (endpoint.proof?.kind !== 'engine') return this.#onAnswered(parts, tls);
    parts.confirm(endpoint, (isConfirmed) => {
      if (isConfirmed) this.#onAnswered(parts, tls);
      else carrier.destroy(otherContainer());
    });
  }

  #onAnswered({ limitRetries }: StreamDialParts, tls: UpstreamTlsOffer | undefined): void {
    const carrier = this.#carrier;
    if (this.#isOver || carrier.destroyed) return;
    limitRetries(carrier);
    if (!tls) return this.#dialer.onDialed(this);
    if (tls.preface) carrier.write(tls.preface);
    const secured = speakTls(carrier, tls);
    this.socket = secured;
    this.#watch(secured);
    secured.once('secureConnect', () => {
      if (!this.#isOver) this.#dialer.onDialed(this);
    });
  }

  #watch(socket: Socket): void {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Beneath TLS, the TLS socket reports what happens to the connection.
      if (!this.#isOver && socket === this.socket) this.#dialer.onUpstreamFailed(error.code ?? 'UNKNOWN', this);
    });
    socket.on('close', () => this.#dialer.onSocketClosed());
  }
}

/** The error with which the dial fails before it begins. */
function hindranceOf({ host, isDirect }: Endpoint, { hasRoom, networks }: StreamDialParts): Error | undefined {
  if (!hasRoom) return tooManyFiles();
  return isDirect && networks.find(host).kind === 'none' ? networkGone() : undefined;
}
