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
