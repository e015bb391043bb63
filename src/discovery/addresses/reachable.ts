import {
  gatewayBridge,
  lanDrivers,
  type ContainerFacts,
  type NetworkAttachment,
  type Reach,
} from '../../docker/facts.ts';
import type { Endpoint } from '../../relay/boundary/table.ts';
import { printable, quoted } from '../../text/printable.ts';
import { shellWord } from '../../text/shell-word.ts';
import { found, none, type AddressChoice } from './choice.ts';
import { withProof } from './proof.ts';
import {
  engineHostOf,
  hostUnresolved,
  onPublishedPort,
  portsEntry,
  publishedEndpoints,
  thisMachine,
} from './published.ts';

/**
 * Finds the addresses of a container that Sealane can reach from its vantage, best first. Pure. They are those on the
 * network named by label, else those on all networks shared with Sealane, else a published port. Which of several
 * answers is found out by probes and dials.
 *
 * A published port is not one more address beside others: on an ordinary host the engine's port proxy would be dialed for
 * each container that does not listen yet, or just died, and it accepts connections that nothing answers.
 */
export interface AddressQuery {
  readonly facts: ContainerFacts;
  readonly port: number;
  readonly reach: Reach;
  /** The `network` label. */
  readonly network: string | undefined;
  readonly project: string | undefined;
  /** The container whose network namespace `facts` shares, where it shares one. */
  readonly parent: ContainerFacts | undefined;
  /** Whether this machine is on a network with the address. */
  readonly hasRoute: (address: string) => boolean;
  /** Whether a route of this machine other than the default one leads to the address, through a router. */
  readonly isRouted: (address: string) => boolean;
}

export function chooseAddresses(query: AddressQuery): AddressChoice {
  const choice = choose(query);
  if (choice.kind !== 'found') return choice;
  return { ...choice, endpoints: choice.endpoints.map((endpoint) => withProof(endpoint, query.facts)) };
}

function choose(query: AddressQuery): AddressChoice {
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
    case 'published': {
      const { addresses } = engineHostOf(reach);
      // The virtual machine's forwarder accepts connections to ports that nothing listens on.
      const viaPortProxy = reach.because === 'virtual-machine' ? { viaPortProxy: true } : {};
      if (addresses.length === 0) return hostUnresolved(reach.host);
      return { kind: 'found', endpoints: addresses.map((host) => ({ host, port, ...viaPortProxy })) };
    }
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
  if (reach.kind === 'published') return onPublishedPort(query.facts, query.port, reach);
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
  if (reach.kind === 'networks' && !reach.networkIds.has(attachment.networkId)) {
    return none(
      'no-shared-network',
      `Sealane is not on network ${quoted(attachment.name)}`,
      `docker network connect ${shellWord(printable(attachment.name))} <sealane's container>`,
    );
  }
  // The host is on no overlay, and reaches what is on one through the bridge.
  const bridge = attachment.driver === 'overlay' ? attachments.filter((one) => one.name === gatewayBridge) : [];
  return addressesOn(reach.kind === 'host' ? [attachment, ...bridge] : [attachment], query);
}

function onAnyNetwork(query: AddressQuery, attachments: readonly NetworkAttachment[]): AddressChoice {
  const { reach } = query;
  if (reach.kind === 'published') return onPublishedPort(query.facts, query.port, reach);
  // Networks are sorted by name: the engine's order has no meaning and may change, but the choice must not.
  const reachable = attachments
    .filter((one) => reach.kind === 'host' || reach.networkIds.has(one.networkId))
    .toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  if (reachable.length > 0) return addressesOn(reachable, query);
  return reach.kind === 'networks' ? throughGateway(query, reach.gateway, attachments) : withoutNetwork(query);
}

/** A port published on all addresses can be reached from another network through the host; one on 127.0.0.1 can't. */
function throughGateway(
  { facts, port }: AddressQuery,
  gateway: string | undefined,
  attachments: readonly NetworkAttachment[],
): AddressChoice {
  const host = { addresses: gateway === undefined ? [] : [gateway], isHere: false };
  const endpoints = publishedEndpoints(facts.publishedPorts, port, host);
  if (endpoints.length > 0)
    return { kind: 'found', endpoints, publishedBecause: 'since Sealane shares no network with it' };
  return none(
    'no-shared-network',
    `Sealane shares no network with it (it is on ${names(attachments)})`,
    'Put both on one network, for example under `networks:` in the compose file.',
  );
}

/** An engine that does not tell that it is rootless has containers on the host that are on no network. */
function withoutNetwork({ facts, port }: AddressQuery): AddressChoice {
  const endpoints = publishedEndpoints(facts.publishedPorts, port, thisMachine);
  if (endpoints.length > 0) return { kind: 'found', endpoints, publishedBecause: 'since it is attached to no network' };
  return none(
    'no-address',
    `it is attached to no network, and its port ${port} is not published`,
    `Attach it to a network, or publish the port (${portsEntry(facts, port)}).`,
  );
}

/**
 * All IPv4 addresses come first, since a server that listens on one family only mostly listens on that one. The
 * addresses on macvlan, ipvlan and overlay networks come last where Sealane is on the engine's host, and those of overlays
 * that no route leads to are left out.
 */
function addressesOn(attachments: readonly NetworkAttachment[], query: AddressQuery): AddressChoice {
  const { reach, port, hasRoute } = query;
  const isApart = ({ driver }: NetworkAttachment): boolean => reach.kind === 'host' && withoutHost.has(driver);
  const { near = [], apart = [] } = Object.groupBy(attachments, (one) => (isApart(one) ? 'apart' : 'near'));
  const { beyond = [], far = [] } = Object.groupBy(apart, (one) => (isBeyondReach(one, query) ? 'beyond' : 'far'));
  const endpoints = [
    ...hostsOf(near).map((host) => ({ host, port, isDirect: true, ...cardOf(near, host) })),
    ...hostsOf(far).map((host) => ({ host, port })),
  ];
  if (near.length + far.length === 0 && beyond.length > 0) return onOverlaysOnly(query, beyond);
  if (endpoints.length === 0) return { kind: 'not-yet' };
  if (reach.kind !== 'host' || endpoints.some(({ host }) => hasRoute(host))) return { kind: 'found', endpoints };
  return withoutRoute(query, endpoints);
}

/** Whether the addresses are on an overlay, and this machine would send what is for them to its default gateway. */
function isBeyondReach(attachment: NetworkAttachment, { hasRoute, isRouted }: AddressQuery): boolean {
  const hosts = hostsOf([attachment]);
  return attachment.driver === 'overlay' && hosts.length > 0 && !hosts.some((host) => hasRoute(host) || isRouted(host));
}

function onOverlaysOnly({ facts, port }: AddressQuery, overlays: readonly NetworkAttachment[]): AddressChoice {
  const unrouted = hostsOf(overlays);
  const endpoints = publishedEndpoints(facts.publishedPorts, port, thisMachine);
  if (endpoints.length > 0)
    return { kind: 'found', endpoints, publishedBecause: 'since it is on overlay networks only', unrouted };
  return {
    ...none(
      'no-shared-overlay',
      `it is on the overlay network ${names(overlays)}, which this host can't reach, and its port ${port} is not published here`,
      `Run Sealane as a service on that network, or publish the port on its node: ${portsEntry(facts, port)}`,
    ),
    unrouted,
  };
}

/**
 * On the engine's host, a container's address has no route where the engine is in a virtual machine or in another network
 * namespace, and does not tell. An address that is not on a bridge may be reached through a router all the same.
 */
function withoutRoute({ facts, port }: AddressQuery, own: readonly Endpoint[]): AddressChoice {
  const published = publishedEndpoints(facts.publishedPorts, port, thisMachine);
  const unrouted = own.map(({ host }) => host);
  if (published.length === 0) {
    // What is on no bridge publishes no port.
    const advice = `Publish its port (${portsEntry(facts, port)}), or run Sealane as a container on its network.`;
    return { kind: 'found', endpoints: own, ...(own.some(({ isDirect }) => isDirect) && { advice }), unrouted };
  }
  const endpoints = [...published, ...own.filter(({ isDirect }) => !isDirect)];
  return {
    kind: 'found',
    endpoints,
    publishedBecause: `since Sealane is on no network with ${unrouted.join(', ')}`,
    unrouted,
  };
}

/**
 * The drivers of networks that the engine's host is no part of: an overlay is in a network namespace of its own. The host
 * may have an interface or a router for such a network all the same, so that its addresses are tried.
 */
const withoutHost = new Set([...lanDrivers, 'overlay']);

/**
 * The network card by which the address is known to be the container's. The kernel tells of those of IPv4, and all
 * containers on an ipvlan have one.
 */
function cardOf(attachments: readonly NetworkAttachment[], host: string): Pick<Endpoint, 'proof'> {
  const { hardware, driver } = attachments.find(({ ipv4 }) => ipv4 === host) ?? {};
  return hardware === undefined || driver === 'ipvlan' ? {} : { proof: { kind: 'card', hardware } };
}

function hostsOf(attachments: readonly NetworkAttachment[]): string[] {
  return [...attachments.map(({ ipv4 }) => ipv4), ...attachments.map(({ ipv6 }) => ipv6)].filter(
    (host) => host !== undefined,
  );
}

function names(attachments: readonly NetworkAttachment[]): string {
  const own = attachments.filter(({ name }) => name !== gatewayBridge);
  return own.length === 0 ? 'none' : own.map(({ name }) => quoted(name)).join(', ');
}
