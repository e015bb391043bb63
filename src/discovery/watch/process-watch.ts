import { existsSync, readFileSync } from 'node:fs';
import type { ContainerFacts } from '../../docker/facts.ts';
import type { Clock, Timer } from '../../time/clock.ts';

/**
 * Watches the processes of containers whose engine tells of deaths late, where they are processes of this machine: once
 * a process has ended, its container's address may be given to another container before the event arrives. No call of
 * Node tells of the end of another's child, so each process is looked for every 20 ms, which costs two microseconds; with
 * hundreds of containers, less often.
 */
export interface Processes {
  /** Whether this is the process of the container. It is another one's where the engine has other process ids. */
  isOf(pid: number, containerId: string): boolean;
  isAlive(pid: number): boolean;
}

/** Measured on Podman 4.3: an address answers again for another container no sooner than 255 ms after a death. */
const pauseMs = 20;
/** The same pause for each process: a look takes 2 µs of it, so at most a twenty-fifth of the time is spent on it. */
const pausePerProcessMs = 0.05;
/** With more processes a death is known late, but still before its address answers again. */
const longestPauseMs = 100;

export class ProcessWatch {
  readonly #clock: Clock;
  readonly #processes: Processes;
  readonly #onEnd: (containerId: string) => void;
  readonly #watched = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(
    { clock, processes = kernel }: { readonly clock: Clock; readonly processes?: Processes },
    onEnd: (containerId: string) => void,
  ) {
    this.#clock = clock;
    this.#processes = processes;
    this.#onEnd = onEnd;
  }

  /** The facts without the process where it is none of this machine's. */
  onlySeen(facts: ContainerFacts): ContainerFacts {
    const { process: pid, ...others } = facts;
    return pid === undefined || this.#processes.isOf(pid, facts.id) ? facts : others;
  }

  /** `pid`: the process that is to be watched for this container; undefined for none. */
  follow(containerId: string, pid: number | undefined): void {
    if (this.#watched.get(containerId) === pid) return;
    if (pid !== undefined) this.#watched.set(containerId, pid);
    else this.#watched.delete(containerId);
    this.#schedule();
  }

  stop(): void {
    this.#watched.clear();
    this.#timer?.cancel();
  }

  #look(): void {
    this.#timer = undefined;
    for (const [containerId, pid] of this.#watched) {
      if (this.#processes.isAlive(pid)) continue;
      this.#watched.delete(containerId);
      this.#onEnd(containerId);
    }
    this.#schedule();
  }

  #schedule(): void {
    const { size } = this.#watched;
    if (size === 0) return;
    const delayMs = Math.min(Math.max(pauseMs, size * pausePerProcessMs), longestPauseMs);
    this.#timer ??= this.#clock.after(delayMs, () => this.#look());
  }
}

export const kernel: Processes = {
  isOf(pid, containerId) {
    // Where the network namespace is not shown, the process proves no address.
    if (!existsSync(`/proc/${pid}/net/fib_trie`)) return false;
    try {
      if (readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId)) return true;
      // Where a user has no cgroups, Podman's monitor of the container is the parent, which is called with its id.
      const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return readFileSync(`/proc/${parent}/cmdline`, 'utf8').split('\0').includes(containerId);
    } catch {
      return false;
    }
  },
  isAlive(pid) {
    // For another user's process, kill fails, and its error costs 5 µs.
    if (existsSync(`/proc/${pid}`)) return true;
    try {
      return process.kill(pid, 0);
    } catch (error) {
      // EPERM: the process is another user's (kill(2)).
      return error instanceof Error && 'code' in error && error.code !== 'ESRCH';
    }
  },
};
