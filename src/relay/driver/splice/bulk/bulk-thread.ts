import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { wakeUp, type ThreadCode } from '../../../boundary/messages.ts';
import type { OpenSockets } from '../../../boundary/open-sockets.ts';
import { messageOf } from '../../../../text/message-of.ts';
import type { EpollLoop, FdWatcher } from '../epoll-loop.ts';
import { onEdge, readyIn } from '../libc.ts';
import type { Pipe } from '../pipes.ts';
import { createJobMemory, JobCells, mostJobs, type JobResult } from './job-cells.ts';
import type { BulkThreadSetup } from './thread.ts';

/**
 * The bulk thread as its relay thread sees it. It starts when bulk first delays small messages, and takes over
 * directions that move bulk.
 *
 * A thread that always has bytes to move is never the one that the kernel runs first when a small message arrives, so
 * the message waits for the other processes of the machine, however small a turn's share of bulk is. A thread that sleeps
 * between its messages runs at once (docs/decisions/0027-bulk-beside-small.md).
 */
export interface BulkThreadParts {
  readonly loop: EpollLoop;
  readonly sockets: OpenSockets;
  /** What the thread runs; undefined where bulk stays with the relay thread. */
  readonly code: ThreadCode | undefined;
  readonly rule: LendingRule;
}

/** A direction that the bulk thread has. */
export interface LentDirection {
  /** The number of bytes that the bulk thread has taken from the source. */
  readonly moved: number;
  /** Requests the direction back; `onReturned` follows, never before this returns. */
  recall(): void;
}

/** The owner of a direction. */
export interface Lender {
  onReturned(result: JobResult, moved: number): void;
}

interface Job {
  readonly lender: Lender;
  readonly source: number;
  readonly sink: number;
}

interface Thread {
  readonly cells: JobCells;
  readonly wakeFd: number;
  readonly returnFd: number;
}

/** When bulk counts as delaying small messages. */
export interface LendingRule {
  /** So many turns moved a full share, … */
  readonly fullTurns: number;
  /** … in at most so much time, … */
  readonly withinMs: number;
  /** … and at least so many small messages were moved meanwhile. */
  readonly smallMessages: number;
}

export const lendingRule: LendingRule = { fullTurns: 32, withinMs: 1_000, smallMessages: 8 };

/** The descriptors of the thread (measured), and those of a job. */
const filesOfThread = 10;
const filesOfJob = 2;
/** The time that the thread gets to end before its descriptors are closed. */
const endPatienceMs = 1_000;
/** The thread makes hardly any garbage. */
const limits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 };
const reset = -104; // ECONNRESET

export class BulkThread implements FdWatcher {
  /** The number of small messages that the relay thread has moved. */
  smallMessages = 0;
  readonly #parts: BulkThreadParts;
  readonly #jobs: (Job | undefined)[] = Array.from({ length: mostJobs }, () => undefined);
  #thread: Thread | undefined;
  #hasDied = false;
  #fullTurns = 0;
  #windowBeganMs = 0;
  #smallMessagesBefore = 0;

  constructor(parts: BulkThreadParts) {
    this.#parts = parts;
  }

  /** Counts a turn in which a direction moved its full share. True where the direction should be lent. */
  isWantedAfterFullTurn(): boolean {
    const { loop, rule } = this.#parts;
    this.#fullTurns += 1;
    if (this.#fullTurns < rule.fullTurns) return false;
    const lastedMs = loop.nowMs - this.#windowBeganMs;
    const smallMessages = this.smallMessages - this.#smallMessagesBefore;
    this.#fullTurns = 0;
    this.#windowBeganMs = loop.nowMs;
    this.#smallMessagesBefore = this.smallMessages;
    return lastedMs <= rule.withinMs && smallMessages >= rule.smallMessages;
  }

  /** Lends a direction to the bulk thread, with an empty pipe; undefined where that is not possible now. */
  lend(source: number, sink: number, pipe: Pipe, lender: Lender): LentDirection | undefined {
    const slot = this.#jobs.indexOf(undefined);
    const thread = slot < 0 ? undefined : this.#ensureThread();
    const { loop, sockets } = this.#parts;
    if (!thread || !sockets.hasSpare(filesOfJob)) return undefined;
    // The relay thread may close its own descriptors while the bulk thread still uses these.
    const job = { lender, source: loop.libc.duplicate(source), sink: loop.libc.duplicate(sink) };
    sockets.otherOpened(filesOfJob);
    if (job.source < 0 || job.sink < 0) {
      this.#close(job);
      return undefined;
    }
    this.#jobs[slot] = job;
    thread.cells.give(slot, { ...pipe, source: job.source, sink: job.sink });
    writeSync(thread.wakeFd, wakeUp);
    return {
      get moved() {
        return thread.cells.movedOf(slot);
      },
      recall() {
        thread.cells.recall(slot);
        writeSync(thread.wakeFd, wakeUp);
      },
    };
  }

  onReady(): void {
    if (this.#thread) this.#takeBackReturned(this.#thread);
  }

  /** Ends the thread, which returns what it has. */
  dispose(): void {
    const thread = this.#thread;
    if (!thread) return;
    thread.cells.dismiss();
    writeSync(thread.wakeFd, wakeUp);
    thread.cells.waitForEnd(endPatienceMs);
    this.#end(thread);
  }

  #ensureThread(): Thread | undefined {
    const { loop, sockets, code } = this.#parts;
    if (this.#thread || this.#hasDied || !code || !sockets.hasSpare(filesOfThread + filesOfJob)) return this.#thread;
    const [wakeFd, returnFd] = [loop.libc.eventfd(), loop.libc.eventfd()];
    if (wakeFd < 0 || returnFd < 0 || loop.watch(returnFd, onEdge(readyIn), this) < 0) {
      if (wakeFd >= 0) loop.libc.close(wakeFd);
      if (returnFd >= 0) loop.close(returnFd);
      return undefined;
    }
    sockets.otherOpened(filesOfThread);
    const jobs = createJobMemory();
    const thread = { cells: new JobCells(jobs), wakeFd, returnFd };
    const worker = new Worker(code.script, {
      eval: code.isSource,
      name: 'bulk',
      workerData: { jobs, wakeFd, returnFd } satisfies BulkThreadSetup,
      resourceLimits: limits,
    });
    worker.unref();
    worker.on('error', (error) => this.#onDeath(thread, error));
    this.#thread = thread;
    return thread;
  }

  /** The thread is not started again: whatever ended it would end the next one with other sessions. */
  #onDeath(thread: Thread, error: unknown): void {
    if (this.#thread !== thread) return;
    this.#hasDied = true;
    process.emitWarning(`a bulk thread died, and the sessions that it had are reset: ${messageOf(error)}`);
    this.#end(thread);
  }

  #takeBackReturned({ cells }: Thread): void {
    for (const [slot, job] of this.#jobs.entries()) {
      if (!job || cells.stateOf(slot) !== 'returned') continue;
      const moved = cells.movedOf(slot);
      this.#return(slot, job, cells.takeBack(slot), moved);
    }
  }

  /**
   * Forgets a thread that has ended. Where it returned nothing, as after a failure of its own, it is not known what is
   * in the pipe, so the session can only be reset.
   */
  #end(thread: Thread): void {
    this.#takeBackReturned(thread);
    for (const [slot, job] of this.#jobs.entries()) {
      const lost = { piped: 1, sourceFailure: 0, sinkFailure: reset };
      if (job) this.#return(slot, job, lost, thread.cells.movedOf(slot));
    }
    const { loop, sockets } = this.#parts;
    this.#thread = undefined;
    loop.close(thread.returnFd);
    loop.libc.close(thread.wakeFd);
    sockets.otherClosed(filesOfThread);
  }

  #return(slot: number, job: Job, result: JobResult, moved: number): void {
    this.#jobs[slot] = undefined;
    this.#close(job);
    job.lender.onReturned(result, moved);
  }

  #close({ source, sink }: Job): void {
    const { loop, sockets } = this.#parts;
    for (const fd of [source, sink]) if (fd >= 0) loop.libc.close(fd);
    sockets.otherClosed(filesOfJob);
  }
}
