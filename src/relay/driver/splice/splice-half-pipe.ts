import type { Lender, LentDirection } from './bulk/bulk-thread.ts';
import type { JobResult } from './bulk/job-cells.ts';
import type { Deferred } from './epoll-loop.ts';
import { bulkFrom, smallestSegment, type HalfPipe, type HalfPipeParts, type Pumped } from './half-pipe.ts';
import { again, readyError, readyHangup, readyIn, readyOut, readyPeerEnd, readyUrgent, type Memory } from './libc.ts';
import type { Pipe } from './pipes.ts';

/**
 * One direction of a session between two sockets. Small messages are read into shared memory and written on. A source
 * that fills this memory counts as bulk, and its bytes then stay in the kernel:
 *
 *   source ──read──▶ chunk ──write──▶ sink          source ──splice──▶ pipe ──splice──▶ sink
 *
 * Descriptors are edge-triggered, so this class remembers what is readable and what is full. Bytes that the sink did
 * not take are kept, and the source is not read meanwhile: that is the back-pressure. A direction at rest holds neither
 * pipe nor chunk. Bulk that delays other sessions is lent to the bulk thread.
 */
/** The most bytes of one direction in one turn, so that a fast session does not delay the others for long. */
const turnShare = 1024 * 1024;
/** A burst smaller than this turns the direction back to copying: it did not pay for a pipe. */
const bulkUntil = 16 * 1024;

export class SpliceHalfPipe implements HalfPipe, Lender {
  bytes = 0;
  ended = false;
  sourceFailure = 0;
  sinkFailure = 0;
  readonly #parts: HalfPipeParts;
  readonly #relay: Deferred;
  readonly #source: number;
  readonly #sink: number;
  /**
   * True while TCP_NODELAY is still to be set. It is set only when a write might be held back: most short sessions
   * never need the call.
   */
  #noDelay: boolean;
  #wrote = false;
  #readable = false;
  #peerEnded = false;
  /**
   * True once a short read no longer means that nothing is left: a failure may follow, or the byte after an urgent one
   * (tcp(7)).
   */
  #thorough = false;
  #blocked = false;
  /** What `pump` returns while there is nothing for it to do: the direction is lent, has failed, or was stopped. */
  #settled: Pumped | undefined;
  #lent: LentDirection | undefined;
  #isStopped = false;
  #bulk = false;
  #burst = 0;
  #chunk: Memory | undefined;
  #chunkAt = 0;
  #chunkEnd = 0;
  #pipe: Pipe | undefined;
  #piped = 0;

  /** `relay` runs after the bulk thread has returned the direction. */
  constructor(parts: HalfPipeParts, source: number, sink: number, noDelay: boolean, relay: Deferred) {
    this.#parts = parts;
    this.#relay = relay;
    this.#source = source;
    this.#sink = sink;
    this.#noDelay = noDelay;
  }

  onSource(mask: number): void {
    if ((mask & (readyIn | readyPeerEnd | readyError | readyHangup | readyUrgent)) === 0) return;
    this.#readable = true;
    if ((mask & (readyError | readyHangup | readyUrgent)) !== 0) this.#thorough = true;
    if ((mask & readyPeerEnd) !== 0) this.#peerEnded = true;
  }

  onSink(mask: number): void {
    if ((mask & (readyOut | readyError | readyHangup)) !== 0) this.#blocked = false;
  }

  startWith(preface: Uint8Array): void {
    const { libc, chunks } = this.#parts;
    const chunk = chunks.keepScratch();
    chunk.bytes.set(preface);
    const length = this.#readable ? libc.readAt(this.#source, chunk, preface.length) : again;
    if (length > 0) this.#onRead(length, chunk.size - preface.length);
    this.#chunk = chunk;
    this.#chunkEnd = preface.length + Math.max(0, length);
    this.#wrote = true;
    if (this.#noDelay && this.#chunkEnd > smallestSegment) this.#setNoDelay();
  }

  pump(): Pumped {
    if (this.#settled) return this.#settled;
    const share = this.bytes + turnShare;
    while (this.bytes < share) {
      const flushed = this.#flush();
      if (flushed) return flushed;
      if (this.ended) return 'ended';
      if (!this.#readable) return 'waiting';
      const failed = this.#bulk ? this.#splice() : this.#copy();
      if (failed) return failed;
    }
    return this.#bulk && this.#parts.bulk.isWantedAfterFullTurn() && this.#lend() ? 'waiting' : 'more';
  }

  get allBytes(): number {
    return this.bytes + (this.#lent?.moved ?? 0);
  }

  get isLent(): boolean {
    return this.#lent !== undefined;
  }

  stopReading(): void {
    this.ended = true;
    this.#lent?.recall();
  }

  stop(): void {
    this.#isStopped = true;
    this.#settled = 'waiting';
    if (this.#chunk) this.#parts.chunks.release(this.#chunk);
    this.#chunk = undefined;
    if (this.#lent) this.#lent.recall();
    else this.#dropPipe();
  }

  onReturned({ piped, sourceFailure, sinkFailure }: JobResult, moved: number): void {
    this.#lent = undefined;
    this.bytes += moved;
    this.#piped = piped;
    if (this.#isStopped) return this.#dropPipe();
    this.sourceFailure = sourceFailure;
    this.sinkFailure = sinkFailure;
    this.#settled = sinkFailure !== 0 ? 'sink-failed' : sourceFailure !== 0 ? 'source-failed' : undefined;
    this.#readable = true;
    this.#blocked = false;
    this.#parts.loop.unmute(this.#source, readyIn | readyUrgent);
    this.#parts.loop.defer(this.#relay);
  }

  /** Lends the direction to the bulk thread; false where that is not possible now. */
  #lend(): boolean {
    const { bulk, loop } = this.#parts;
    this.#lent = this.#pipe && !this.#chunk ? bulk.lend(this.#source, this.#sink, this.#pipe, this) : undefined;
    if (!this.#lent) return false;
    this.#settled = 'waiting';
    // Each event would wake this thread, and it has nothing to do about these.
    loop.mute(this.#source, readyIn | readyUrgent);
    loop.mute(this.#sink, readyOut);
    return true;
  }

  #dropPipe(): void {
    if (this.#pipe && this.#piped > 0) this.#parts.pipes.discard(this.#pipe);
    else this.#releasePipe();
    this.#pipe = undefined;
    this.#piped = 0;
  }

  #copy(): Pumped | undefined {
    const { libc, chunks } = this.#parts;
    const { scratch } = chunks;
    const length = libc.read(this.#source, scratch);
    if (length <= 0) return this.#onNothing(length);
    this.#onRead(length, scratch.size);
    if (length >= bulkFrom) this.#bulk = true;
    else this.#parts.bulk.smallMessages += 1;
    if (this.#noDelay && (this.#wrote || length > smallestSegment)) this.#setNoDelay();
    this.#wrote = true;
    const written = this.ended ? libc.writeLast(this.#sink, scratch, length) : libc.write(this.#sink, scratch, length);
    if (written === length) return undefined;
    if (written < 0 && written !== again) return this.#onSinkFailed(written);
    this.#chunk = chunks.keepScratch();
    this.#chunkAt = Math.max(0, written);
    this.#chunkEnd = length;
    return this.#onBlocked();
  }

  #onRead(length: number, room: number): void {
    this.bytes += length;
    if (length === room || this.#thorough) return;
    this.#readable = false;
    // The peer has ended, and its last bytes were just read.
    this.ended = this.#peerEnded;
  }

  /** Writes the bytes that were taken before; undefined once none of them are left. */
  #flush(): Pumped | undefined {
    const isPiped = this.#pipe !== undefined && this.#piped > 0;
    if (!isPiped && !this.#chunk) return undefined;
    if (this.#blocked) return 'waiting';
    if (this.#pipe && isPiped) return this.#drain(this.#pipe);
    return this.#chunk && this.#writeOn(this.#chunk);
  }

  #writeOn(chunk: Memory): Pumped | undefined {
    const left = this.#chunkEnd - this.#chunkAt;
    const written = this.#parts.libc.writeFrom(this.#sink, chunk, this.#chunkAt, left);
    if (written < 0) return written === again ? this.#onBlocked() : this.#onSinkFailed(written);
    this.#chunkAt += written;
    if (written < left) return this.#onBlocked();
    this.#parts.chunks.release(chunk);
    this.#chunk = undefined;
    return undefined;
  }

  #splice(): Pumped | undefined {
    const pipe = (this.#pipe ??= this.#parts.pipes.acquire());
    if (!pipe) {
      this.#bulk = false;
      return this.#copy();
    }
    if (this.#noDelay) this.#setNoDelay();
    const length = this.#parts.libc.splice(this.#source, pipe.writeEnd, pipe.size);
    if (length <= 0) return this.#onNothingSpliced(length);
    this.bytes += length;
    this.#burst += length;
    this.#piped = length;
    return this.#drain(pipe);
  }

  /**
   * Handles a splice(2) that moved nothing. It stops at an urgent byte, whatever follows, and then returns 0 behind a
   * FIN and EAGAIN else (tcp_read_sock() and tcp_splice_read() in net/ipv4/tcp.c). A read passes over the byte, so only
   * a read can tell the end of the stream.
   */
  #onNothingSpliced(result: number): Pumped | undefined {
    this.#bulk = this.#burst >= bulkUntil;
    this.#burst = 0;
    this.#releasePipe();
    if (result === 0) this.#thorough = true;
    return result === 0 || (result === again && this.#thorough) ? this.#copy() : this.#onNothing(result);
  }

  #drain(pipe: Pipe): Pumped | undefined {
    while (this.#piped > 0) {
      const written = this.#parts.libc.splice(pipe.readEnd, this.#sink, this.#piped);
      if (written < 0) return written === again ? this.#onBlocked() : this.#onSinkFailed(written);
      this.#piped -= written;
    }
    if (this.ended) this.#releasePipe();
    return undefined;
  }

  #releasePipe(): void {
    if (this.#pipe) this.#parts.pipes.release(this.#pipe);
    this.#pipe = undefined;
  }

  #onNothing(result: number): Pumped | undefined {
    this.#readable = false;
    if (result === 0) this.ended = true;
    if (result >= 0 || result === again) return undefined;
    this.sourceFailure = result;
    return 'source-failed';
  }

  /** Waits for the sink: from here on epoll reports when it takes bytes again. */
  #onBlocked(): Pumped {
    this.#blocked = true;
    this.#parts.loop.watchOut(this.#sink);
    return 'waiting';
  }

  #onSinkFailed(result: number): Pumped {
    this.sinkFailure = result;
    return 'sink-failed';
  }

  #setNoDelay(): void {
    this.#noDelay = false;
    this.#parts.libc.setNoDelay(this.#sink);
  }
}
