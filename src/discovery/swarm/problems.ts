import { bringSwarmBack, howToGetImage, howToPlace, howToSeeEnd } from '../../catalog/advice.ts';
import type { Problem } from '../../catalog/problem.ts';
import type { SwarmNode, SwarmService, SwarmSnapshot, SwarmTask } from '../../docker/swarm/facts.ts';
import { plural } from '../../text/plural.ts';
import { printable } from '../../text/printable.ts';
import { isImageMissing, stageOf } from './task-stage.ts';

/**
 * Finds what keeps the tasks of a Swarm from running, in the Swarm's own words. Pure. Only tasks of services with labels of
 * Sealane are in the snapshot.
 */
export function swarmProblems(
  snapshot: SwarmSnapshot,
  servicesOf: (service: SwarmService) => readonly string[],
): readonly Problem[] {
  const waiting = new Map<string, SwarmTask[]>();
  const lost = new Map<string, SwarmTask[]>();
  for (const task of snapshot.tasks.values()) {
    const node = task.nodeId === undefined ? undefined : snapshot.nodes.get(task.nodeId);
    if (node?.state === 'down' && task.state === 'running') note(lost, node.id, task);
    else if (task.error !== undefined && stageOf(task, node) === 'waiting') note(waiting, task.serviceId, task);
  }
  const concerned = (tasks: readonly SwarmTask[]): readonly string[] => {
    const ids = new Set(tasks.map(({ serviceId }) => serviceId));
    return [...new Set([...ids].flatMap((id) => namesOf(snapshot.services.get(id), servicesOf)))];
  };
  return [
    ...unreachable(snapshot),
    ...[...lost].flatMap(([id, tasks]) => nodeDown(snapshot.nodes.get(id), concerned(tasks), tasks.length)),
    ...[...waiting].flatMap(([id, tasks]) => pending(snapshot.services.get(id), tasks, servicesOf)),
    ...[...snapshot.failed].flatMap(([id, task]) =>
      failing(snapshot.services.get(id), task, snapshot.nodes.get(task.nodeId ?? ''), servicesOf),
    ),
  ];
}

type ServicesOf = (service: SwarmService) => readonly string[];

function namesOf(service: SwarmService | undefined, servicesOf: ServicesOf): readonly string[] {
  return service ? servicesOf(service) : [];
}

function unreachable({ failure }: SwarmSnapshot): Problem[] {
  if (failure === undefined) return [];
  return [
    {
      code: 'swarm-unreachable',
      subject: 'the Swarm',
      message: `${failure}; its services and tasks are as last known`,
      fix: bringSwarmBack,
    },
  ];
}

function nodeDown(node: SwarmNode | undefined, services: readonly string[], tasks: number): Problem[] {
  if (!node) return [];
  const hostname = printable(node.hostname);
  return [
    {
      code: 'node-down',
      subject: hostname,
      services,
      message: `the Swarm has lost this node, and ${plural(tasks, 'task')} with it`,
      fix: `Bring the node back; the Swarm starts the tasks on other nodes that fit. See: docker node ps ${printable(node.id)}`,
    },
  ];
}

function pending(service: SwarmService | undefined, tasks: readonly SwarmTask[], servicesOf: ServicesOf): Problem[] {
  if (!service) return [];
  const services = servicesOf(service);
  const reasons = [...new Set(tasks.map(({ error = '' }) => printable(error)))];
  const more = reasons.length > mostReasons ? `, and ${plural(reasons.length - mostReasons, 'more reason')}` : '';
  return [
    {
      code: 'task-pending',
      subject: subjectOf(services, service),
      services,
      message: `${plural(tasks.length, 'task')} of it can't be placed on a node: ${reasons.slice(0, mostReasons).join('; ')}${more}`,
      fix: howToPlace(printable(service.name)),
    },
  ];
}

function failing(
  service: SwarmService | undefined,
  { slot, nodeId, error = 'no reason is told' }: SwarmTask,
  node: SwarmNode | undefined,
  servicesOf: ServicesOf,
): Problem[] {
  if (!service) return [];
  const services = servicesOf(service);
  const place = node || nodeId !== undefined ? ` on node ${printable(node?.hostname ?? nodeId ?? '')}` : '';
  const own = slot ?? nodeId;
  const name = printable(own === undefined ? service.name : `${service.name}.${own}`);
  const isMissing = isImageMissing(error);
  return [
    {
      code: isMissing ? 'image-missing' : 'task-failing',
      subject: subjectOf(services, service),
      services,
      message: `its task ${name} ${isMissing ? 'has no image' : 'failed'}${place}: ${printable(error)}`,
      fix: isMissing ? howToGetImage : howToSeeEnd(printable(service.name)),
    },
  ];
}

/** Of a node that is at fault, each task may have a reason of its own. */
const mostReasons = 3;

function subjectOf(services: readonly string[], { name }: SwarmService): string {
  return services[0] ?? printable(name);
}

function note(found: Map<string, SwarmTask[]>, key: string, task: SwarmTask): void {
  const known = found.get(key);
  if (known) known.push(task);
  else found.set(key, [task]);
}
