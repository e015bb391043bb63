import { taskOf } from '../../docker/creator.ts';
import type { ContainerFacts } from '../../docker/facts.ts';
import type { SwarmService, SwarmView } from '../../docker/swarm/facts.ts';
import { isLabelledService } from './service-labels.ts';

/**
 * What a Swarm's manager tells of the task that a container runs. Pure.
 */
export interface PlaceInSwarm {
  readonly service: SwarmService | undefined;
  /** The node's host name, or its id where it is unknown. */
  readonly node: string;
  /** What the Swarm wants of the task; undefined where it does not tell of it. */
  readonly desired: string | undefined;
  /**
   * Whether the task is declared by what the Swarm tells: the container is on another node than Sealane, whose engine is
   * watched, too.
   */
  readonly isElsewhere: boolean;
}

export function placeInSwarm(
  { labels }: ContainerFacts,
  { snapshot, localNodeId }: SwarmView,
  labelPrefix: string,
): PlaceInSwarm | undefined {
  const task = taskOf(labels);
  if (!task) return undefined;
  const node = snapshot.nodes.get(task.nodeId);
  const service = snapshot.services.get(task.serviceId);
  const isTold = node !== undefined && service !== undefined && isLabelledService(service, labelPrefix);
  return {
    service,
    node: node?.hostname ?? task.nodeId,
    desired: snapshot.tasks.get(task.id)?.desiredState,
    isElsewhere: isTold && task.nodeId !== localNodeId,
  };
}

export function isSamePlace(a: PlaceInSwarm | undefined, b: PlaceInSwarm | undefined): boolean {
  return a?.service === b?.service && a?.node === b?.node && a?.desired === b?.desired;
}
