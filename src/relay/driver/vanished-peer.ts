import type { RelayEnd } from './driver.ts';
import type { Libc } from './splice/libc.ts';

/**
 * How a peer is noticed that vanished without a word: its machine lost its power or its network, or went to sleep.
 *
 * Keep-alive probes a connection on which nothing is under way. While bytes are unacknowledged it rests, and the kernel
 * gives up after 15 retransmissions (net.ipv4.tcp_retries2), which are ever further apart. TCP_USER_TIMEOUT would
 * shorten both, but it also ends a connection whose peer takes no bytes and acknowledges every probe, as the kernel of
 * a paused container does (measured; tcp_probe_timer() in net/ipv4/tcp_timer.c). So the pauses are bounded instead.
 */
export interface PeerTimeouts {
  /** The silence before the first probe, in whole seconds (tcp(7), TCP_KEEPIDLE). */
  readonly probeAfterMs: number;
  /** The pause between two probes, in whole seconds (TCP_KEEPINTVL). */
  readonly probeIntervalMs: number;
  /** The number of probes without an answer after which the peer is given up (TCP_KEEPCNT). */
  readonly probes: number;
  /** The longest pause between two retransmissions, 1 to 120 s (TCP_RTO_MAX_MS; the kernel's default is 120 s). */
  readonly longestRetryMs: number;
}

/**
 * A silent peer is given up after 30 + 3 × 10 = 60 s. Three probes, ten seconds apart, outlast a network that is away
 * for a moment. With bytes under way the default of 15 retransmissions takes 0.2 + 0.4 + … + 3.2 s, then 4 s each: 52 s
 * (measured).
 */
export const peerTimeouts: PeerTimeouts = {
  probeAfterMs: 30_000,
  probeIntervalMs: 10_000,
  probes: 3,
  longestRetryMs: 4_000,
};

/**
 * The errors of a connection that the kernel gave up for want of an answer. The last ones are what routers or its own
 * neighbour table said meanwhile (tcp_write_err() in net/ipv4/tcp_timer.c).
 */
const noAnswer: ReadonlySet<string> = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/** The end of a relay of which one side has failed. `code` is Node's, e.g. `ECONNRESET`. */
export function failureOf(side: 'client' | 'upstream', code: string | undefined): RelayEnd {
  return code !== undefined && noAnswer.has(code) ? `${side}-timeout` : `${side}-reset`;
}

const solSocket = 1n;
const ipProtoTcp = 6n;

/** Sets the options of a socket. Sockets that a listener accepts inherit its own (net/core/sock.c, sk_clone_lock). */
export function setPeerTimeouts(libc: Libc, fd: number, timeouts: PeerTimeouts): void {
  libc.setOption(fd, ipProtoTcp, 4n, timeouts.probeAfterMs / 1_000);
  libc.setOption(fd, ipProtoTcp, 5n, timeouts.probeIntervalMs / 1_000);
  libc.setOption(fd, ipProtoTcp, 6n, timeouts.probes);
  libc.setOption(fd, solSocket, 9n, 1);
  setLongestRetry(libc, fd, timeouts.longestRetryMs);
}

/** Kernels before 6.15 don't know this option, and change nothing. */
export function setLongestRetry(libc: Libc, fd: number, longestRetryMs: number): void {
  libc.setOption(fd, ipProtoTcp, 44n, longestRetryMs);
}
