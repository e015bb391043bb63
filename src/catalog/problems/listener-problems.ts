import { isUnix } from '../../address/address.ts';
import type { ListenerStatus } from '../../relay/boundary/report.ts';
import { printable } from '../../text/printable.ts';
import type { Problem } from '../problem.ts';

/**
 * Turns listeners that could not be bound into problems. Pure.
 */
export function listenerProblems(statuses: ReadonlyMap<string, ListenerStatus>): Problem[] {
  return [...statuses].flatMap(([listen, status]) =>
    status.kind === 'failed' ? [listenerProblem(listen, status)] : [],
  );
}

export function listenerProblem(listen: string, { code, message }: ListenerStatus & { kind: 'failed' }): Problem {
  const known = isUnix(listen) ? socketReasons : reasons;
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
