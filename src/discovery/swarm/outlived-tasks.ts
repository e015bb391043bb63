import type { SwarmSnapshot, SwarmTask } from '../../docker/swarm/facts.ts';
import { stageOf } from './task-stage.ts';

/**
 * Finds the tasks that are dead although the Swarm does not say so yet. Pure. A Swarm gives an address on a network, and a
 * node a port, to one living task at a time: of those that claim the same, the youngest has it, and clients of another one
 * must not be led there.
 */
export function outlivedTasks({ tasks, nodes }: SwarmSnapshot): ReadonlySet<SwarmTask> {
  const owners = new Map<string, SwarmTask>();
  const outlived = new Set<SwarmTask>();
  for (const task of tasks.values()) {
    const node = task.nodeId === undefined ? undefined : nodes.get(task.nodeId);
    const stage = stageOf(task, node);
    if (stage === 'gone') continue;
    for (const claim of claimsOf(task, stage !== 'waiting')) {
      const owner = owners.get(claim);
      if (!owner || task.createdAtMs > owner.createdAtMs) owners.set(claim, task);
      if (owner && task.createdAtMs !== owner.createdAtMs)
        outlived.add(task.createdAtMs > owner.createdAtMs ? owner : task);
    }
  }
  return outlived;
}

/** A task that waits for its node has its addresses already, and no port. */
function* claimsOf({ attachments, hostPorts, nodeId }: SwarmTask, hasPorts: boolean): Iterable<string> {
  for (const { networkId, addresses } of attachments) for (const address of addresses) yield `${networkId} ${address}`;
  if (!hasPorts || nodeId === undefined) return;
  for (const { hostIp, hostPort } of hostPorts) yield `${nodeId} ${hostIp}:${hostPort}`;
}
