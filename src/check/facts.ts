import type { ComposeNetwork } from '../compose/network.ts';
import type { ComposeService } from '../compose/service.ts';
import type { ContainerFacts, ContainerNetworking, NetworkAttachment } from '../docker/facts.ts';

/**
 * What the engine would report of a service's container, as far as a compose file tells. Pure.
 */
export interface FactsOptions {
  readonly project: string;
  readonly networks: ReadonlyMap<string, ComposeNetwork>;
  /** Stands for the order of creation: what is written first keeps what two claim. */
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

/** Of the container; the image may expose more, which nobody can tell from here. */
export function exposedPorts({ ports, expose }: ComposeService): number[] {
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

/** Its address is of those that documentation uses (RFC 5737): that there is one is all that matters. */
function attachment(name: string): NetworkAttachment {
  return { name, networkId: name, ipv4: '192.0.2.1' };
}

export function networkName(key: string, { project, networks }: Pick<FactsOptions, 'project' | 'networks'>): string {
  return networks.get(key)?.name ?? `${project}_${key}`;
}
