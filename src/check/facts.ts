import type { ComposeNetwork } from '../compose/network.ts';
import type { ComposeService } from '../compose/service.ts';
import type { ContainerFacts, ContainerNetworking, NetworkAttachment } from '../docker/facts.ts';

/**
 * Predicts the facts that the engine would report of a service's container, as far as a compose file tells. Pure.
 */
interface FactsOptions {
  readonly project: string;
  readonly networks: ReadonlyMap<string, ComposeNetwork>;
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
      'com.docker.compose.project': options.project,
      'com.docker.compose.service': service.name,
    },
    createdAtMs: options.position,
    startedAtNs: 1n,
    state: 'running',
    health: 'none',
    networking: networkingOf(service, options),
    exposedPorts: exposedPorts(service),
    publishedPorts: service.ports.flatMap(({ container, host, hostIp, protocol }) =>
      protocol === 'tcp' ? [{ containerPort: container, hostIp, hostPort: host ?? 0 }] : [],
    ),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
  };
}

/** The ports that the compose file exposes. The image may expose more, which the file does not tell. */
function exposedPorts({ ports, expose }: ComposeService): number[] {
  const published = ports.filter(({ protocol }) => protocol === 'tcp').map(({ container }) => container);
  return [...new Set([...published, ...expose])].toSorted((a, b) => a - b);
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
