import type { ServiceIntent } from '../catalog/merge.ts';
import type { Route } from '../catalog/route.ts';
import type { SourceLocation } from '../compose/location.ts';
import type { ComposePort } from '../compose/port.ts';
import type { ComposeService } from '../compose/service.ts';
import { formatAddress, isLoopback, isUnix, overlap, type Address } from '../address/address.ts';
import { printable } from '../text/printable.ts';
import type { Finding } from './finding.ts';
import { areApart } from './placement.ts';

/**
 * Checks that clients reach Sealane's listen ports, and that no other service has taken them. Pure.
 */
export interface Listening {
  readonly intent: ServiceIntent;
  readonly route: Route;
  /** The service that declares the listen address, and the location of its label. */
  readonly service: string;
  readonly location: SourceLocation;
  /** The location of the label that says where TLS is terminated, if there is one. */
  readonly tlsLocation: SourceLocation;
}

/** Routes on ports that Sealane's container does not publish. */
export function unpublished(
  sealane: ComposeService,
  listening: readonly Pick<Listening, 'route' | 'service' | 'location'>[],
  isStack: boolean,
): Finding[] {
  // In the network namespace of another container, that container publishes the ports.
  if (sealane.networkMode !== '' && sealane.networkMode !== 'bridge') return [];
  const open = new Set([...sealane.ports.map(({ container }) => container), ...sealane.expose]);
  const closed = listening.filter(
    ({ route: { host, port } }) => !isUnix(host) && (isLoopback(host) || !open.has(port)),
  );
  // A range is one finding, however many ports it has.
  const groups = Map.groupBy(closed, ({ route, location }) =>
    JSON.stringify([isLoopback(route.host) && route.host, location]),
  );
  return [...groups.values()].flatMap(([first, ...others]) =>
    first ? notPublished(first, others.at(-1)?.route.port, { sealane: printable(sealane.name), isStack }) : [],
  );
}

function notPublished(
  { route, service, location }: Pick<Listening, 'route' | 'service' | 'location'>,
  last: number | undefined,
  { sealane, isStack }: { readonly sealane: string; readonly isStack: boolean },
): Finding {
  const ports = last === undefined ? String(route.port) : `${route.port}-${last}`;
  const published = (host: string): string => {
    const first = formatAddress({ host, port: route.port });
    return last === undefined ? `${first}:${ports}` : `${first}-${last}:${ports}`;
  };
  // A stack publishes no ports on single addresses, and ranges only by the short form, which is never host mode.
  const { port } = route;
  const onNode =
    last === undefined ? `{ target: ${port}, published: ${port}, mode: host }` : `each of them, mode: host,`;
  const wanted = (host: string): string => (isStack ? onNode : `"${published(host)}"`);
  const finding = { code: 'not-published', location, service } as const;
  if (isLoopback(route.host)) {
    return {
      ...finding,
      message: `${route.listen}${last === undefined ? '' : `-${last}`} is inside Sealane's own container, where no client reaches it`,
      fix: `Write ${ports} here, and publish ${wanted(route.host)} in the ports of ${sealane}.`,
    };
  }
  return {
    ...finding,
    message: `clients connect to port ${ports} of ${sealane}, which does not publish it`,
    fix: `Add ${wanted('127.0.0.1')} to the ports of ${sealane}; or "${ports}" to its expose, if only containers connect.`,
  };
}

/** Ports of the host that two services publish. `ours`: services that run Sealane, or are reached through it. */
export function publishConflicts(
  services: readonly ComposeService[],
  ours: ReadonlySet<ComposeService>,
  isStack: boolean,
): Finding[] {
  const findings: Finding[] = [];
  const seen: Publishing[] = [];
  for (const service of services) {
    for (const port of service.ports) {
      if (port.host === undefined || port.host === 0 || port.protocol !== 'tcp') continue;
      if (ours.has(service) && service.replicas > 1) findings.push(...ofReplicas(service, port, isStack));
      const other = seen.find((one) => overlaps(one.port, port) && (ours.has(service) || ours.has(one.service)));
      if (other && other.service !== service) findings.push(...ofTwo(service, port, other, isStack));
      seen.push({ service, port });
    }
  }
  return findings;
}

/** Listen ports that a container publishes, on which a Sealane on the host can't listen. */
export function hostConflicts(services: readonly ComposeService[], listening: readonly Listening[]): Finding[] {
  return listening.flatMap(({ intent, route, service, location }): Finding[] => {
    const rival = services.find((one) => one.ports.some((port) => overlap(publishedAddress(port), route)));
    if (!rival) return [];
    return [
      {
        code: 'publish-conflict',
        location,
        service,
        message: `Sealane is to listen on ${route.listen} for ${intent.name}, but ${printable(rival.name)} publishes that port on the host`,
        fix: `Take the port out of the ports of ${printable(rival.name)}, or listen on another.`,
      },
    ];
  });
}

interface Publishing {
  readonly service: ComposeService;
  readonly port: ComposePort;
}

function ofTwo(service: ComposeService, port: ComposePort, other: Publishing, isStack: boolean): Finding[] {
  const areOnNodes = isStack && port.isHostMode && other.port.isHostMode;
  if (areOnNodes && areApart(service, other.service)) return [];
  const consequence = areOnNodes ? 'a node can run only one of them' : 'only one of them can start';
  return [
    {
      code: 'publish-conflict',
      ...(areOnNodes ? { severity: 'warning' } : {}),
      location: port.location,
      service: service.name,
      message: `it publishes port ${port.host} of the host, and so does ${printable(other.service.name)}: ${consequence}`,
      fix: 'Publish only what clients reach through Sealane, and only there.',
    },
  ];
}

/** The replicas of a stack can have one port in common: the ingress network's, or that of each node. */
function ofReplicas(service: ComposeService, port: ComposePort, isStack: boolean): Finding[] {
  const finding = { code: 'publish-conflict', location: port.location, service: service.name } as const;
  const { replicas } = service;
  if (!isStack) {
    const message = `its ${replicas} replicas can't all publish port ${port.host} of the host`;
    return [{ ...finding, message, fix: 'Take the port out: clients reach all replicas through Sealane.' }];
  }
  if (!port.isHostMode) return [];
  const message = `a node runs only one of its ${replicas} replicas, since each publishes port ${port.host} of its node`;
  const fix = 'Take the port out: on an overlay network with Sealane, clients reach all replicas without one.';
  return [{ ...finding, severity: 'warning', message, fix }];
}

function overlaps(a: ComposePort, b: ComposePort): boolean {
  return overlap(publishedAddress(a), publishedAddress(b));
}

/** The address that the engine publishes on: all addresses of IPv4 and IPv6, unless the mapping names one. */
function publishedAddress({ hostIp, host = 0 }: ComposePort): Address {
  return { host: hostIp === '' ? '::' : hostIp, port: host };
}
