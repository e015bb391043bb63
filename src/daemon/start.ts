import { systemClock } from '../time/clock.ts';
import type { Daemon, DaemonOptions } from './daemon.ts';
import { createRelay } from './relay.ts';

/**
 * Starts the relay's threads at once, and loads the rest of the daemon while they come up, which takes about as long.
 *
 * @throws ConfigError when the settings ask for a driver that this machine can't run
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const relay = createRelay({ clock: systemClock, logger: options.log.logger }, options.settings);
  const { buildDaemon } = await import('./daemon.ts');
  return buildDaemon(options, relay);
}
