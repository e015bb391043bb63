import { writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { wakeUp } from '../../../boundary/messages.ts';
import { EpollLoop } from '../epoll-loop.ts';
import { openLibc } from '../libc.ts';
import { BulkJob } from './bulk-job.ts';
import { JobCells, mostJobs, type JobMemory } from './job-cells.ts';

/**
 * The entry point of a bulk thread: it moves the bytes of the directions that its relay thread gives it, and does
 * nothing else. Without any it sleeps until the bell rings, where Node can end it; with some, it wakes for their checks.
 */
export interface BulkThreadSetup {
  readonly jobs: JobMemory;
  /** The eventfd that ends this thread's wait for sockets. */
  readonly wakeFd: number;
  /** The eventfd that tells the relay thread of a job that was returned. */
  readonly returnFd: number;
}

if (!isMainThread) run(workerData as BulkThreadSetup);

function run({ jobs: memory, wakeFd, returnFd }: BulkThreadSetup): void {
  const libc = openLibc();
  if ('unavailable' in libc) throw new Error(libc.unavailable);
  const loop = new EpollLoop(libc, wakeFd);
  const cells = new JobCells(memory);
  const jobs = new Map<number, BulkJob>();
  const follow = (slot: number): void => {
    const state = cells.stateOf(slot);
    if (state !== 'given' && state !== 'recalled') return;
    let job = jobs.get(slot);
    if (!job) {
      job = new BulkJob(loop, cells, slot, () => {
        jobs.delete(slot);
        writeSync(returnFd, wakeUp);
      });
      jobs.set(slot, job);
      job.start();
    }
    if (state === 'recalled') job.giveBack();
  };
  let rings = 0;
  try {
    while (!cells.isDismissed) {
      if (cells.rings !== rings) {
        rings = cells.rings;
        for (let slot = 0; slot < mostJobs; slot++) follow(slot);
      }
      if (jobs.size === 0) cells.waitForRing(rings);
      else loop.turn();
    }
    for (const job of jobs.values()) job.giveBack();
  } finally {
    loop.dispose();
    cells.end();
  }
}
