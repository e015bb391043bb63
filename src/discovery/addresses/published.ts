import { isIP, isIPv6 } from 'node:net';
import { isWildcard } from '../../address/address.ts';
import type { PublishedPort } from '../../address/published.ts';
import { taskOf } from '../../docker/creator.ts';
import type { ContainerFacts, Reach } from '../../docker/facts.ts';
import type { Endpoint } from '../../relay/boundary/table.ts';
import { printable } from '../../text/printable.ts';
import { none, type AddressChoice } from './choice.ts';

/**
 * Finds the addresses at which an engine's host forwards a port to a container. Pure.
 */
interface EngineHost {
  /** The addresses of the host, as Sealane dials them. */
  readonly addresses: readonly string[];
  /** Whether the host is this machine, where a port that is published on any of its addresses can be reached. */
  readonly isHere: boolean;
}

export const thisMachine: EngineHost = { addresses: ['127.0.0.1', '::1'], isHere: true };

type Published = Extract<Reach, { kind: 'published' }>;

export function engineHostOf({ host, addresses }: Published): EngineHost {
  return host === '127.0.0.1' ? thisMachine : { addresses: addresses ?? [host], isHere: false };
}

/** The addresses of a published port, those of IPv4 first; none where the host has it on no address that is dialed. */
export function publishedEndpoints(
  ports: readonly PublishedPort[],
  containerPort: number,
  host: EngineHost,
): readonly Endpoint[] {
  const own = ports.filter((one) => one.containerPort === containerPort);
  const found = new Map<string, Endpoint>();
  for (const { hostIp, hostPort: port } of own) {
    for (const address of addressesFor(hostIp, host))
      found.set(`${address} ${port}`, { host: address, port, viaPortProxy: true });
  }
  const endpoints = [...found.values()].toSorted((a, b) => Number(isIPv6(a.host)) - Number(isIPv6(b.host)));
  // An engine publishes a port on both families at once; one of them is enough.
  return endpoints.filter(
    (one) => !isIPv6(one.host) || !own.some(isOnAllIPv4) || !endpoints.some(({ host: ip }) => !isIPv6(ip)),
  );
}

export function onPublishedPort(facts: ContainerFacts, port: number, reach: Published): AddressChoice {
  const { publishedPorts } = facts;
  const host = engineHostOf(reach);
  if (host.addresses.length === 0) return hostUnresolved(reach.host);
  const endpoints = publishedEndpoints(publishedPorts, port, host);
  if (endpoints.length > 0) return { kind: 'found', endpoints, publishedBecause: `since ${whyPublished(reach)}` };
  const on = publishedOn(publishedPorts, port);
  if (on.length > 0) {
    const where = host.addresses.join(', ');
    return none(
      'no-address',
      `its port ${port} is published on ${on.join(', ')} only, and Sealane reaches the engine's host at ${where}`,
      `Publish it on all addresses of that host (${portsEntry(facts, port)}), or run Sealane there.`,
    );
  }
  return none(
    'no-address',
    `${whyPublished(reach)}: Sealane reaches containers through published ports only, and port ${port} is not published`,
    `Publish it (${portsEntry(facts, port)}), or run Sealane as a container on its network.`,
  );
}

/**
 * What a compose file says to publish the port. In a Swarm, a port is published on the task's own node with `mode: host`
 * only; without it, the port leads to any of the service's tasks.
 */
export function portsEntry({ labels }: Pick<ContainerFacts, 'labels'>, port: number): string {
  return taskOf(labels) ? `ports: [{target: ${port}, mode: host}]` : `ports: ["${port}"]`;
}

/** Whether the containers run on another machine than Sealane. */
export function isRemote(reach: Reach): boolean {
  return reach.kind === 'published' && reach.because === undefined;
}

/** Why container addresses can't be reached, as a sentence. */
export function whyPublished({ because }: Published): string {
  return because === undefined ? 'the engine is on another machine' : apart[because];
}

const apart = {
  rootless: 'this engine is rootless',
  'virtual-machine': 'this engine is in a virtual machine',
  'other-engine': 'Sealane is in a container of another engine',
  'same-addresses': 'containers of another engine have the same addresses',
} as const;

export function hostUnresolved(host: string): AddressChoice {
  return none(
    'no-address',
    `the name of the engine's host, ${printable(host)}, cannot be resolved`,
    "Correct the engine's address, or check DNS; Sealane looks the name up again automatically.",
  );
}

/** The host's addresses on which a port is published, for people: `127.0.0.1`. */
function publishedOn(ports: readonly PublishedPort[], containerPort: number): readonly string[] {
  const own = ports.filter((one) => one.containerPort === containerPort);
  return [...new Set(own.map(({ hostIp }) => printable(hostIp || '0.0.0.0')))];
}

function addressesFor(hostIp: string, { addresses, isHere }: EngineHost): readonly string[] {
  const ofIPv4 = addresses.filter((address) => !isIPv6(address));
  switch (hostIp) {
    case '':
      // Engines write '' for all addresses, of whichever family they listen on.
      return ofIPv4.length > 0 ? ofIPv4 : addresses;
    case '0.0.0.0':
      return ofIPv4;
    case '::':
      return addresses.filter((address) => isIPv6(address));
    default:
      return addresses.includes(hostIp) || (isHere && isIP(hostIp) !== 0) ? [hostIp] : [];
  }
}

function isOnAllIPv4({ hostIp }: PublishedPort): boolean {
  return hostIp === '' || (isWildcard(hostIp) && !isIPv6(hostIp));
}
