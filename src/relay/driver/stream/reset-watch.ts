import type { Socket } from 'node:net';

/**
 * Finds out that a client has reset which is not read for the time being, as the upstream is full: Node hears nothing of
 * such a socket, but the kernel forgets its peer (getpeername(2), ENOTCONN). What it sent before may still be taken until
 * the second poll that finds it gone. Where the system remembers, a reset is seen once the client is read again.
 */
const pollMs = 2_500;
const mostPollsWithoutPeer = 2;

export class ResetWatch {
  readonly #client: Socket;
  readonly #carrier: Socket;
  readonly #onReset: () => void;
  #timer: NodeJS.Timeout | undefined;
  #pollsWithoutPeer = 0;

  /** `carrier`: the connection below, for a TLS socket. */
  constructor(client: Socket, carrier: Socket, onReset: () => void) {
    this.#client = client;
    this.#carrier = carrier;
    this.#onReset = onReset;
  }

  /** The client is paused; for as long as it is. */
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

/** Node's own `remoteAddress` is what it was at first. */
function hasPeer(socket: Socket): boolean {
  const { _handle: handle } = socket as { _handle?: { getpeername?(address: object): number } };
  return handle?.getpeername === undefined || handle.getpeername({}) === 0;
}
