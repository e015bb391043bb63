import type { ContainerView, SwarmServiceView, ShownSwarm, ToldTask } from '../../catalog/explain/world.ts';
import { nameOfSwarmService, projectOf } from '../../docker/creator.ts';
import type {
  SwarmNode,
  SwarmService,
  SwarmSnapshot,
  SwarmStanding,
  SwarmTask,
  SwarmView,
} from '../../docker/swarm/facts.ts';
import { plural } from '../../text/plural.ts';
import { printable, quoted } from '../../text/printable.ts';
import { viewLabels } from '../container-view.ts';
import { hasLabelsOf } from '../interest.ts';
import { isLabelledService, withServiceLabels } from './service-labels.ts';
import { isImageMissing, stageOf } from './task-stage.ts';
import { tagOfTask } from './task-tag.ts';

/**
 * Describes a Swarm for explanations: whether it is watched, its services, and the tasks that no watched engine has a
 * container of. Pure.
 */
export function* viewTasks(swarm: SwarmView, labelPrefix: string): Iterable<ContainerView> {
  const { tasks, failed } = swarm.snapshot;
  for (const task of [...tasks.values(), ...failed.values()]) {
    const view = viewTask(task, swarm, labelPrefix);
    if (view) yield view;
  }
}

/** The task with this id, or with a container of this id. */
export function viewTaskOf(id: string, swarm: SwarmView, labelPrefix: string): ContainerView | undefined {
  const task = indexOf(swarm.snapshot).get(id);
  return task && viewTask(task, swarm, labelPrefix);
}

/** Undefined for a task whose container Sealane's own engine tells of. */
function viewTask(
  task: SwarmTask,
  { snapshot: { services, nodes }, localNodeId }: SwarmView,
  labelPrefix: string,
): ContainerView | undefined {
  const service = services.get(task.serviceId);
  const node = task.nodeId === undefined ? undefined : nodes.get(task.nodeId);
  if (!service) return undefined;
  const told = tellOf(task, node);
  const isOfEngine = task.nodeId !== undefined && task.nodeId === localNodeId;
  if (isOfEngine && (told.stage === 'running' || told.stage === 'stopping')) return undefined;
  const labels = withServiceLabels(task.template.labels, service, labelPrefix);
  const project = projectOf(labels);
  const tag = tagOfTask(task, service, node);
  const networks = task.attachments.map(({ networkName }) => quoted(networkName));
  return {
    id: task.containerId ?? task.id,
    name: `${tag.name}.${tag.id}`,
    state: printable(task.state),
    lastExit: undefined,
    restarts: 0,
    isLabelled: hasLabelsOf(labelPrefix, labels),
    isOneoff: false,
    project: project === undefined ? undefined : printable(project),
    createdFor: printable(nameOfSwarmService(service.name, labels)),
    task: tag,
    told,
    networks: networks.length === 0 ? 'no network' : `network ${networks.join(', ')}`,
    hostPorts: [],
    ...viewLabels(labels, labelPrefix),
  };
}

function tellOf(task: SwarmTask, node: SwarmNode | undefined): ToldTask {
  const { state, message, error } = task;
  const stage = stageOf(task, node);
  const why = error ?? message;
  return {
    stage: stage === 'gone' ? endOf(task, node) : stage,
    words: printable(why === undefined || why === state ? state : `${state}: ${why}`),
    isRefused: stage === 'waiting' && error !== undefined,
    isImageMissing: error !== undefined && isImageMissing(error),
  };
}

function endOf({ state }: SwarmTask, node: SwarmNode | undefined): ToldTask['stage'] {
  if (node?.state === 'down') return 'lost';
  return stageOf({ state, desiredState: 'running' }, node) === 'waiting' ? 'waiting' : 'ended';
}

/** By the ids of tasks and of containers; kept, since a snapshot never changes. */
function indexOf(snapshot: SwarmSnapshot): ReadonlyMap<string, SwarmTask> {
  const known = indexes.get(snapshot);
  if (known) return known;
  const index = new Map<string, SwarmTask>();
  const all = [...snapshot.failed.values(), ...snapshot.tasks.values()];
  for (const task of all) index.set(task.id, task);
  // A node says which container a task has, and may say one of another's.
  for (const task of all.toReversed()) {
    if (task.containerId !== undefined && !index.has(task.containerId)) index.set(task.containerId, task);
  }
  indexes.set(snapshot, index);
  return index;
}

const indexes = new WeakMap<SwarmSnapshot, ReadonlyMap<string, SwarmTask>>();

/** `standings` are those of the watched engines, as far as they are known; undefined where none is a node of a Swarm. */
export function viewSwarm(
  swarm: SwarmView | undefined,
  standings: readonly SwarmStanding[],
  labelPrefix: string,
): ShownSwarm | undefined {
  const snapshot = swarm?.snapshot;
  const nodes = standings.filter(({ state }) => state !== 'inactive');
  if (!snapshot && nodes.length === 0) return undefined;
  const services = [...(snapshot?.services.values() ?? [])];
  return {
    ...tellWhetherWatched(swarm, nodes),
    find(text) {
      const found = services.find((service) => isMeant(service, text));
      return found && viewService(found, labelPrefix);
    },
    names: () => services.map(({ name }) => printable(name)),
  };
}

function tellWhetherWatched(
  swarm: SwarmView | undefined,
  standings: readonly SwarmStanding[],
): Pick<ShownSwarm, 'state' | 'text'> {
  const snapshot = swarm?.snapshot;
  const isLocked = standings.some(({ state }) => state === 'locked');
  const failure = snapshot?.failure ?? (swarm?.isLastKnown === true ? 'no manager of it is in reach' : undefined);
  if (isLocked && (!snapshot || failure !== undefined))
    return { state: 'failing', text: 'the Swarm is locked; unlock it on this node: docker swarm unlock' };
  if (failure !== undefined) return { state: 'failing', text: `the Swarm can't be read: ${failure}` };
  if (snapshot) {
    const { services, nodes } = snapshot;
    return {
      state: 'watched',
      text: `the Swarm is watched: ${plural(nodes.size, 'node')}, ${plural(services.size, 'service')}`,
    };
  }
  if (standings.some(({ state, isManager }) => isManager || state !== 'active'))
    return { state: 'reading', text: 'the Swarm is being read' };
  return {
    state: 'unseen',
    text: 'this node is a worker of a Swarm, and no manager is watched: tasks of other nodes, and labels under deploy, are unknown',
  };
}

function isMeant({ name, labels, template }: SwarmService, text: string): boolean {
  const shown = nameOfSwarmService(name, { ...labels, ...template.labels });
  return name === text || shown === text || shown.endsWith(`/${text}`);
}

function viewService(service: SwarmService, labelPrefix: string): SwarmServiceView {
  const { name, replicas, isJob = false } = service;
  return { name: printable(name), isLabelled: isLabelledService(service, labelPrefix), isJob, replicas };
}
