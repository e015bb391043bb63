import type { ContainerFacts } from '../docker/facts.ts';
import type { SwarmSnapshot, SwarmTask } from '../docker/swarm/facts.ts';

/**
 * Remembers which containers watched engines have had, so that a task is known to be over as soon as the engine of its node
 * has its container no more: a manager tells of that later, and while it is out of reach not at all.
 */
export interface ContainerSource {
  readonly containers: ReadonlyMap<string, ContainerFacts>;
  /** Whether the engine is in reach, and all its containers were read. */
  readonly isCurrent: boolean;
}

export class SeenContainers {
  /** Of each engine, those that tasks are told to have. */
  #seen: readonly ReadonlySet<string>[] = [];
  #last: Told | undefined;
  #named: { readonly by: SwarmSnapshot; readonly ids: ReadonlySet<string> } | undefined;
  readonly #ended = new WeakMap<SwarmTask, SwarmTask>();

  /** `told`, where tasks have failed whose containers are gone; the same object while nothing changes. */
  applyTo(told: SwarmSnapshot | undefined, engines: readonly ContainerSource[]): SwarmSnapshot | undefined {
    if (!this.#last || !isSame(this.#last, { told, engines }))
      this.#last = { told, engines, applied: told && this.#apply(told, engines) };
    return this.#last.applied;
  }

  #apply(told: SwarmSnapshot, engines: readonly ContainerSource[]): SwarmSnapshot {
    const named = this.#namedBy(told);
    const gone = new Set<string>();
    this.#seen = engines.map(({ containers, isCurrent }, index) => {
      const seen = new Set(this.#seen[index]?.intersection(named));
      if (isCurrent) for (const id of seen) if (!containers.has(id)) gone.add(id);
      for (const id of containers.keys()) if (named.has(id)) seen.add(id);
      return seen;
    });
    if (gone.size === 0) return told;
    const tasks = new Map(told.tasks);
    for (const [id, task] of tasks) if (gone.has(task.containerId ?? '')) tasks.set(id, this.#endedOf(task));
    return { ...told, tasks };
  }

  /** The containers of the tasks that are told of. */
  #namedBy(told: SwarmSnapshot): ReadonlySet<string> {
    if (this.#named?.by !== told)
      this.#named = { by: told, ids: new Set([...told.tasks.values()].flatMap((task) => task.containerId ?? [])) };
    return this.#named.ids;
  }

  #endedOf(task: SwarmTask): SwarmTask {
    const known = this.#ended.get(task);
    if (known) return known;
    const ended = { ...task, state: 'failed', message: 'the engine of its node has its container no more' };
    this.#ended.set(task, ended);
    return ended;
  }
}

interface Told {
  readonly told: SwarmSnapshot | undefined;
  readonly engines: readonly ContainerSource[];
  readonly applied: SwarmSnapshot | undefined;
}

function isSame(last: Pick<Told, 'told' | 'engines'>, { told, engines }: Pick<Told, 'told' | 'engines'>): boolean {
  return (
    last.told === told &&
    last.engines.length === engines.length &&
    engines.every(({ containers, isCurrent }, index) => {
      const before = last.engines[index];
      return before?.containers === containers && before.isCurrent === isCurrent;
    })
  );
}
