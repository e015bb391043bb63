/**
 * What compose and Swarm say of a container that they created, in its labels. All values are hostile text. Pure.
 *
 * A service of a stack has the name that the same compose file gives it outside of a Swarm: `shop_web` of the stack `shop`
 * is `shop/web`.
 */
type Labels = Readonly<Record<string, string>>;

/** The labels that are read here. */
export const creatorLabels = [
  'com.docker.compose.project',
  'com.docker.compose.service',
  'com.docker.compose.oneoff',
  'com.docker.compose.container-number',
  'com.docker.compose.depends_on',
  'com.docker.stack.namespace',
  'com.docker.swarm.service.id',
  'com.docker.swarm.service.name',
  'com.docker.swarm.task.id',
  'com.docker.swarm.task.name',
  'com.docker.swarm.node.id',
] as const;

/** The compose project or stack that the container is part of. */
export function projectOf(labels: Labels): string | undefined {
  return labels['com.docker.compose.project'] ?? labels['com.docker.stack.namespace'];
}

/** The service that the container was created for: `<project>/<service>`, or the name of a Swarm's service without a stack. */
export function serviceOf(labels: Labels): string | undefined {
  const inSwarm = labels['com.docker.swarm.service.name'];
  if (inSwarm !== undefined) return nameOfSwarmService(inSwarm, labels);
  const { 'com.docker.compose.project': project, 'com.docker.compose.service': service } = labels;
  return project === undefined || service === undefined ? undefined : `${project}/${service}`;
}

/** `name` is the Swarm's name of the service, `labels` are those of the service or of a container. */
export function nameOfSwarmService(name: string, { 'com.docker.stack.namespace': stack }: Labels): string {
  const prefix = `${stack}_`;
  return stack !== undefined && name.startsWith(prefix) ? `${stack}/${name.slice(prefix.length)}` : name;
}

/** `compose run` copies the service's labels to its one-off container. */
export function isOneoff(labels: Labels): boolean {
  return labels['com.docker.compose.oneoff'] === 'True';
}

/** The task of a Swarm that a container is made for. */
export interface TaskLabels {
  readonly id: string;
  readonly serviceId: string;
  /** The Swarm's own name of the service: `shop_web`. */
  readonly service: string;
  readonly nodeId: string;
  /** `shop_web.2`, or with the node's id for a task of a global service. */
  readonly name: string;
  /** The number of a replica; absent for a task of a global service. */
  readonly slot?: number;
}

export function taskOf(labels: Labels): TaskLabels | undefined {
  const {
    'com.docker.swarm.task.id': id,
    'com.docker.swarm.service.id': serviceId,
    'com.docker.swarm.service.name': service,
    'com.docker.swarm.node.id': nodeId,
    'com.docker.swarm.task.name': fullName,
  } = labels;
  if (id === undefined || serviceId === undefined || service === undefined || nodeId === undefined) return undefined;
  const name = fullName?.endsWith(`.${id}`) === true ? fullName.slice(0, -id.length - 1) : service;
  const [, slot] = /\.(\d{1,9})$/.exec(name.slice(service.length)) ?? [];
  return { id, serviceId, service, nodeId, name, ...(slot !== undefined && { slot: Number(slot) }) };
}

/** What compose says of a container of one of its services. */
export interface ComposeLabels {
  readonly project: string;
  readonly service: string;
  /** The number of the replica. */
  readonly number: string;
  /** The services that it needs; without those that only have to have ended before it starts. */
  readonly dependsOn: readonly ComposeDependency[];
  /** Whether `compose run` made it. */
  readonly isOneoff: boolean;
}

interface ComposeDependency {
  readonly service: string;
  /** Whether its HEALTHCHECK has to pass, and not only its start. */
  readonly untilHealthy: boolean;
}

/** Undefined for a container that compose did not make. */
export function composeOf(labels: Labels): ComposeLabels | undefined {
  const { 'com.docker.compose.project': project, 'com.docker.compose.service': service } = labels;
  if (project === undefined || service === undefined) return undefined;
  const number = labels['com.docker.compose.container-number'] ?? '1';
  const dependsOn = dependenciesOf(labels['com.docker.compose.depends_on'] ?? '');
  return { project, service, number, dependsOn, isOneoff: isOneoff(labels) };
}

/** What is needed is looked up again at each change: a label may name any number of services. */
const mostDependencies = 64;

/** Compose writes `db:service_healthy:false,cache:service_started:true`, and names each service once. */
function dependenciesOf(text: string): readonly ComposeDependency[] {
  const dependencies = new Map<string, ComposeDependency>();
  for (const part of text.split(',', mostDependencies)) {
    const [service = '', condition] = part.split(':', 2);
    if (service === '' || condition === 'service_completed_successfully' || dependencies.has(service)) continue;
    dependencies.set(service, { service, untilHealthy: condition === 'service_healthy' });
  }
  return [...dependencies.values()];
}
