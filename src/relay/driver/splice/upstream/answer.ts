import type { Timer } from '../../../../time/clock.ts';
import type { Preface, RelayEnd } from '../../driver.ts';
import { failureOf } from '../../vanished-peer.ts';
import type { Deferred } from '../epoll-loop.ts';
import type { HalfPipeParts } from '../half-pipe.ts';
import { again, errorCode } from '../libc.ts';

/**
 * Sends an upstream a preface, and waits for the one byte with which the upstream must answer it. Bytes behind that
 * byte stay in the socket.
 */
export interface AnswerEvents {
  onExpected(): void;
  /** `isSilent`: the upstream closed the connection without a byte. */
  onOther(reason: RelayEnd, isSilent: boolean): void;
}

const patienceMs = 10_000;

export class Answer implements Deferred {
  readonly #parts: HalfPipeParts;
  readonly #upstream: number;
  readonly #expected: number | undefined;
  readonly #events: AnswerEvents;
  readonly #patience: Timer;
  #isOver = false;

  constructor(parts: HalfPipeParts, upstream: number, { bytes, expect }: Preface, events: AnswerEvents) {
    const { libc, loop, chunks } = parts;
    this.#parts = parts;
    this.#upstream = upstream;
    this.#expected = expect;
    this.#events = events;
    this.#patience = loop.clock.after(patienceMs, () => this.#end('upstream-refused-tls', false));
    chunks.scratch.bytes.set(bytes);
    // The first write to a socket takes the whole preface. Where this write fails, the read that follows fails as well.
    libc.write(upstream, chunks.scratch, bytes.length);
    loop.defer(this);
  }

  onReady(): void {
    if (this.#isOver) return;
    const { libc, chunks } = this.#parts;
    const length = libc.readSome(this.#upstream, chunks.scratch, 1);
    if (length === again) return;
    if (length < 0) return this.#end(failureOf('upstream', errorCode(length)), true);
    if (length === 0 || chunks.scratch.bytes[0] !== this.#expected)
      return this.#end('upstream-refused-tls', length === 0);
    this.stop();
    this.#events.onExpected();
  }

  runDeferred(): void {
    this.onReady();
  }

  stop(): void {
    this.#isOver = true;
    this.#patience.cancel();
  }

  #end(reason: RelayEnd, isSilent: boolean): void {
    this.stop();
    this.#events.onOther(reason, isSilent);
  }
}
