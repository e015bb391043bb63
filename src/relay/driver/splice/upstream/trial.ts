import type { Timer } from '../../../../time/clock.ts';
import type { ClientSide } from '../client-side.ts';
import type { Deferred } from '../epoll-loop.ts';
import type { HalfPipeParts } from '../half-pipe.ts';
import { closedUnanswered, endIsSureAfterMs } from '../../driver.ts';
import { again, errorCode, readyUrgent } from '../libc.ts';

/**
 * Tries out a connection to a port proxy: the upstream gets what the client sends, and the client's socket keeps it
 * (recv(2), MSG_PEEK), until the upstream has sent a byte or the time is over. So nothing is lost where the proxy closes
 * the connection, and nothing is delayed where it does not.
 *
 * The client is peeked at up to the size of the scratch memory, 64 KiB; what it sends beyond waits in its socket.
 */
export interface TriedClient {
  readonly client: ClientSide;
  /** All events that epoll has reported for the client so far. */
  readonly clientMask: number;
}

export interface TrialEvents {
  onPassed(): void;
  /** The upstream closed the connection without a byte; `wasRead`: it had read all that it was sent by then. */
  onFailed(code: string, wasRead: boolean): void;
}

export class Trial implements Deferred {
  /** How many of the client's bytes the upstream has got. */
  sent = 0;
  readonly #parts: HalfPipeParts;
  readonly #client: ClientSide;
  readonly #upstream: number;
  readonly #events: TrialEvents;
  readonly #patience: Timer;
  #clientMask: number;
  #hasEnded = false;
  /** Runs while the upstream has ended, and it is not known yet whether it had read what it was sent. */
  #doubt: Timer | undefined;
  #isOver = false;

  constructor(
    parts: HalfPipeParts,
    { client, clientMask, upstream }: TriedClient & { readonly upstream: number },
    withinMs: number,
    preface: Uint8Array | undefined,
    events: TrialEvents,
  ) {
    const { libc, loop, chunks } = parts;
    this.#parts = parts;
    this.#client = client;
    this.#clientMask = clientMask;
    this.#upstream = upstream;
    this.#events = events;
    this.#patience = loop.clock.after(withinMs, () => this.#pass());
    libc.setNoDelay(upstream);
    if (preface) {
      chunks.scratch.bytes.set(preface);
      // The first write to a socket takes the whole preface. Where it fails, the read that follows fails as well.
      libc.write(upstream, chunks.scratch, preface.length);
    }
    loop.defer(this);
  }

  onClient(mask: number): void {
    this.#clientMask |= mask;
    this.#move();
  }

  onUpstream(): void {
    this.#move();
  }

  runDeferred(): void {
    this.#move();
  }

  stop(): void {
    this.#isOver = true;
    this.#patience.cancel();
    this.#doubt?.cancel();
  }

  /** Takes from the client's socket what the upstream has got. */
  #consume(): void {
    const { chunks } = this.#parts;
    for (let left = this.sent; left > 0;) {
      const length = this.#client.readSome(chunks.scratch, Math.min(left, chunks.scratch.size));
      if (length <= 0) return;
      left -= length;
    }
  }

  #move(): void {
    if (this.#isOver || this.#hasAnswer()) return;
    const { libc, chunks, loop } = this.#parts;
    const { scratch } = chunks;
    // Peeks stop at an urgent byte: the upstream gets those ahead of it.
    const length = this.#client.peekInto(scratch, scratch.size, 0);
    if (length > this.sent) {
      const written = libc.writeFrom(this.#upstream, scratch, this.sent, length - this.sent);
      if (written < 0 && written !== again) return this.#fail(errorCode(written), false);
      this.sent += Math.max(0, written);
      if (this.sent < length) return loop.watchOut(this.#upstream);
    }
    const hasAll = length === this.sent && length < scratch.size;
    if (!hasAll || this.#hasEnded || !this.#clientHasEnded) return;
    this.#hasEnded = true;
    libc.shutdownWrite(this.#upstream);
  }

  /** False where bytes may follow behind an urgent one, at which peeks stop: the relay then passes on the end. */
  get #clientHasEnded(): boolean {
    return this.#client.hasEnded(this.#clientMask) && (this.#clientMask & readyUrgent) === 0;
  }

  /** Whether the upstream has sent a byte or closed the connection, with which the trial is over, or soon will be. */
  #hasAnswer(): boolean {
    const { libc, loop } = this.#parts;
    if (this.#doubt) {
      this.#hasReset();
      return true;
    }
    const length = libc.peek(this.#upstream);
    if (length === again) return false;
    if (length > 0) this.#pass();
    else if (length < 0) this.#fail(errorCode(length), false);
    else if (this.sent === 0) this.#onEnd();
    else if (!this.#hasReset()) this.#doubt = loop.clock.after(endIsSureAfterMs, () => this.#onEnd());
    return true;
  }

  /** True if the upstream's end was followed by a reset, as from a proxy that had not read all that it was sent. */
  #hasReset(): boolean {
    const error = this.#parts.libc.socketError(this.#upstream);
    if (error < 0) this.#fail(errorCode(error), false);
    return error < 0;
  }

  /** Handles an end in order. One after the client's own may be the whole answer. */
  #onEnd(): void {
    if (this.#hasEnded) this.#pass();
    else this.#fail(closedUnanswered, this.sent > 0);
  }

  #pass(): void {
    this.stop();
    this.#consume();
    this.#events.onPassed();
  }

  #fail(code: string, wasRead: boolean): void {
    this.stop();
    this.#events.onFailed(code, wasRead);
  }
}
