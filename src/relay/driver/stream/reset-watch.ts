import type { Socket } from 'node:net';

/**
 * Detects the reset of a client that is not read for the time being, because the upstream is full. Node reports nothing
 * about such a socket, but the kernel forgets its peer (getpeername(2), ENOTCONN). The upstream may still take what the
 * client sent before until the second poll that finds no peer. Where the system remembers the peer, a reset shows once
 * the client is read again.
 */
const pollMs = 2_500;
const mostPollsWithoutPeer = 2;

export class ResetWatch {
  readonly #client: Socket;
  readonly #carrier: Socket;
  readonly #onReset: () => void;
  #timer: NodeJS.Timeout | undefined;
  #pollsWithoutPeer = 0;

  /** `carrier`: the TCP connection below `client`, where that is a TLS socket. */
  constructor(client: Socket, carrier: Socket, onReset: () => void) {
    this.#client = client;
    this.#carrier = carrier;
    this.#onReset = onReset;
  }

  /** Starts to poll, for as long as the client is paused. */
  start(): void {
    this.#timer ??= setInterval(() => this.#poll(), pollMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#pollsWithoutPeer = 0;
  }

  #poll(): void {
    if (!this.#client.isPaused()) return this.stop();
    if (hasPeer(this.#carrier)) return;
    this.#pollsWithoutPeer += 1;
    if (this.#pollsWithoutPeer < mostPollsWithoutPeer) return;
    this.stop();
    this.#onReset();
  }
}

/** Asks the kernel for the peer: Node's own `remoteAddress` keeps its first value. */
export function hasPeer(socket: Socket): boolean {
  const { _handle: handle } = socket as { _handle?: { getpeername?(address: object): number } };
  return handle?.getpeername === undefined || handle.getpeername({}) === 0;
}
