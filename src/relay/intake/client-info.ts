import { isIP } from 'node:net';
import type { DetectionResult } from './detect/step.ts';
import { parseAddress } from '../../address/address.ts';
import { formatSocketAddress, type SocketAddress } from '../wire/socket-address.ts';

/**
 * What detection found out about a client; sessions without detection have no client info. It is plain data, so it can
 * go from thread to thread with its client.
 */
export interface ClientInfo extends DetectionResult {
  readonly startedAtWallMs: number;
  /** `ip:port`: the source in the PROXY header if there was one, else the peer. */
  readonly client: string;
  /** The address of the proxy that the client came through. */
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
