import { isUnix } from '../../address/address.ts';
import type { ListenerStatus } from '../../relay/boundary/report.ts';
import { printable } from '../../text/printable.ts';
import type { Problem } from '../problem.ts';

/**
 * Turns listeners that could not be bound into problems. Pure.
 */
/** `shared`: the addresses on which names are served. */
export function listenerProblems(
  statuses: ReadonlyMap<string, ListenerStatus>,
  shared: ReadonlySet<string> = new Set(),
): Problem[] {
  return [...statuses].flatMap(([listen, status]) =>
    status.kind === 'failed' ? [listenerProblem(listen, status, shared.has(listen))] : [],
  );
}

export function listenerProblem(
  listen: string,
  { code, message }: ListenerStatus & { kind: 'failed' },
  isShared = false,
): Problem {
  const known = isUnix(listen) ? socketReasons : isShared ? { ...reasons, ...sharedReasons } : reasons;
  const [why, fix] = known[code] ?? [printable(message, 400), fixes[code] ?? 'Sealane retries automatically.'];
  return { code: 'listen-failed', subject: listen, listen, message: `cannot listen: ${why}`, fix };
}

/** The fixes where the relay's own message says why. */
const fixes: Readonly<Record<string, string>> = {
  OUTSIDE_SOCKET_FOLDER:
    'Remove the link, or set socket-folder to the folder that it leads to; Sealane retries automatically.',
};

const reasons: Readonly<Record<string, readonly [string, string]>> = {
  EADDRINUSE: [
    'the port is in use by another process',
    'Stop that process or choose another port; Sealane retries automatically.',
  ],
  EACCES: ['permission denied', 'Ports below 1024 need root or CAP_NET_BIND_SERVICE; choose a higher one.'],
  EAFNOSUPPORT: ['this machine has no IPv6', 'Listen on an IPv4 address, such as 0.0.0.0.'],
  EADDRNOTAVAIL: ['this machine has no such address', 'Choose an address of this machine, or only a port.'],
};

/** No label chooses these addresses. */
const sharedReasons: typeof reasons = {
  EADDRINUSE: [
    'the port is in use by another process',
    'Stop that process, or set names-listen to another port, such as 8080; Sealane retries automatically.',
  ],
  EACCES: [
    'permission denied',
    'Ports below 1024 need root or CAP_NET_BIND_SERVICE (sudo sysctl net.ipv4.ip_unprivileged_port_start=80 frees them for all users); or set names-listen to a higher one, such as 8080.',
  ],
};

const socketReasons: Readonly<Record<string, readonly [string, string]>> = {
  EADDRINUSE: [
    'another process listens there, or a file has that name',
    'Choose another path, or end that process; Sealane retries automatically.',
  ],
  EACCES: [
    'the user that Sealane runs as may not create files there',
    'Give that user access to the folder, or choose another; Sealane retries automatically.',
  ],
  ENOENT: ['its folder does not exist', 'Make the folder, or mount a volume there; Sealane retries automatically.'],
  EROFS: ['its folder is read-only', 'Mount a writable volume there; Sealane retries automatically.'],
};
