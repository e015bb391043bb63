import { lanDrivers, type ContainerFacts, type NetworkAttachment, type Reach } from '../docker/facts.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import type { ProblemCode } from '../catalog/problem.ts';
import { isWildcard } from '../address/address.ts';
import { printable, quoted } from '../text/printable.ts';

/**
 * Finds the addresses of a container that Sealane can reach from its vantage, best first. Pure. They are those on the
 * network named by label, else those on all networks shared with Sealane, else a published port. Which of several
 * answers is found out by probes and dials.
 */
type AddressChoice =
  | { readonly kind: 'found'; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: 'none'; readonly code: ProblemCode; readonly message: string; readonly fix: string }
  /** The container's networks are still being set up; this is not a problem, since more events will follow. */
  | { readonly kind: 'not-yet' };

export interface AddressQuery {
  readonly facts: ContainerFacts;
  readonly port: number;
  readonly reach: Reach;
  /** The `network` label. */
  readonly network: string | undefined;
  readonly project: string | undefined;
  /** The container whose network namespace `facts` shares, where it shares one. */
  readonly parent: ContainerFacts | undefined;
}

export function chooseAddresses(query: AddressQuery): AddressChoice {
  const { networking } = query.facts;
  switch (networking.kind) {
    case 'host':
      return onHostNetwork(query);
    case 'none':
      return none(
        'no-address',
        'it has no network (network_mode: none)',
        'Attach it to a network shared with Sealane.',
      );
    case 'container':
      return throughParent(query);
    case 'networks':
      return query.network === undefined
        ? onAnyNetwork(query, networking.attachments)
        : onNamedNetwork(query, query.network, networking.attachments);
  }
}

function onHostNetwork({ reach, port }: AddressQuery): AddressChoice {
  switch (reach.kind) {
    case 'host':
      return found('127.0.0.1', port);
    case 'published':
      return found(reach.host, port);
    case 'networks':
      if (reach.gateway !== undefined) return found(reach.gateway, port);
      return none(
        'no-shared-network',
        'it runs on the host network, and Sealane has no gateway to the host',
        'Attach Sealane to a network that is not internal.',
      );
  }
}

function throughParent(query: AddressQuery): AddressChoice {
  const { facts, parent } = query;
  if (!parent || parent.networking.kind === 'container') {
    return none(
      'namespace-lost',
      'the container whose network it shares is not running',
      'Start that container, then this one again.',
    );
  }
  // After a restart of the parent the child still has the namespace of the parent's former run; no event says so.
  if (parent.startedAtNs > facts.startedAtNs) {
    return none(
      'namespace-lost',
      `it shares the network of ${printable(parent.name)}, which has restarted since`,
      'Restart this container: it is on a network that no longer exists.',
    );
  }
  return chooseAddresses({ ...query, facts: parent, parent: undefined });
}

function onNamedNetwork(query: AddressQuery, name: string, attachments: readonly NetworkAttachment[]): AddressChoice {
  const { reach, project } = query;
  const attachment =
    attachments.find((one) => one.name === name) ??
    attachments.find((one) => project !== undefined && one.name === `${project}_${name}`);
  if (!attachment) {
    return none(
      'not-on-network',
      `it is not on network ${quoted(name)}; it is on ${names(attachments)}`,
      'Correct the network label, or attach the container.',
    );
  }
  if (reach.kind === 'published') return onPublishedPort(query, reach.host);
  if (reach.kind === 'networks' && !reach.networkIds.has(attachment.networkId)) {
    return none(
      'no-shared-network',
      `Sealane is not on network ${quoted(attachment.name)}`,
      `docker network connect ${printable(attachment.name)} <sealane's container>`,
    );
  }
  return addressesOn([attachment], query);
}

function onAnyNetwork(query: AddressQuery, attachments: readonly NetworkAttachment[]): AddressChoice {
  const { reach } = query;
  if (reach.kind === 'published') return onPublishedPort(query, reach.host);
  // Networks are sorted by name: the engine's order has no meaning and may change, but the choice must not.
  const reachable = attachments
    .filter((one) => reach.kind === 'host' || reach.networkIds.has(one.networkId))
    .toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  if (reachable.length > 0) return addressesOn(reachable, query);
  if (reach.kind === 'networks') return throughGateway(query, reach.gateway, attachments);
  return none('no-address', 'it is attached to no network', 'Attach it to a network.');
}

/** A port published on all addresses can be reached from another network through the host; one on 127.0.0.1 can't. */
function throughGateway(
  query: AddressQuery,
  gateway: string | undefined,
  attachments: readonly NetworkAttachment[],
): AddressChoice {
  const published = query.facts.publishedPorts.find((one) => one.containerPort === query.port && isOnAll(one.hostIp));
  if (published && gateway !== undefined) return found(gateway, published.hostPort);
  return none(
    'no-shared-network',
    `Sealane shares no network with it (it is on ${names(attachments)})`,
    'Put both on one network, for example under `networks:` in the compose file.',
  );
}

function onPublishedPort({ facts, port }: AddressQuery, host: string): AddressChoice {
  const published = facts.publishedPorts.find(
    (one) => one.containerPort === port && (isOnAll(one.hostIp) || host === '127.0.0.1' || one.hostIp === host),
  );
  if (published) return found(host, published.hostPort);
  return none(
    'no-address',
    `Sealane reaches containers through published ports only, and port ${port} is not published`,
    `Publish it (ports: ["${port}"]), or run Sealane as a container on its network.`,
  );
}

/**
 * All IPv4 addresses come first, since a server that listens on one family only mostly listens on that one. The
 * addresses on macvlan, ipvlan and overlay networks come last where Sealane is on the engine's host.
 */
function addressesOn(attachments: readonly NetworkAttachment[], { reach, port }: AddressQuery): AddressChoice {
  const isApart = ({ driver }: NetworkAttachment): boolean => reach.kind === 'host' && withoutHost.has(driver);
  const { near = [], apart = [] } = Object.groupBy(attachments, (one) => (isApart(one) ? 'apart' : 'near'));
  const endpoints = [
    ...hostsOf(near).map((host) => ({ host, port, isDirect: true })),
    ...hostsOf(apart).map((host) => ({ host, port })),
  ];
  return endpoints.length === 0 ? { kind: 'not-yet' } : { kind: 'found', endpoints };
}

/**
 * The drivers of networks that the engine's host is no part of: an overlay is in a network namespace of its own. The host
 * may have an interface or a router for such a network all the same, so that its addresses are tried.
 */
const withoutHost = new Set([...lanDrivers, 'overlay']);

function hostsOf(attachments: readonly NetworkAttachment[]): string[] {
  return [...attachments.map(({ ipv4 }) => ipv4), ...attachments.map(({ ipv6 }) => ipv6)].filter(
    (host) => host !== undefined,
  );
}

/** Whether a port is published on all addresses, for which engines may also write ''. */
function isOnAll(hostIp: string): boolean {
  return hostIp === '' || isWildcard(hostIp);
}

function names(attachments: readonly NetworkAttachment[]): string {
  return attachments.length === 0 ? 'none' : attachments.map((one) => quoted(one.name)).join(', ');
}

function found(host: string, port: number): AddressChoice {
  return { kind: 'found', endpoints: [{ host, port }] };
}

function none(code: ProblemCode, message: string, fix: string): AddressChoice {
  return { kind: 'none', code, message, fix };
}
