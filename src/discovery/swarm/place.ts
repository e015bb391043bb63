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
  /**
   * Whether its service may have labels that are not known: the Swarm was not read yet, or leaves the service out of what it
   * tells. Such a label may restrict who is let in, so that the container declares nothing.
   */
  readonly isUnsure: boolean;
}

export interface SwarmKnowledge {
  /** Undefined where no manager of a Swarm is watched. */
  readonly swarm?: SwarmView | undefined;
  /** By id: services as they were told of last, for containers that outlive what a manager tells. */
  readonly knownServices?: ReadonlyMap<string, SwarmService>;
  /** Whether an engine has not answered yet whether it is a manager, or what its Swarm has. */
  readonly isSwarmAwaited?: boolean;
}

export function placeInSwarm(
  { labels }: ContainerFacts,
  { swarm, knownServices, isSwarmAwaited = false }: SwarmKnowledge,
  labelPrefix: string,
): PlaceInSwarm | undefined {
  if (!swarm && !isSwarmAwaited && (knownServices?.size ?? 0) === 0) return undefined;
  const task = taskOf(labels);
  if (!task) return undefined;
  const snapshot = swarm?.snapshot;
  const node = snapshot?.nodes.get(task.nodeId);
  const told = snapshot?.services.get(task.serviceId);
  const service = told ?? knownServices?.get(task.serviceId);
  const isTaskTold = snapshot?.tasks.has(task.id) === true;
  const isLabelled = told !== undefined && isLabelledService(told, labelPrefix);
  const isTold = isLabelled && (node !== undefined || isTaskTold);
  // A Swarm that can't be read says nothing of what it has by now.
  const isRead = snapshot?.failure === undefined && swarm?.isLastKnown !== true;
  const isLeftOut = node !== undefined && isRead;
  return {
    service,
    node: node?.hostname ?? task.nodeId,
    desired: snapshot?.tasks.get(task.id)?.desiredState,
    isElsewhere: isTold && task.nodeId !== swarm?.localNodeId && (isRead || isTaskTold),
    isUnsure: service === undefined && (isSwarmAwaited || isLeftOut),
  };
}

export function isSamePlace(a: PlaceInSwarm | undefined, b: PlaceInSwarm | undefined): boolean {
  return a?.service === b?.service && a?.node === b?.node && a?.desired === b?.desired;
}
