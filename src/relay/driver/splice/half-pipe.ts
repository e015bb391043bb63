import type { BulkThread } from './bulk/bulk-thread.ts';
import type { Chunks } from './chunks.ts';
import type { EpollLoop } from './epoll-loop.ts';
import type { Libc } from './libc.ts';
import type { PipePool } from './pipes.ts';

/**
 * One direction of a session: `SpliceHalfPipe` between two sockets, `TlsHalfPipe` where one end is inside TLS.
 */
export interface HalfPipeParts {
  readonly libc: Libc;
  readonly loop: EpollLoop;
  readonly pipes: PipePool;
  readonly chunks: Chunks;
  readonly bulk: BulkThread;
}

/**
 * `waiting`: nothing can move before the next event. `more`: this turn's share is used up. `ended`: the source has
 * ended and the sink has taken all its bytes. A failure of the source shows only once the sink has taken all bytes from
 * before it.
 */
export type Pumped = 'waiting' | 'more' | 'ended' | 'source-failed' | 'sink-failed';

/** A read of at least this size turns the direction to splice(2). */
export const bulkFrom = 32 * 1024;
/**
 * The payload of a segment over any link that can carry IPv6: 1,280 bytes (RFC 8200, 5) without headers and timestamps.
 * A first write that fits into one segment never waits for an acknowledgement.
 */
export const smallestSegment = 1_208;

/** One direction, whatever its bytes pass through. `onSource` and `onSink` get all events of their sockets. */
export interface HalfPipe {
  /** The number of bytes that this thread has taken from the source; see `allBytes`. */
  bytes: number;
  /** The number of bytes taken from the source, also by the bulk thread at this moment. */
  readonly allBytes: number;
  /** True once the source has ended its direction. */
  readonly ended: boolean;
  /** The error of the read that failed, as minus errno. */
  readonly sourceFailure: number;
  /** The error of the write that failed, as minus errno. The socket reports it once, so no later read will. */
  readonly sinkFailure: number;
  /** True while the bulk thread has the direction. */
  readonly isLent: boolean;
  onSource(mask: number): void;
  onSink(mask: number): void;
  /**
   * Sends `preface` ahead of the source's bytes, together with the first of them where they have arrived. To be called
   * before the first `pump`.
   */
  startWith(preface: Uint8Array): void;
  pump(): Pumped;
  /** Stops reading the source; bytes already taken are flushed as before. */
  stopReading(): void;
  /** Releases chunk and pipe; `pump` does nothing from then on. */
  stop(): void;
}
