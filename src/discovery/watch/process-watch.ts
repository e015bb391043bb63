import { readFileSync } from 'node:fs';
import type { Clock, Timer } from '../../time/clock.ts';

/**
 * Watches the processes of containers whose engine tells of deaths late, where they are processes of this machine: once
 * a process has ended, its container's address may be given to another container before the event arrives. No call of
 * Node tells of the end of another's child, so each process is looked for every 20 ms, which costs a microsecond.
 */
export interface Processes {
  /** Whether this is the process of the container. It is another one's where the engine has other process ids. */
  isOf(pid: number, containerId: string): boolean;
  isAlive(pid: number): boolean;
}

/** Measured on Podman 4.3: an address answers again for another container no sooner than 255 ms after a death. */
const intervalMs = 20;

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

  /** `pid`: the process that is to be watched for this container; undefined for none. */
  follow(containerId: string, pid: number | undefined): void {
    if (this.#watched.get(containerId) === pid) return;
    if (pid !== undefined && this.#processes.isOf(pid, containerId)) this.#watched.set(containerId, pid);
    else this.#watched.delete(containerId);
    if (this.#watched.size > 0) this.#timer ??= this.#clock.after(intervalMs, () => this.#look());
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
    if (this.#watched.size > 0) this.#timer ??= this.#clock.after(intervalMs, () => this.#look());
  }
}

const kernel: Processes = {
  isOf(pid, containerId) {
    try {
      return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId);
    } catch {
      return false;
    }
  },
  isAlive(pid) {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      // EPERM: the process is another user's (kill(2)).
      return error instanceof Error && 'code' in error && error.code !== 'ESRCH';
    }
  },
};
