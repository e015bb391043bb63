import type { Server, Socket } from 'node:net';
import { openLibc } from '../splice/libc.ts';
import { setLongestRetry } from '../vanished-peer.ts';

/**
 * Bounds the pauses between retransmissions of a socket that Node owns, which has no call for it. Accepted sockets
 * inherit the bound from their server's (net/core/sock.c, sk_clone_lock). Does nothing where libc can't be called.
 */
export function openRetryLimit(longestRetryMs: number): (owner: Server | Socket) => void {
  const libc = openLibc();
  if ('unavailable' in libc) return () => {};
  return (owner) => {
    const { _handle: handle } = owner as { _handle?: { readonly fd?: number } };
    if (handle?.fd !== undefined && handle.fd >= 0) setLongestRetry(libc, handle.fd, longestRetryMs);
  };
}
