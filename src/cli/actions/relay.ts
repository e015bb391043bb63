import { formatAddress } from '../../address/address.ts';
import { parseListen } from '../../address/listen.ts';
import { targetSchema } from '../../address/schemas.ts';
import { ConfigError } from '../../config/config-error.ts';
import { loadConfig, type Flags } from '../../config/load.ts';
import { routeOptions, staticOptionNames, type RouteValues } from '../../config/options/route-options.ts';
import { settingNames } from '../../config/settings.ts';
import type { StaticService } from '../../config/static-service.ts';
import type { Daemon } from '../../daemon/daemon.ts';
import { startDaemon } from '../../daemon/start.ts';
import type { ListenerStatus } from '../../relay/boundary/report.ts';
import { printable, quoted } from '../../text/printable.ts';
import { complaint, hintOf, refusalOf } from '../../text/refusal.ts';
import { version } from '../../version.ts';
import { endServing, logStopping, openServingLog } from '../serving-log.ts';
import { firstStopSignal, onHangUp } from '../stop-signals.ts';

/**
 * `sealane HOST:PORT …`: relays one port to the endpoints, balanced, without Docker. Prints the port on standard
 * output.
 */
export interface RelayFlags extends Flags {
  readonly listen?: string;
  /** An option of a route. */
  readonly [option: string]: string | undefined;
}

export async function relay(endpoints: readonly string[], flags: RelayFlags): Promise<number> {
  const settingFlags = Object.fromEntries(settingNames.map((name) => [name, flags[name]]));
  const { settings } = await loadConfig({ ...settingFlags, admin: flags.admin ?? 'off' }, process.env);
  const service = toService(endpoints, flags);
  const log = openServingLog(settings);
  const { logger } = log;
  const stopSignal = firstStopSignal();
  let daemon: Daemon | undefined;
  onHangUp(() => daemon?.reload());
  const bound = Promise.withResolvers<ListenerStatus>();
  daemon = await startDaemon({
    settings,
    engines: [],
    services: [service],
    configPath: undefined,
    log,
    onListener: (_listener, status) => bound.resolve(status),
  });
  const status = await bound.promise;
  if (status.kind === 'failed') {
    // The reason was logged as a problem; a relay without its port has nothing left to do.
    await daemon.stop(0);
    process.stderr.write(`sealane: cannot listen on ${flags.listen}: ${status.message}\n`);
    return endServing(log, 1);
  }
  process.stdout.write(`${status.port}\n`);
  const listening = formatAddress(status);
  logger.info(
    { event: 'started', version, workers: settings.workers, listen: listening },
    `relaying ${listening} to ${endpoints.map((one) => printable(one)).join(', ')}`,
  );
  logStopping(logger, await stopSignal, settings['shutdown-timeout']);
  await daemon.stop(settings['shutdown-timeout']);
  return endServing(log, 0);
}

function toService(endpoints: readonly string[], flags: RelayFlags): StaticService {
  if (endpoints.length === 0) throw new ConfigError('relay needs at least one HOST:PORT, such as localhost:8080');
  const upstreams = endpoints.map((endpoint) => {
    const target = targetSchema.safeParse(endpoint);
    if (target.success) return { target: target.data, weight: 1 };
    const refusal = refusalOf(target.error, endpoint);
    throw new ConfigError(`${quoted(endpoint)} ${refusal.rule}${hintOf(refusal)}`);
  });
  const listen = parseListen(flags.listen ?? '0');
  if (!listen) throw new ConfigError(`--listen must be a port or IP:port, not ${quoted(flags.listen ?? '')}`);
  return { name: 'relay', listen: [{ ...listen, count: 1 }], upstreams, options: readOptions(flags) };
}

function readOptions(flags: RelayFlags): RouteValues {
  const values: Record<string, unknown> = {};
  for (const name of staticOptionNames) {
    const text = flags[name];
    if (text === undefined) continue;
    const parsed = routeOptions[name].schema.safeParse(text);
    if (!parsed.success) throw new ConfigError(`--${name} ${complaint(parsed.error, text)}`);
    values[name] = parsed.data;
  }
  return values;
}
