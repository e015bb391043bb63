import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { formatAddress, isLoopback, isWildcard, type Address } from '../../address/address.ts';
import type { StandInPlace } from '../../catalog/swap/stand-in.ts';
import type { Endpoint } from '../../relay/boundary/table.ts';
import type { Clock } from '../../time/clock.ts';
import { messageOf } from '../../text/message-of.ts';
import { printable } from '../../text/printable.ts';

/**
 * Finds the addresses by which Sealane reaches a process on the machine of an operator. For a Sealane in a container,
 * `localhost` of that machine is the host of the container: what Docker Desktop calls host.docker.internal, and on Linux
 * the gateway of the container's network, where a process that listens on 127.0.0.1 only can't be reached.
 */
export interface SwapStandpoint {
  /** Whether Sealane is in a container with a network of its own. */
  readonly isInContainer: boolean;
  /** The gateway of that network; undefined where it has none. */
  readonly gateway: string | undefined;
  readonly resolve: Resolve;
}

/** Returns all addresses of a name, or rejects. */
type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * The names that Docker Desktop and Podman give the machine, and `extra_hosts: host.docker.internal:host-gateway` on Linux. A
 * container of a rootless Podman reaches the machine by no other address: its gateway is in the user's own namespace.
 */
const hostNames = ['host.docker.internal', 'host.containers.internal'];

/** The place; a text where there is none, which says why and what to do. */
export async function placeOf(address: Address, from: SwapStandpoint): Promise<StandInPlace | string> {
  const { port } = address;
  const host = address.host.toLowerCase();
  const { resolve } = from;
  const isHere = host === 'localhost' || host.endsWith('.localhost') || isLoopback(host) || isWildcard(host);
  if (isHere) return from.isInContainer ? throughHost(port, from) : onThisMachine(host, port);
  let hosts: readonly string[];
  try {
    hosts = isIP(host) ? [host] : await resolve(host);
  } catch (error) {
    return `Sealane can't resolve ${printable(host)} (${messageOf(error)}); name an address that it reaches.`;
  }
  // The caller's own name may be one of loopback, which is that of the container here.
  if (from.isInContainer && hosts.every(isLoopback)) return throughHost(port, from);
  return {
    endpoints: hosts.map((one) => ({ host: one, port })),
    advice: `Let its process listen on ${formatAddress(address)}.`,
  };
}

function onThisMachine(host: string, port: number): StandInPlace {
  const hosts = isLoopback(host) ? [host] : ['127.0.0.1', '::1'];
  return {
    endpoints: hosts.map((one) => ({ host: one, port })),
    advice: `Let its process listen on port ${port} of 127.0.0.1.`,
  };
}

async function throughHost(port: number, { gateway, resolve }: SwapStandpoint): Promise<StandInPlace | string> {
  const resolved = await Promise.all(hostNames.map((name) => resolve(name).catch((): readonly string[] => [])));
  const named = [...new Set(resolved.flat())];
  // Docker Desktop's name leads to a forwarder, which reaches what listens on 127.0.0.1, too, and may accept in vain.
  const forwarders = named.filter((one) => one !== gateway);
  const endpoints: Endpoint[] = [
    ...forwarders.map((host) => ({ host, port, viaPortProxy: true })),
    ...(gateway === undefined ? [] : [{ host: gateway, port }]),
  ];
  if (endpoints.length === 0)
    return 'Sealane runs in a container that has no way to its host; name an address of this machine that the container reaches.';
  const shown = endpoints.map(formatAddress).join(' or ');
  return {
    endpoints,
    throughHost: endpoints.map(({ host }) => host),
    advice: `Sealane runs in a container and reaches the machine as ${shown}: let the process listen on 0.0.0.0:${port}, since 127.0.0.1 is not reached from there${forwarders.length > 0 ? ', except with Docker Desktop' : ''}.`,
  };
}

/** A name server that is out of reach is silent for seconds, and a command waits for the answer. */
const resolveMs = 1_000;

/** Resolves names by getaddrinfo(3), each at most once at a time, since a silent lookup occupies a thread of Node. */
export function createResolve(clock: Clock, lookUp: Resolve = systemResolve): Resolve {
  const underWay = new Map<string, Promise<readonly string[]>>();
  return (host) => {
    const asked = underWay.get(host) ?? lookUp(host).finally(() => underWay.delete(host));
    underWay.set(host, asked);
    return new Promise((resolve, reject) => {
      const timer = clock.after(resolveMs, () => reject(new Error('no name server answers')));
      asked.then(resolve, reject).finally(() => timer.cancel());
    });
  };
}

async function systemResolve(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
