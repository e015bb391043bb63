import { again, readyError, readyHangup, readyIn, readyOut, readyPeerEnd, readyUrgent, type Memory } from '../libc.ts';
import { bulkFrom, smallestSegment, type HalfPipe, type HalfPipeParts, type Pumped } from '../half-pipe.ts';
import type { EpollLoop } from '../epoll-loop.ts';

/**
 * One direction of a session whose client's TLS is ended: bytes are read into shared memory and written on. As in
 * splice-half-pipe.ts, what the sink did not take is kept, and the source is not read meanwhile.
 */
/** What a direction reads from or writes to. As in libc.ts a call returns its result, or minus errno. */
export interface ByteEnd {
  readonly fd: number;
  /** True if a read takes all that there is, as far as there is room. */
  readonly readsAtOnce: boolean;
  /** Reads as much as fits behind `offset`; 0 at the end. */
  readAt(into: Memory, offset: number): number;
  /** Writes as much as is taken. After `again`, and after less than all, an event follows (see `isWritable`). */
  writeFrom(from: Memory, offset: number, length: number): number;
  /** Does what comes ahead of the FIN: 0, or `again`. */
  close(): number;
  /** Whether a read that found nothing may find something after these events. */
  isReadable(mask: number): boolean;
  isWritable(mask: number): boolean;
}

const readable = readyIn | readyPeerEnd | readyError | readyHangup | readyUrgent;
const writable = readyOut | readyError | readyHangup;
/**
 * The most bytes of one direction in one turn: one read, which takes 0.06 ms to encrypt. With 256 KiB a small message beside
 * bulk waits four times as long, and bulk takes 4 % less of the processor (measured).
 */
const turnShare = 64 * 1024;
/** The most reads in one turn: a record may have a single byte. */
const turnReads = 32;
/** The bytes of a full record (RFC 8446, 5.1): more may have arrived. */
const fullRecord = 16 * 1024;

export class TlsHalfPipe implements HalfPipe {
  bytes = 0;
  ended = false;
  sourceFailure = 0;
  sinkFailure = 0;
  readonly isLent = false;
  readonly #parts: HalfPipeParts;
  readonly #source: ByteEnd;
  readonly #sink: ByteEnd;
  /** True while TCP_NODELAY is still to be set, as in splice-half-pipe.ts. */
  #noDelay: boolean;
  #wrote = false;
  #readable = false;
  #peerEnded = false;
  #thorough = false;
  #blocked = false;
  #isStopped = false;
  #chunk: Memory | undefined;
  #chunkAt = 0;
  #chunkEnd = 0;

  constructor(parts: HalfPipeParts, source: ByteEnd, sink: ByteEnd, noDelay: boolean) {
    this.#parts = parts;
    this.#source = source;
    this.#sink = sink;
    this.#noDelay = noDelay;
  }

  get allBytes(): number {
    return this.bytes;
  }

  onSource(mask: number): void {
    if (!this.#source.isReadable(mask)) return;
    this.#readable = true;
    if ((mask & (readyError | readyHangup | readyUrgent)) !== 0) this.#thorough = true;
    if ((mask & readyPeerEnd) !== 0) this.#peerEnded = true;
  }

  onSink(mask: number): void {
    if (this.#sink.isWritable(mask)) this.#blocked = false;
  }

  startWith(preface: Uint8Array): void {
    const chunk = this.#parts.chunks.keepScratch();
    chunk.bytes.set(preface);
    this.#chunk = chunk;
    this.#chunkEnd = preface.length + this.#readInto(chunk, preface.length);
    this.#wrote = true;
    if (this.#noDelay && this.#chunkEnd > smallestSegment) this.#setNoDelay();
  }

  pump(): Pumped {
    if (this.#isStopped) return 'waiting';
    const share = this.bytes + turnShare;
    for (let reads = 0; reads < turnReads && this.bytes < share; reads++) {
      if (this.#chunk && !this.#flush(this.#chunk)) return 'waiting';
      if (this.sinkFailure !== 0) return 'sink-failed';
      if (this.sourceFailure !== 0) return 'source-failed';
      if (this.ended) return this.#close();
      if (!this.#readable) return 'waiting';
      this.#copy();
    }
    return 'more';
  }

  stopReading(): void {
    this.ended = true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#releaseChunk();
  }

  /** Reads behind `offset`, and returns the number of bytes. What else was found is remembered. */
  #readInto(chunk: Memory, offset: number): number {
    let end = offset;
    while (this.#readable && end < chunk.size) {
      const length = this.#source.readAt(chunk, end);
      if (length <= 0) {
        this.#onNothing(length);
        break;
      }
      end += length;
      if (this.#source.readsAtOnce) this.#onRead(end === chunk.size);
      if (length < fullRecord || this.#source.readsAtOnce) break;
    }
    this.bytes += end - offset;
    return end - offset;
  }

  /** Handles a read that takes all that there is. */
  #onRead(isFull: boolean): void {
    if (isFull || this.#thorough) return;
    this.#readable = false;
    // The peer has ended, and its last bytes were just read.
    this.ended = this.#peerEnded;
  }

  #onNothing(result: number): void {
    this.#readable = false;
    if (result === 0) this.ended = true;
    else if (result !== again) this.sourceFailure = result;
  }

  #copy(): void {
    const { chunks, bulk } = this.#parts;
    const { scratch } = chunks;
    const length = this.#readInto(scratch, 0);
    if (length === 0) return;
    if (length < bulkFrom) bulk.smallMessages += 1;
    if (this.#noDelay && (this.#wrote || length > smallestSegment)) this.#setNoDelay();
    this.#wrote = true;
    const written = this.#sink.writeFrom(scratch, 0, length);
    if (written === length) return;
    if (written < 0 && written !== again) {
      this.sinkFailure = written;
      return;
    }
    this.#chunk = chunks.keepScratch();
    this.#chunkAt = Math.max(0, written);
    this.#chunkEnd = length;
    this.#blocked = true;
  }

  /** Writes on what was kept. True once all of it is written, or the sink has failed. */
  #flush(chunk: Memory): boolean {
    if (this.#blocked) return false;
    const left = this.#chunkEnd - this.#chunkAt;
    const written = this.#sink.writeFrom(chunk, this.#chunkAt, left);
    if (written < 0 && written !== again) this.sinkFailure = written;
    else this.#chunkAt += Math.max(0, written);
    this.#blocked = written < left;
    if (this.sinkFailure === 0 && this.#blocked) return false;
    this.#releaseChunk();
    return true;
  }

  #close(): Pumped {
    if (this.#blocked || this.#sink.close() === again) {
      this.#blocked = true;
      return 'waiting';
    }
    return 'ended';
  }

  #releaseChunk(): void {
    if (this.#chunk) this.#parts.chunks.release(this.#chunk);
    this.#chunk = undefined;
  }

  #setNoDelay(): void {
    this.#noDelay = false;
    this.#parts.libc.setNoDelay(this.#sink.fd);
  }
}

/** The upstream's end of a direction. */
export class SocketEnd implements ByteEnd {
  readonly fd: number;
  readonly readsAtOnce = true;
  readonly #loop: EpollLoop;

  constructor(loop: EpollLoop, fd: number) {
    this.#loop = loop;
    this.fd = fd;
  }

  readAt(into: Memory, offset: number): number {
    return this.#loop.libc.readAt(this.fd, into, offset);
  }

  writeFrom(from: Memory, offset: number, length: number): number {
    const { libc } = this.#loop;
    const written = libc.writeFrom(this.fd, from, offset, length);
    if (written < length && (written >= 0 || written === again)) this.#loop.watchOut(this.fd);
    return written;
  }

  close(): number {
    return 0;
  }

  isReadable(mask: number): boolean {
    return (mask & readable) !== 0;
  }

  isWritable(mask: number): boolean {
    return (mask & writable) !== 0;
  }
}
