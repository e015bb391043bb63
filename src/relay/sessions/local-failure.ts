import { isIPv6 } from 'node:net';
import { formatAddress } from '../../address/address.ts';
import type { Endpoint } from '../boundary/table.ts';

/**
 * Dials that fail because this machine lacks a resource, which says nothing about the upstream. Pure.
 */
const localFailures: Readonly<Record<string, string>> = {
  EMFILE: 'this process has reached its limit of open files',
  ENFILE: 'this machine has reached its limit of open files',
  ENOBUFS: 'the kernel has no memory left for sockets',
  ENOMEM: 'the kernel has no memory left for sockets',
  // The error is epoll_ctl(2)'s; no dial is answered with it.
  ENOSPC: 'this user has reached the limit of watched sockets',
  EADDRNOTAVAIL: 'every local port is in use by a connection to it',
};

/**
 * A message that names the missing resource; undefined when the upstream itself failed. `code` is Node's error code.
 */
export function localFailureOf(code: string, endpoint: Endpoint): string | undefined {
  // Over IPv6, connect(2) also fails so on a machine without IPv6, permanently.
  if (code === 'EADDRNOTAVAIL' && isIPv6(endpoint.host)) return undefined;
  const why = localFailures[code];
  return why && `${formatAddress(endpoint)} can’t be dialed: ${why} (${code})`;
}
