import { setTimeout as sleep } from 'node:timers/promises';
import { startFakeEngine } from '../../test/support/fake-engine/fake-engine.ts';
import {
  fakeOverlay,
  FakeSwarm,
  taskLabels,
  type FakeService,
  type FakeTask,
} from '../../test/support/fake-engine/fake-swarm.ts';

/**
 * A separate process that simulates a manager of a Swarm with many services, so that its work does not count as Sealane's.
 * It receives orders over IPC. Tasks go through their states as fast as those of a real Swarm do.
 */
export type Order =
  /** One service gets one task more, or one less; the answer comes once that task runs, or is gone. */
  | { readonly kind: 'scale'; readonly service: number; readonly by: 1 | -1 }
  /** Requests the numbers of calls so far. */
  | { readonly kind: 'calls' };

export type Report =
  | { readonly kind: 'up'; readonly url: string }
  /** `atMs`: when the manager called the task running, or no longer desired, in milliseconds since the Unix epoch. */
  | { readonly kind: 'scaled'; readonly atMs: number }
  | ({ readonly kind: 'calls' } & Calls);

export interface Calls {
  readonly services: number;
  readonly tasks: number;
  readonly nodes: number;
  readonly containers: number;
  /** The bytes of all answers to these calls. */
  readonly bytes: number;
}

/** The pauses between a task's states, as measured on a real Swarm: it runs some 800 ms after the service's event. */
const begun = [
  ['pending', 5],
  ['assigned', 20],
  ['preparing', 20],
  ['starting', 260],
  ['running', 500],
] as const;

const [services = 0, replicas = 10, nodes = 100, labelled = services, firstPort = 0] = process.argv
  .slice(2)
  .map(Number);
const swarm = new FakeSwarm(nodes);
let bytes = 0;
const counted = {
  answer(path: string, query: URLSearchParams): string | undefined {
    const text = swarm.answer(path, query);
    bytes += text?.length ?? 0;
    return text;
  },
};
await using engine = await startFakeEngine({ swarm: counted });
for (let index = 0; index < services; index += 1) {
  const service = swarm.add({
    name: `shop_service-${index}`,
    labels: index < labelled ? labelsOf(index) : { 'com.docker.stack.namespace': 'shop' },
    containerLabels: { 'com.docker.stack.namespace': 'shop' },
    replicas,
    hostPort: (task) => 30_000 + Math.floor(task / nodes),
  });
  for (const task of swarm.tasksOf(service)) startLocally(task);
}
const ended = Promise.withResolvers<void>();
process.on('disconnect', () => ended.resolve());
process.on('message', (order: Order) => void obey(order));
tell({ kind: 'up', url: engine.url });
await ended.promise;

function labelsOf(index: number): Record<string, string> {
  return {
    'sealane.port': '80',
    'sealane.listen': String(firstPort + index),
    // No process has these addresses, so they must not be probed.
    'sealane.health': 'none',
    'com.docker.stack.namespace': 'shop',
  };
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'calls') return tell({ kind: 'calls', ...countCalls() });
  const service = swarm.services[order.service];
  if (!service) throw new RangeError('there is no such service');
  tell({ kind: 'scaled', atMs: await (order.by === 1 ? grow(service) : shrink(service)) });
}

async function grow(service: FakeService): Promise<number> {
  service.replicas += 1;
  const task = swarm.begin(service, service.replicas);
  engine.emit('update', service.id, { name: service.name }, 'service');
  for (const [state, pauseMs] of begun) {
    await sleep(pauseMs);
    swarm.alter(task, { state });
  }
  startLocally(task);
  return Date.now();
}

/** A task that a scale-down takes away is desired to be removed at once, and is gone when its process has ended. */
async function shrink(service: FakeService): Promise<number> {
  service.replicas -= 1;
  const task = swarm.tasksOf(service).at(-1);
  if (!task) throw new RangeError('the service has no task');
  const atMs = Date.now();
  swarm.alter(task, { desiredState: 'remove' });
  engine.emit('update', service.id, { name: service.name }, 'service');
  await sleep(300);
  if (task.node === 0) engine.die(task.containerId);
  swarm.forget(task);
  return atMs;
}

/** The engine that is asked runs the tasks of the first node itself. */
function startLocally(task: FakeTask): void {
  if (task.node !== 0) return;
  engine.run({
    id: task.containerId,
    name: `${task.service.name}.${task.slot}.${task.id}`,
    labels: taskLabels(task),
    networkMode: 'front',
    networks: { front: { networkId: fakeOverlay, ip: task.address } },
  });
}

function countCalls(): Calls {
  const count = (path: RegExp): number => engine.requests.filter((one) => path.test(one)).length;
  return {
    services: count(/^GET \/services$/),
    tasks: count(/^GET \/tasks$/),
    nodes: count(/^GET \/nodes$/),
    containers: count(/^GET \/containers\//),
    bytes,
  };
}

function tell(report: Report): void {
  process.send?.(report);
}
