import { readFileSync } from 'node:fs';
import type { Logger } from '../telemetry/logger.ts';

/**
 * When one of several sockets on a port is closed, the kernel resets the clients that wait in its accept queue, unless
 * it may hand them to another socket of the port: net.ipv4.tcp_migrate_req, Linux 5.14 (Documentation/networking/
 * ip-sysctl.rst). It belongs to the network namespace and only root may set it.
 */
const sysctl = '/proc/sys/net/ipv4/tcp_migrate_req';

export function warnOfLostHandoff(logger: Logger): void {
  let value: string | undefined;
  try {
    value = readFileSync(sysctl, 'utf8').trim();
  } catch {
    // Not Linux, or older: nothing to set.
  }
  if (value === '1') return;
  const fix = value === undefined ? 'it needs Linux 5.14 or later' : 'set it: sysctl -w net.ipv4.tcp_migrate_req=1';
  logger.warn(
    { event: 'handoff-lossy' },
    `reuse-port: clients that wait to be accepted are reset when a Sealane hands over, for want of net.ipv4.tcp_migrate_req; ${fix}`,
  );
}
