import type { Socket } from 'node:net';
import type { Timer } from '../../../time/clock.ts';
import { PeekPace, pauseMs } from '../peek-pace.ts';
import { EarlyBuffer } from '../early-buffer.ts';

/**
 * A client's bytes before it is relayed: they are read up to a limit, kept for the upstream, and peeked at by the
 * channel's owner.
 *
 * Node removes a paused socket from its epoll set altogether, so it notices neither FIN nor RST there (measured on 26).
 * A waiting client is therefore read. A client that has sent more than the limit is read no longer, and that it left is
 * noticed only once it is relayed; the hold bounds how long that takes.
 */
const mostBytes = 64 * 1024;

interface EarlyBytesOwner {
  onBytes(bytes: Uint8Array, ended: boolean): void;
  /** The client has sent bytes and ended its direction: starts to watch for its departure, where that is possible. */
  watchDeparture(): Timer | undefined;
}

export class StreamEarlyBytes {
  /** True once the client has ended its direction. */
  hasEnded = false;
  readonly #buffer = new EarlyBuffer();
  readonly #owner: EarlyBytesOwner;
  #client: Socket | undefined;
  #peekLimit = 0;
  #peekIsDue = false;
  #pace: PeekPace | undefined;
  #departure: Timer | undefined;
  /** The upstream that gets each byte as it comes, while all are kept. */
  #sink: Socket | undefined;
  /** True once the client's end may be passed on to this upstream. */
  #passesEnd = false;

  constructor(owner: EarlyBytesOwner) {
    this.#owner = owner;
  }

  get isEmpty(): boolean {
    return this.#buffer.length === 0;
  }

  /** How many bytes the present upstream has got (see `sendTo`). */
  get sent(): number {
    return this.#sink ? this.#buffer.length : 0;
  }

  /** True once the present upstream has got the client's end. */
  get hasPassedEnd(): boolean {
    return this.hasEnded && this.#passesEnd;
  }

  get isPeeking(): boolean {
    return this.#peekLimit > 0;
  }

  read(client: Socket): void {
    this.#client = client;
    client.on('data', this.#onData);
  }

  startPeeking(limit: number): void {
    this.#peekLimit = Math.min(limit, mostBytes);
    this.#pace = new PeekPace();
    if (!this.isEmpty || this.hasEnded) this.#peekSoon();
  }

  stopPeeking(): void {
    this.#peekLimit = 0;
    this.#watchIfEnded();
  }

  /** Calls nothing any more. */
  stop(): void {
    this.#peekLimit = 0;
    this.#sink = undefined;
    this.#departure?.cancel();
  }

  /**
   * Sends an upstream all bytes so far and those that still come, and keeps them; ended by `stop` or `sendTo(undefined)`.
   * The client's end waits for `passEnd`.
   */
  sendTo(sink: Socket | undefined): void {
    this.#sink = sink;
    this.#passesEnd = false;
    if (!this.isEmpty) sink?.write(this.#buffer.view(this.#buffer.length));
  }

  /** Passes on the client's end from now on. */
  passEnd(): void {
    this.#passesEnd = true;
    if (this.hasEnded) this.#sink?.end();
  }

  consume(count: number): void {
    this.#buffer.consume(count);
    if (this.#buffer.length < mostBytes) this.#client?.resume();
  }

  /** Returns all bytes and stops reading: the caller reads the client from now on. */
  consumeAll(): readonly Buffer[] {
    this.#client?.off('data', this.#onData);
    this.stop();
    return this.#buffer.consumeAll();
  }

  onEnd(): void {
    this.hasEnded = true;
    if (this.#passesEnd) this.#sink?.end();
    if (this.isPeeking) this.#peekSoon();
    else this.#watchIfEnded();
  }

  #watchIfEnded(): void {
    if (!this.hasEnded || this.isEmpty) return;
    this.#departure?.cancel();
    this.#departure = this.#owner.watchDeparture();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#buffer.add(chunk);
    this.#sink?.write(chunk);
    if (this.#buffer.length >= mostBytes) this.#client?.pause();
    if (this.isPeeking) this.#peekSoon();
  };

  /**
   * Schedules one peek for all bytes that arrive in the same turn, so that `onBytes` is never called from within a
   * call.
   */
  #peekSoon(): void {
    if (this.#peekIsDue) return;
    this.#peekIsDue = true;
    setImmediate(() => this.#peekIfDue());
  }

  #peekIfDue(): void {
    const bytes = this.#buffer.view(this.#peekLimit);
    const nowMs = performance.now();
    if (this.isPeeking && !this.hasEnded && !this.#pace?.isDue(bytes.length, nowMs))
      return void setTimeout(() => this.#peekIfDue(), pauseMs);
    this.#peekIsDue = false;
    if (!this.isPeeking) return;
    this.#pace?.peeked(bytes.length, nowMs);
    this.#owner.onBytes(bytes, this.hasEnded && bytes.length < this.#peekLimit);
  }
}
