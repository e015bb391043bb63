import { readFileSync } from 'node:fs';
import type { Logger } from '../telemetry/logger.ts';

/**
 * Warns when a handoff loses clients. When one of several sockets on a port is closed, the kernel resets the clients in
 * its accept queue, unless net.ipv4.tcp_migrate_req lets it move them to another socket of the port (Linux 5.14,
 * Documentation/networking/ip-sysctl.rst). The sysctl belongs to the network namespace, and only root may set it.
 */
const sysctl = '/proc/sys/net/ipv4/tcp_migrate_req';

export function warnOfLostHandoff(logger: Logger): void {
  let value: string | undefined;
  try {
    value = readFileSync(sysctl, 'utf8').trim();
  } catch {
    // Without Linux 5.14 the sysctl does not exist.
  }
  if (value === '1') return;
  const fix = value === undefined ? 'it needs Linux 5.14 or later' : 'set it: sysctl -w net.ipv4.tcp_migrate_req=1';
  logger.warn(
    { event: 'handoff-lossy' },
    `reuse-port: clients that wait to be accepted are reset in a handoff, because net.ipv4.tcp_migrate_req is not set; ${fix}`,
  );
}
