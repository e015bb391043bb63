import { isIPv6 } from 'node:net';
import { dotted, numberOf } from '../address/number-of.ts';

/**
 * Parses the kernel's routes, as /proc/net/route and /proc/net/ipv6_route list them (proc(5); rt6_info_route in
 * net/ipv6/route.c), and finds the one for an address. Pure.
 */
export interface KernelRoute {
  /** The name of the interface; `*` or `lo` for a route that rejects packets. */
  readonly device: string;
  readonly destination: bigint;
  readonly prefixLength: number;
  /** The address of the next router; 0 where there is none. */
  readonly gateway: bigint;
  readonly flags: number;
  readonly metric: number;
}

const up = 0x0001; // RTF_UP
const throughGateway = 0x0002; // RTF_GATEWAY
const rejected = 0x0200; // RTF_REJECT

/** Addresses in /proc/net/route are in the machine's byte order: little-endian on all platforms of Node but s390x. */
export function parseRoutes(text: string, bigEndian: boolean): KernelRoute[] {
  return text.split('\n').flatMap((line) => {
    // Fields: interface, destination, gateway, flags, ref count, use, metric, mask …
    const [device = '', destination = '', gateway = '', flags = '', , , metric, mask = ''] = line.trim().split(/\s+/);
    if (![destination, gateway, mask].every((field) => /^[0-9A-Fa-f]{8}$/.test(field))) return [];
    const prefixLength = addressOf(mask, bigEndian).toString(2).replaceAll('0', '').length;
    return {
      device,
      destination: addressOf(destination, bigEndian),
      prefixLength,
      gateway: addressOf(gateway, bigEndian),
      flags: Number.parseInt(flags, 16),
      metric: Number(metric),
    };
  });
}

export function parseIPv6Routes(text: string): KernelRoute[] {
  return text.split('\n').flatMap((line) => {
    // Fields: destination, its prefix, source, its prefix, next hop, metric, ref count, use, flags, interface.
    const [destination = '', prefix = '', , sourcePrefix, gateway = '', metric = '', , , flags = '', device = ''] = line
      .trim()
      .split(/\s+/);
    // A route for some source addresses only is not one for a dial, which has no source address yet.
    if (![destination, gateway].every((field) => /^[0-9a-f]{32}$/.test(field)) || sourcePrefix !== '00') return [];
    return {
      device,
      destination: BigInt(`0x${destination}`),
      prefixLength: Number.parseInt(prefix, 16),
      gateway: BigInt(`0x${gateway}`),
      flags: Number.parseInt(flags, 16),
      metric: Number.parseInt(metric, 16),
    };
  });
}

/** The gateway of the best IPv4 default route; a default route without a gateway leads to no host. */
export function defaultGateway(routes: readonly KernelRoute[]): string | undefined {
  const needed = up | throughGateway;
  const [best] = routes
    .filter(({ prefixLength, flags }) => prefixLength === 0 && (flags & needed) === needed)
    .toSorted((a, b) => a.metric - b.metric);
  return best && dotted(best.gateway);
}

/** The route that the kernel takes to an address: the longest prefix, then the lowest metric. */
export function routeTo(host: string, routes: readonly KernelRoute[]): KernelRoute | undefined {
  // A zone (fe80::1%eth0) names an interface; the route is the same without it.
  const address = numberOf(host.replace(/%.*/, ''));
  const length = isIPv6(host) ? 128 : 32;
  let best: KernelRoute | undefined;
  for (const route of routes) {
    const rest = BigInt(length - route.prefixLength);
    if (route.destination >> rest !== address >> rest) continue;
    const isBetter =
      !best ||
      route.prefixLength > best.prefixLength ||
      (route.prefixLength === best.prefixLength && route.metric < best.metric);
    if (isBetter) best = route;
  }
  return best;
}

/** Whether the route leads to a network that this machine is on, instead of to a router or to nothing. */
export function isDirectRoute({ prefixLength, flags }: KernelRoute): boolean {
  // A VPN's default route names no router either, and leads out of the machine all the same.
  return prefixLength > 0 && (flags & (throughGateway | rejected)) === 0;
}

/** Whether the route is for some addresses only, and leads to a router. */
export function leadsToRouter({ prefixLength, flags }: KernelRoute): boolean {
  return prefixLength > 0 && (flags & throughGateway) !== 0 && (flags & rejected) === 0;
}

function addressOf(hex: string, bigEndian: boolean): bigint {
  const bytes = Buffer.from(hex, 'hex');
  return BigInt(bigEndian ? bytes.readUInt32BE() : bytes.readUInt32LE());
}
