import { readyPeerEnd, readyUrgent, type Libc, type Memory } from './libc.ts';

/**
 * The client's bytes before the relay: those in its socket, or those inside its TLS (tls/tls-client.ts). As in libc.ts
 * each call returns its result, or minus errno.
 */
export interface ClientSide {
  /** Copies the bytes that have arrived, at most `limit`; nothing is consumed. `mask`: all events so far. */
  peekInto(into: Memory, limit: number, mask: number): number;
  /** True if the client has ended its direction. `mask`: all events so far. */
  hasEnded(mask: number): boolean;
  /** Reads at most `length` bytes. */
  readSome(into: Memory, length: number): number;
  write(from: Memory, length: number): number;
  /** Ends the direction to the client in order. */
  end(): void;
}

export class SocketSide implements ClientSide {
  readonly #libc: Libc;
  readonly #fd: number;

  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /** Peeks at the bytes on both sides of an urgent one, at which recv(2) stops unless the byte is the first (tcp(7)). */
  peekInto(into: Memory, limit: number, mask: number): number {
    const length = this.#libc.peekInto(this.#fd, into, limit);
    if ((mask & readyUrgent) === 0 || length <= 0 || length === limit) return length;
    return length + Math.max(0, this.#libc.peekBehind(this.#fd, into, length, limit - length));
  }

  hasEnded(mask: number): boolean {
    return (mask & readyPeerEnd) !== 0;
  }

  readSome(into: Memory, length: number): number {
    return this.#libc.readSome(this.#fd, into, length);
  }

  write(from: Memory, length: number): number {
    return this.#libc.write(this.#fd, from, length);
  }

  end(): void {
    this.#libc.shutdownWrite(this.#fd);
  }
}
