import type { TaskTag } from '../../catalog/declaration.ts';
import { taskOf } from '../../docker/creator.ts';
import type { SwarmNode, SwarmService, SwarmTask } from '../../docker/swarm/facts.ts';
import { printable } from '../../text/printable.ts';
import type { PlaceInSwarm } from './place.ts';

/**
 * Tells people of the task of a Swarm that a container runs. Pure.
 */
/** The task that a container's labels name, and what the Swarm tells of it. */
export function tagOfContainer(
  labels: Readonly<Record<string, string>>,
  inSwarm?: Pick<PlaceInSwarm, 'node' | 'desired'>,
): TaskTag | undefined {
  const labelled = taskOf(labels);
  if (!labelled) return undefined;
  const { id, service, name, slot, nodeId } = labelled;
  const { node = nodeId, desired } = inSwarm ?? {};
  return {
    id: printable(id),
    service: printable(service),
    name: printable(name),
    ...(slot !== undefined && { slot }),
    node: printable(node),
    ...(desired !== undefined && { desired: printable(desired) }),
  };
}

export function tagOfTask(task: SwarmTask, service: SwarmService, node: SwarmNode | undefined): TaskTag {
  const { id, slot, nodeId, desiredState } = task;
  const own = slot ?? nodeId;
  return {
    id: printable(id),
    service: printable(service.name),
    name: printable(own === undefined ? service.name : `${service.name}.${own}`),
    ...(slot !== undefined && { slot }),
    ...(nodeId !== undefined && { node: printable(node?.hostname ?? nodeId) }),
    desired: printable(desiredState),
  };
}
