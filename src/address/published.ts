import { formatAddress, isLoopback, isUnix, isWildcard, type Address } from './address.ts';

/**
 * Finds the addresses of an engine's host at which a port of a container is published. Pure.
 */
export interface PublishedPort {
  readonly containerPort: number;
  /** The address of the host; engines may also write '' for all its addresses. */
  readonly hostIp: string;
  readonly hostPort: number;
}

/**
 * The addresses of the host that are forwarded to a listen address in the container, those of IPv4 first: `localhost` is
 * 127.0.0.1 on every host. Loopback gets nothing from there.
 */
export function publishedAddresses({ host, port }: Address, ports: readonly PublishedPort[]): Address[] {
  if (isUnix(host) || isLoopback(host)) return [];
  const published = ports
    .filter(({ containerPort }) => containerPort === port)
    .map(({ hostIp, hostPort }) => ({ host: hostIp === '' ? '0.0.0.0' : hostIp, port: hostPort }));
  // An engine publishes a port on both families at once, and lists both.
  const isRepeated = ({ host: ip, port: hostPort }: Address): boolean =>
    ip === '::' && published.some((other) => other.host === '0.0.0.0' && other.port === hostPort);
  const isIPv6 = ({ host: ip }: Address): number => Number(ip.includes(':'));
  return published.filter((one) => !isRepeated(one)).toSorted((a, b) => isIPv6(a) - isIPv6(b));
}

/**
 * The address for people: where it is published, with its own address in brackets if that has another port. `ports` is
 * undefined where Sealane's ports are the host's own.
 */
export function shownAddress(address: Address, ports: readonly PublishedPort[] | undefined): string {
  const own = formatAddress(address);
  const published = publishedAddresses(address, ports ?? []);
  if (published.length === 0) return own;
  const shown = published.map(formatAddress).join(', ');
  return shown === own ? own : `${shown} (${own} in the container)`;
}

/** The address to put into a link on the host: `localhost` stands for all addresses. */
export function linkAddress({ host, port }: Address): string {
  return formatAddress({ host: isWildcard(host) ? 'localhost' : host, port });
}
