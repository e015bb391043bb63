/**
 * The name of an upstream for people: a task of a Swarm has a short one and its node, `shop_web.2 on node1`; that of a global
 * service has only its node, `shop_agent on node1`.
 */
interface Named {
  readonly name: string;
  readonly task: {
    readonly service: string;
    readonly name: string;
    readonly slot: number | null;
    readonly node: string | null;
  } | null;
}

export function upstreamName({ name, task }: Named): string {
  if (!task) return name;
  if (task.node === null) return task.name;
  return `${task.slot === null ? task.service : task.name} on ${task.node}`;
}
