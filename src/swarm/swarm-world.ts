import { liveStates } from '../docker/swarm/swarm-api.ts';
import { KnownPorts } from './known-ports.ts';
import {
  taskStates,
  type SwarmNode,
  type SwarmService,
  type SwarmSnapshot,
  type SwarmTask,
} from '../docker/swarm/facts.ts';

/**
 * Owns the facts about one Swarm, and tells which tasks to ask for next. Has no clock and no I/O. Tasks are kept for
 * services with labels of Sealane only. What answers tell takes effect together, at `commit`.
 */
export class SwarmWorld {
  readonly #isLabelled: (service: SwarmService) => boolean;
  readonly #services = new Map<string, SwarmService>();
  readonly #labelled = new Map<string, ServiceTasks>();
  readonly #nodes = new Map<string, SwarmNode>();
  /** The services whose own facts or tasks changed since the last commit. */
  readonly #changed = new Set<string>();
  readonly #knownPorts = new KnownPorts();
  #nodesChanged = false;
  #snapshot: SwarmSnapshot | undefined;

  constructor(isLabelled: (service: SwarmService) => boolean) {
    this.#isLabelled = isLabelled;
  }

  /** The state at the last commit; undefined before the first. */
  get snapshot(): SwarmSnapshot | undefined {
    return this.#snapshot;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  /** The services whose tasks are kept. */
  labelled(): readonly string[] {
    return [...this.#labelled.keys()];
  }

  isLabelled(serviceId: string): boolean {
    return this.#labelled.has(serviceId);
  }

  isKnown(serviceId: string): boolean {
    return this.#services.has(serviceId);
  }

  /** Whether the service is being updated, or not all tasks that it wants run, although most likely they soon will. */
  isMoving(serviceId: string): boolean {
    const service = this.#services.get(serviceId);
    const tasks = this.#labelled.get(serviceId);
    if (!service || !tasks) return false;
    return service.isUpdating || (!tasks.isFailing && !runsWhole(service, tasks));
  }

  /** Whether the service's tasks fail again and again. */
  isFailing(serviceId: string): boolean {
    return this.#labelled.get(serviceId)?.isFailing === true;
  }

  /**
   * `asked` is what was asked for: of these, a service that is not in the answer is gone. Returns those that have labels from
   * now on, whose tasks are not known yet.
   */
  haveServices(answer: readonly SwarmService[], asked: readonly string[] | 'all'): readonly string[] {
    const found: string[] = [];
    const gone = new Set(asked === 'all' ? this.#services.keys() : asked);
    for (const service of answer) {
      gone.delete(service.id);
      if (this.#services.get(service.id) === service) continue;
      this.#services.set(service.id, service);
      this.#changed.add(service.id);
      if (!this.#isLabelled(service)) this.#labelled.delete(service.id);
      else if (!this.#labelled.has(service.id)) {
        this.#labelled.set(service.id, new ServiceTasks());
        found.push(service.id);
      }
    }
    for (const id of gone) {
      if (this.#services.delete(id)) this.#changed.add(id);
      this.#labelled.delete(id);
    }
    return found;
  }

  haveNodes(answer: readonly SwarmNode[]): void {
    const isSame = answer.length === this.#nodes.size && answer.every((node) => this.#nodes.get(node.id) === node);
    if (isSame) return;
    this.#nodes.clear();
    for (const node of answer) this.#nodes.set(node.id, node);
    this.#nodesChanged = true;
  }

  /**
   * The live tasks of these labelled services. Returns the ids of tasks that are live no more, which have to be asked for
   * one by one.
   */
  haveLive(answer: readonly SwarmTask[], serviceIds: readonly string[], nowMs: number): readonly string[] {
    const byService = Map.groupBy(answer, ({ serviceId }) => serviceId);
    return serviceIds.flatMap((serviceId) => {
      const tasks = this.#labelled.get(serviceId);
      if (!tasks) return [];
      const answered = (byService.get(serviceId) ?? []).filter((task) => !isDone(task));
      const hasPorts = (this.#services.get(serviceId)?.hostPorts.length ?? 0) > 0;
      const live = new Map(
        answered.map((told) => {
          const task = this.#knownPorts.addTo(told, tasks.live.get(told.id));
          return [told.id, hasPorts ? this.#knownPorts.marked(task, nowMs) : task];
        }),
      );
      const left = [...tasks.live.keys(), ...tasks.stopping.keys()].filter((id) => !live.has(id));
      if (live.size !== tasks.live.size || [...live.values()].some((task) => tasks.live.get(task.id) !== task)) {
        this.#changed.add(serviceId);
      }
      for (const id of left) {
        const task = tasks.live.get(id);
        if (task) tasks.stopping.set(id, { task, sinceMs: nowMs });
      }
      tasks.live = live;
      for (const id of live.keys()) tasks.stopping.delete(id);
      return left.filter((id) => this.#isFollowed(tasks, id, nowMs));
    });
  }

  /** What was told of the tasks that `haveLive` returned. One that is not in the answer is gone. */
  haveLeft(answer: readonly SwarmTask[], ids: readonly string[]): void {
    const found = new Map(answer.map((task) => [task.id, task]));
    const asked = new Set(ids);
    for (const [serviceId, tasks] of this.#labelled) {
      for (const [id, known] of tasks.stopping) {
        if (!asked.has(id)) continue;
        const answered = found.get(id);
        const task = answered && this.#knownPorts.addTo(answered, known.task);
        if (task && stillRuns(task)) {
          if (task !== known.task) this.#changed.add(serviceId);
          tasks.stopping.set(id, { ...known, task });
          continue;
        }
        this.#changed.add(serviceId);
        tasks.stopping.delete(id);
        if (task && liveStates.has(task.desiredState) && !hasEnded(task))
          tasks.live = new Map(tasks.live).set(id, task);
        else if (task && isFailure(task)) tasks.fail(task);
      }
    }
  }

  /** Makes what was told the snapshot, which stays the same object where nothing changed. Tells what did. */
  commit(nowMs: number): { readonly services: readonly string[]; readonly nodes: boolean } {
    for (const [id, tasks] of this.#labelled) {
      const service = this.#services.get(id);
      if (tasks.failed && service && tasks.recover(runsWhole(service, tasks), nowMs)) this.#changed.add(id);
    }
    const changes = { services: [...this.#changed], nodes: this.#nodesChanged };
    if (this.#snapshot === undefined || changes.services.length > 0 || changes.nodes) this.#snapshot = this.#current();
    this.#changed.clear();
    this.#nodesChanged = false;
    return changes;
  }

  /**
   * Whether a task that is to stop is asked for again. What a node that is out of reach runs is not known for as long as it
   * is: the task would stay for a day.
   */
  #isFollowed(tasks: ServiceTasks, id: string, nowMs: number): boolean {
    const stopping = tasks.stopping.get(id);
    if (!stopping) return false;
    const { nodeId = '', template, serviceId } = stopping.task;
    if (this.#nodes.get(nodeId)?.state !== 'down' || isAsLast(stopping)) return true;
    if (nowMs - stopping.sinceMs < template.stopGraceMs + stopMarginMs) return false;
    tasks.stopping.delete(id);
    this.#changed.add(serviceId);
    return false;
  }

  #current(): SwarmSnapshot {
    const tasks = new Map<string, SwarmTask>();
    const failed = new Map<string, SwarmTask>();
    for (const [serviceId, one] of this.#labelled) {
      for (const [id, task] of one.live) tasks.set(id, task);
      for (const [id, { task }] of one.stopping) tasks.set(id, task);
      if (one.failed) failed.set(serviceId, one.failed);
    }
    return { services: new Map(this.#services), tasks, nodes: new Map(this.#nodes), failed };
  }
}

class ServiceTasks {
  live: ReadonlyMap<string, SwarmTask> = new Map();
  /** The tasks that are to stop, and since when that is known. */
  readonly stopping = new Map<string, Stopping>();
  /** The last one that failed or was rejected, and how many did since all ran. */
  #failed: SwarmTask | undefined;
  #failures = 0;
  /** Since when all that the service wants run. */
  #wholeSinceMs: number | undefined;

  get failed(): SwarmTask | undefined {
    return this.#failed;
  }

  get isFailing(): boolean {
    return this.#failures >= severalFailures;
  }

  fail(task: SwarmTask): void {
    this.#failures += 1;
    this.#wholeSinceMs = undefined;
    if (!this.#failed || this.#failed.stateAtNs <= task.stateAtNs) this.#failed = task;
  }

  /** Whether it has recovered now: a task that fails again and again runs for a moment each time. */
  recover(isWhole: boolean, nowMs: number): boolean {
    this.#wholeSinceMs = isWhole ? (this.#wholeSinceMs ?? nowMs) : undefined;
    if (this.#wholeSinceMs === undefined || nowMs - this.#wholeSinceMs < settledMs) return false;
    this.#failed = undefined;
    this.#failures = 0;
    return true;
  }
}

interface Stopping {
  readonly task: SwarmTask;
  readonly sinceMs: number;
}

/** Whether the task is known as it was while it was live, so that it must be asked for once. */
function isAsLast({ task }: Stopping): boolean {
  return liveStates.has(task.desiredState);
}

function stillRuns({ state, desiredState }: SwarmTask): boolean {
  return state === 'running' && !liveStates.has(desiredState);
}

function runsWhole({ replicas, isJob }: SwarmService, { live }: ServiceTasks): boolean {
  let running = 0;
  for (const { state } of live.values()) {
    if (state !== 'running') return false;
    running += 1;
  }
  if (isJob) return true;
  return replicas === undefined ? running > 0 : running >= replicas;
}

const endedStates: ReadonlySet<string> = new Set(taskStates.slice(taskStates.indexOf('running') + 1));

/** Tasks of a job stay among the live ones after their end. */
function isDone(task: SwarmTask): boolean {
  return task.desiredState === 'complete' && hasEnded(task);
}

function hasEnded({ state }: SwarmTask): boolean {
  return endedStates.has(state);
}

function isFailure({ state, error }: SwarmTask): boolean {
  return (state === 'failed' || state === 'rejected') && error !== undefined;
}

/** How long all tasks of a service must have run for those that failed before to be forgotten. */
const settledMs = 10_000;
/** How long a stop may take beyond its grace period. */
const stopMarginMs = 10_000;
/** A service whose tasks failed so often in a row is not expected to run in the next moment. */
const severalFailures = 3;
