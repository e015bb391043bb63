import type { Timer } from '../../../../time/clock.ts';
import type { Deferred, EpollLoop, FdWatcher } from '../epoll-loop.ts';
import { again, onEdge, readyIn, readyOut, readyPeerEnd } from '../libc.ts';
import type { JobCells, JobDescriptors } from './job-cells.ts';

/**
 * A direction of a session in the bulk thread: bytes go from the source through a pipe to the sink, and stay in the
 * kernel. All else is left to the relay thread, which gets the direction back: ends, failures, urgent bytes, and a source
 * with little to send.
 */
const turnShare = 1024 * 1024;
/** A direction that moves fewer bytes from one check to the next is no bulk any more. */
const fewestMoved = 1024 * 1024;
const checkMs = 100;

export class BulkJob implements FdWatcher, Deferred {
  readonly #loop: EpollLoop;
  readonly #cells: JobCells;
  readonly #slot: number;
  readonly #fds: JobDescriptors;
  readonly #onOver: () => void;
  #readable = true;
  #blocked = false;
  #piped = 0;
  #moved = 0;
  #check: Timer | undefined;
  #isDeferred = false;
  #isOver = false;

  constructor(loop: EpollLoop, cells: JobCells, slot: number, onOver: () => void) {
    this.#loop = loop;
    this.#cells = cells;
    this.#slot = slot;
    this.#fds = cells.descriptorsOf(slot);
    this.#onOver = onOver;
  }

  start(): void {
    const { source, sink } = this.#fds;
    const isWatched =
      this.#loop.watch(source, onEdge(readyIn | readyPeerEnd), this) >= 0 &&
      this.#loop.watch(sink, onEdge(readyOut), this) >= 0;
    if (isWatched) this.#checkSoon();
    else this.giveBack();
  }

  onReady(fd: number, mask: number): void {
    // Failures are reported for both descriptors, whether asked for or not, and the next call meets them.
    if (fd === this.#fds.sink) this.#blocked = false;
    else this.#readable = true;
    if (mask !== 0 && !this.#isDeferred) this.#pump();
  }

  runDeferred(): void {
    this.#isDeferred = false;
    this.#pump();
  }

  giveBack(sourceFailure = 0, sinkFailure = 0): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#check?.cancel();
    this.#loop.release(this.#fds.source);
    this.#loop.release(this.#fds.sink);
    this.#cells.giveBack(this.#slot, { piped: this.#piped, sourceFailure, sinkFailure });
    this.#onOver();
  }

  #checkSoon(): void {
    const before = this.#moved;
    this.#check = this.#loop.clock.after(checkMs, () => {
      if (this.#moved - before < fewestMoved) this.giveBack();
      else this.#checkSoon();
    });
  }

  #pump(): void {
    if (this.#isOver) return;
    const share = this.#moved + turnShare;
    while (this.#moved < share) {
      if (this.#piped > 0 && !this.#drain()) return;
      if (!this.#readable) return;
      const length = this.#loop.libc.splice(this.#fds.source, this.#fds.writeEnd, this.#fds.size);
      if (length <= 0) return this.#onNothing(length);
      this.#piped = length;
      this.#moved += length;
      this.#cells.countMoved(this.#slot, this.#moved);
    }
    this.#isDeferred = true;
    this.#loop.defer(this);
  }

  /** Empties the pipe; false where that is not possible now. */
  #drain(): boolean {
    while (this.#piped > 0) {
      if (this.#blocked) return false;
      const written = this.#loop.libc.splice(this.#fds.readEnd, this.#fds.sink, this.#piped);
      if (written === again) this.#blocked = true;
      else if (written < 0) {
        this.giveBack(0, written);
        return false;
      } else this.#piped -= written;
    }
    return true;
  }

  #onNothing(result: number): void {
    if (result !== again) return this.giveBack(result);
    this.#readable = false;
  }
}
