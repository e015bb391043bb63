import type { TaskTag } from '../../catalog/declaration.ts';
import { taskOf } from '../../docker/creator.ts';
import { printable } from '../../text/printable.ts';

/**
 * Tells of the task of a Swarm that a container's labels name. Pure.
 */
export function taskTagOf(labels: Readonly<Record<string, string>>): TaskTag | undefined {
  const task = taskOf(labels);
  if (!task) return undefined;
  const { id, service, name, slot, nodeId } = task;
  return {
    id: printable(id),
    service: printable(service),
    name: printable(name),
    ...(slot !== undefined && { slot }),
    node: printable(nodeId),
  };
}
