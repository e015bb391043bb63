import type { Timer } from '../../../time/clock.ts';
import { PeekPace, pauseMs } from '../peek-pace.ts';
import type { ClientSide } from './client-side.ts';
import type { Deferred } from './epoll-loop.ts';
import type { HalfPipeParts } from './half-pipe.ts';
import { again } from './libc.ts';

/**
 * A client's bytes before an upstream is dialed for it. They are peeked at in the client's socket (recv(2), MSG_PEEK),
 * so that a client that drips uses none of the relay's memory. Some of them may be consumed, an answer may be written,
 * and the client may be rejected. Made only for clients whose listener must know more about them.
 */
interface EarlyBytesEvents {
  onClientBytes(bytes: Uint8Array, ended: boolean): void;
  onClientFailed(): void;
  /** The rejected client is gone, or its time is over: the channel must be closed. */
  onRejected(): void;
}

/** The time for a rejected client to read the answer, and the most bytes that it may send meanwhile. */
const lingerMs = 1_000;
const mostDiscarded = 1024 * 1024;

export class SpliceEarlyBytes implements Deferred {
  readonly #parts: HalfPipeParts;
  readonly #fd: number;
  readonly #client: ClientSide;
  readonly #events: EarlyBytesEvents;
  #mask = 0;
  #limit = 0;
  #pace: PeekPace | undefined;
  #pause: Timer | undefined;
  #linger: Timer | undefined;
  #discarded = 0;

  constructor(parts: HalfPipeParts, fd: number, client: ClientSide, events: EarlyBytesEvents) {
    this.#parts = parts;
    this.#fd = fd;
    this.#client = client;
    this.#events = events;
  }

  /** True while the client is peeked at or rejected: then the client's events are handled here. */
  get isBusy(): boolean {
    return this.#limit > 0 || this.#linger !== undefined;
  }

  /** `mask`: all events that epoll has reported so far. */
  startPeeking(limit: number, mask: number): void {
    this.#limit = Math.min(limit, this.#parts.chunks.scratch.size);
    this.#mask = mask;
    this.#pace = new PeekPace();
    if (mask !== 0) this.#parts.loop.defer(this);
  }

  /**
   * Ends peeking and lingering. Once the client is closed, its descriptor may belong to another connection by the time
   * that a deferred peek runs.
   */
  stop(): void {
    this.#limit = 0;
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#linger?.cancel();
    this.#linger = undefined;
  }

  consume(count: number): void {
    const { chunks } = this.#parts;
    for (let left = count; left > 0;) {
      const length = this.#client.readSome(chunks.scratch, left);
      if (length <= 0) return;
      left -= length;
    }
  }

  /** Writes a few bytes, at most as many as fit the buffer of a socket that was never written to. */
  write(bytes: Uint8Array): void {
    const { scratch } = this.#parts.chunks;
    scratch.bytes.set(bytes);
    this.#client.write(scratch, bytes.length);
  }

  reject(bytes: Uint8Array): void {
    const { loop } = this.#parts;
    this.stop();
    if (bytes.length > 0) this.write(bytes);
    this.#client.end();
    this.#linger = loop.clock.after(lingerMs, () => this.#events.onRejected());
    loop.defer(this);
  }

  onReady(mask: number): void {
    this.#mask |= mask;
    if (this.#linger) return this.#discard();
    if (this.#pause) return;
    if (this.#pace?.isPrompt) this.#peek();
    else this.#peekLater();
  }

  #peekLater(): void {
    this.#pause = this.#parts.loop.clock.after(pauseMs, () => {
      this.#pause = undefined;
      this.#peek();
    });
  }

  runDeferred(): void {
    if (this.#linger) this.#discard();
    else if (this.#limit > 0) this.#peek();
  }

  #peek(): void {
    const { chunks } = this.#parts;
    const length = this.#client.peekInto(chunks.scratch, this.#limit, this.#mask);
    if (length < 0) {
      if (length !== again) this.#events.onClientFailed();
      return;
    }
    const ended = length === 0 || (this.#client.hasEnded(this.#mask) && length < this.#limit);
    const nowMs = this.#parts.loop.clock.nowMs();
    if (!ended && this.#pace?.isDue(length, nowMs) === false) return this.#peekLater();
    this.#pace?.peeked(length, nowMs);
    this.#events.onClientBytes(chunks.scratch.bytes.subarray(0, length), ended);
  }

  /** The bytes themselves are not wanted, so they stay encrypted where there is TLS. */
  #discard(): void {
    const { libc, chunks } = this.#parts;
    for (;;) {
      const length = libc.read(this.#fd, chunks.scratch);
      if (length === again) return;
      this.#discarded += length;
      if (length <= 0 || this.#discarded > mostDiscarded) {
        this.stop();
        return this.#events.onRejected();
      }
    }
  }
}
