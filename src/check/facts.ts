import type { ComposeNetwork } from '../compose/network.ts';
import type { ComposePort } from '../compose/port.ts';
import type { ComposeService } from '../compose/service.ts';
import type { ContainerFacts, ContainerNetworking, NetworkAttachment } from '../docker/facts.ts';

/**
 * Predicts the facts that the engine would report of a service's container, as far as a compose file tells. Pure.
 */
interface FactsOptions {
  readonly project: string;
  readonly networks: ReadonlyMap<string, ComposeNetwork>;
  /** Whether the containers are those of a Swarm's tasks; `project` is the stack's name then. */
  readonly isStack: boolean;
  /** Stands for the time of creation: of two services that claim one address, the one written first gets it. */
  readonly position: number;
}

export function toFacts(service: ComposeService, options: FactsOptions): ContainerFacts {
  const labels = Object.fromEntries([...service.labels].map(([key, { text }]) => [key, text]));
  return {
    id: service.name,
    name: service.name,
    labels: {
      ...labels,
      ...(options.isStack ? taskLabels(service, options.project) : composeLabels(service, options.project)),
    },
    ...(service.image && { image: service.image }),
    createdAtMs: options.position,
    startedAtNs: 1n,
    state: 'running',
    health: 'none',
    networking: networkingOf(service, options),
    exposedPorts: exposedPorts(service, options),
    publishedPorts: portsOf(service, options).map(({ container, host, hostIp }) => ({
      containerPort: container,
      hostIp: options.isStack ? '' : hostIp,
      hostPort: host ?? 0,
    })),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
  };
}

function composeLabels({ name }: ComposeService, project: string): Record<string, string> {
  return { 'com.docker.compose.project': project, 'com.docker.compose.service': name };
}

function taskLabels({ name }: ComposeService, stack: string): Record<string, string> {
  return {
    'com.docker.stack.namespace': stack,
    'com.docker.swarm.service.name': `${stack}_${name}`,
    // That there is a task matters, and not which.
    'com.docker.swarm.service.id': name,
    'com.docker.swarm.task.id': name,
    'com.docker.swarm.node.id': 'node',
  };
}

/** The TCP ports of the container: one that a Swarm publishes on every node is not the container's, but the Swarm's. */
function portsOf({ ports }: ComposeService, { isStack }: FactsOptions): readonly ComposePort[] {
  return ports.filter(({ protocol, isHostMode }) => protocol === 'tcp' && (isHostMode || !isStack));
}

/** The ports that the compose file exposes. The image may expose more, which the file does not tell. */
function exposedPorts(service: ComposeService, options: FactsOptions): number[] {
  const published = portsOf(service, options).map(({ container }) => container);
  // A Swarm has no use for `expose`.
  const exposed = options.isStack ? [] : service.expose;
  return [...new Set([...published, ...exposed])].toSorted((a, b) => a - b);
}

function networkingOf({ networkMode, networks: on }: ComposeService, options: FactsOptions): ContainerNetworking {
  const shared = /^(?:service|container):(.+)$/.exec(networkMode);
  if (shared) return { kind: 'container', of: shared[1] ?? '' };
  if (networkMode === 'host') return { kind: 'host' };
  if (networkMode === 'none') return { kind: 'none' };
  if (networkMode !== '') return { kind: 'networks', attachments: [attachment(networkMode)] };
  const keys = on.size === 0 ? ['default'] : [...on.keys()];
  return { kind: 'networks', attachments: keys.map((key) => attachment(networkName(key, options))) };
}

/** An attachment with an address of those for documentation (RFC 5737): only that there is one matters. */
function attachment(name: string): NetworkAttachment {
  return { name, networkId: name, ipv4: '192.0.2.1' };
}

export function networkName(key: string, { project, networks }: Pick<FactsOptions, 'project' | 'networks'>): string {
  return networks.get(key)?.name ?? `${project}_${key}`;
}
