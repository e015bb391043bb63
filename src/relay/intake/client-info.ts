import { isIP } from 'node:net';
import type { DetectionResult } from './detect/step.ts';
import { formatSocketAddress, type SocketAddress } from '../wire/socket-address.ts';

/**
 * Where a session comes from, as far as detection found out; sessions without detection have none. Plain data: it may go
 * from thread to thread with its client.
 */
export interface ClientInfo extends DetectionResult {
  readonly startedAtWallMs: number;
  /** `ip:port`, as the PROXY header says if there was one. */
  readonly client: string;
  /** The proxy it came through. */
  readonly via: string | undefined;
}

export function clientInfoOf(peer: string, startedAtWallMs: number, detected: DetectionResult): ClientInfo {
  const { proxied } = detected;
  const client = proxied?.source ? formatSocketAddress(proxied.source) : peer;
  return { ...detected, startedAtWallMs, client, via: proxied && peer };
}

/** `10.0.0.1` of `10.0.0.1:80`, `::1` of `[::1]:80`; what has no port, such as `unix`, as it is. */
export function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  if (colon < 0) return address;
  const host = address.slice(0, colon);
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** Undefined for what is no IP address. */
export function socketAddressOf(address: string): SocketAddress | undefined {
  const host = hostOf(address);
  return isIP(host) === 0 ? undefined : { host, port: Number(address.slice(address.lastIndexOf(':') + 1)) };
}
