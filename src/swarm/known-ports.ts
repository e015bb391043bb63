import type { SwarmTask } from '../docker/swarm/facts.ts';

/**
 * Keeps the host ports of tasks. Docker 20.10 tells them when a task starts, and tells none when its node reports the task
 * again, although they are still published: after another manager became the leader, after the node was cut off, and when
 * the task is to end. Where they were never heard of, as by a Sealane that starts later, they stay untold.
 */
export class KnownPorts {
  /** What was made of a task without ports, so that it is the same object as long as that is told. */
  readonly #made = new WeakMap<SwarmTask, SwarmTask>();
  /** When it was first told that a task runs, without ports. */
  readonly #toldMs = new WeakMap<SwarmTask, number>();

  /** `known` is what was known of the task before. */
  addTo(task: SwarmTask, known: SwarmTask | undefined): SwarmTask {
    const hostPorts = known?.hostPorts ?? [];
    if (task.hostPorts.length > 0 || hostPorts.length === 0) return task;
    if (task.containerId === undefined || known?.containerId !== task.containerId) return task;
    return this.#make(task, { hostPorts });
  }

  /** A task whose service has such ports, with a mark where they are told of no more. */
  marked(task: SwarmTask, nowMs: number): SwarmTask {
    if (task.hostPorts.length > 0 || task.state !== 'running') return task;
    const sinceMs = this.#toldMs.get(task) ?? nowMs;
    this.#toldMs.set(task, sinceMs);
    return nowMs - sinceMs < toldWithinMs ? task : this.#make(task, { arePortsUntold: true });
  }

  #make(task: SwarmTask, more: Partial<SwarmTask>): SwarmTask {
    const made = this.#made.get(task) ?? { ...task, ...more };
    this.#made.set(task, made);
    return made;
  }
}

/** How long after a task is called running its node may take to tell its ports. */
const toldWithinMs = 10_000;
