import { isIP } from 'node:net';
import type { DetectionResult } from './detect/step.ts';
import { parseAddress } from '../../address/address.ts';
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

/** The address of a client as a socket address; undefined for a client without an IP address. */
export function socketAddressOf(client: string): SocketAddress | undefined {
  const address = parseAddress(client);
  return address && isIP(address.host) !== 0 ? address : undefined;
}
