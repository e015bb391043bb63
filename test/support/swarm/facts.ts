import { createHash } from 'node:crypto';
import type {
  SwarmNode,
  SwarmService,
  SwarmSnapshot,
  SwarmTask,
  SwarmView,
  TaskTemplate,
} from '../../../src/docker/swarm/facts.ts';

/**
 * Builders for what a Swarm tells. A test names only what it is about.
 */
interface TaskOver {
  readonly stack?: string | undefined;
  readonly slot?: number | undefined;
  readonly nodeId?: string;
}

/** The labels that Docker gives to the container of a task; the task's id is made of its service's name and its slot. */
export function taskLabels(service: string, over: TaskOver = {}): Readonly<Record<string, string>> {
  const { stack, nodeId = 'node-a' } = over;
  const slot = 'slot' in over ? over.slot : 1;
  const id = `${service}${slot ?? 0}`;
  return {
    'com.docker.swarm.node.id': nodeId,
    'com.docker.swarm.service.id': `id-${service}`,
    'com.docker.swarm.service.name': service,
    'com.docker.swarm.task': '',
    'com.docker.swarm.task.id': id,
    'com.docker.swarm.task.name': `${service}.${slot ?? nodeId}.${id}`,
    ...(stack !== undefined && { 'com.docker.stack.namespace': stack }),
  };
}

export function template(over: Partial<TaskTemplate> = {}): TaskTemplate {
  return { labels: {}, hasHealthcheck: false, stopGraceMs: 10_000, ...over };
}

export function swarmService(name: string, over: Partial<SwarmService> = {}): SwarmService {
  return {
    id: `id-${name}`,
    name,
    labels: { 'sealane.port': '80' },
    template: template(),
    createdAtMs: 1,
    replicas: 1,
    hostPorts: [],
    isUpdating: false,
    ...over,
  };
}

/** A running replica on `node-b`, with an address on the overlay `ov`. What is undefined is left out. */
export function swarmTask(
  service: SwarmService,
  over: { readonly [K in keyof SwarmTask]?: SwarmTask[K] | undefined } = {},
): SwarmTask {
  const slot = 'slot' in over ? over.slot : 1;
  const id = over.id ?? `${service.name}${slot ?? 0}`;
  const task = {
    id,
    serviceId: service.id,
    template: service.template,
    nodeId: 'node-b',
    slot,
    createdAtMs: 2,
    desiredState: 'running',
    state: 'running',
    stateAtNs: 3n,
    containerId: containerIdOf(id),
    attachments: [{ networkId: 'ov', networkName: 'shop_default', driver: 'overlay', addresses: ['10.0.1.9'] }],
    hostPorts: [],
    ...over,
  };
  return Object.fromEntries(Object.entries(task).filter(([, value]) => value !== undefined)) as unknown as SwarmTask;
}

/** The id of the container of a task. */
export function containerIdOf(taskId: string): string {
  return createHash('sha256').update(taskId).digest('hex');
}

export function swarmNode(id: string, over: Partial<SwarmNode> = {}): SwarmNode {
  const hostname = id.replace('node-', 'host-');
  return { id, hostname, address: '192.0.2.2', state: 'ready', availability: 'active', isManager: false, ...over };
}

/** A Swarm of `node-a`, Sealane's own, and `node-b`. */
export function swarmView(
  services: readonly SwarmService[],
  tasks: readonly SwarmTask[],
  over: Partial<SwarmSnapshot> & { readonly localNodeId?: string | undefined } = {},
): SwarmView {
  const { localNodeId: _, ...more } = over;
  return {
    localNodeId: 'localNodeId' in over ? over.localNodeId : 'node-a',
    snapshot: {
      services: byId(services),
      tasks: byId(tasks),
      nodes: byId([swarmNode('node-a', { address: '192.0.2.1', isManager: true }), swarmNode('node-b')]),
      failed: new Map(),
      ...more,
    },
  };
}

export function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}
