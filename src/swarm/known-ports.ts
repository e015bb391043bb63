import type { SwarmTask } from '../docker/swarm/facts.ts';

/**
 * Keeps the host ports of tasks. Docker 20.10 tells them when a task starts, and tells none when its node reports the task
 * again, although they are still published: after another manager became the leader, after the node was cut off, and when
 * the task is to end.
 */
export class KnownPorts {
  /** What was made of a task without ports, so that it is the same object as long as that is told. */
  readonly #made = new WeakMap<SwarmTask, SwarmTask>();

  /** `known` is what was known of the task before. */
  addTo(task: SwarmTask, known: SwarmTask | undefined): SwarmTask {
    const hostPorts = known?.hostPorts ?? [];
    if (task.hostPorts.length > 0 || hostPorts.length === 0) return task;
    if (task.containerId === undefined || known?.containerId !== task.containerId) return task;
    const made = this.#made.get(task) ?? { ...task, hostPorts };
    this.#made.set(task, made);
    return made;
  }
}
