import { isIPv6 } from 'node:net';
import { formatAddress } from '../../address/address.ts';
import type { Endpoint } from '../boundary/table.ts';

/**
 * Dials that fail for want of a resource of this machine, which says nothing about the upstream. Pure.
 */
const localFailures: Readonly<Record<string, string>> = {
  EMFILE: 'this process has as many files open as it may',
  ENFILE: 'this machine has as many files open as it may',
  ENOBUFS: 'the kernel has no memory left for sockets',
  ENOMEM: 'the kernel has no memory left for sockets',
  // epoll_ctl(2); no dial is answered so.
  ENOSPC: 'this user has as many sockets watched as it may',
  EADDRNOTAVAIL: 'every local port is taken by connections to it',
};

/** Which resource is missing, for people; undefined: the upstream failed. `code` is Node's. */
export function localFailureOf(code: string, endpoint: Endpoint): string | undefined {
  // connect(2). Over IPv6 it is also what a machine without IPv6 answers, for good.
  if (code === 'EADDRNOTAVAIL' && isIPv6(endpoint.host)) return undefined;
  const why = localFailures[code];
  return why && `${formatAddress(endpoint)} can’t be dialed: ${why} (${code})`;
}
