import { ConfigError } from '../../config/config-error.ts';
import { loadConfig, type Flags } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import type { Daemon } from '../../daemon/daemon.ts';
import { startDaemon } from '../../daemon/start.ts';
import { actionInWords, type ActionRecord } from '../../docker/engine-actions.ts';
import type { NamedEngine } from '../../docker/engine.ts';
import { checkEngines } from '../../docker/find/check-engines.ts';
import { findEngines } from '../../docker/find/find-engines.ts';
import { thisMachine } from '../../docker/find/machine.ts';
import type { Log, Logger } from '../../telemetry/logger.ts';
import { printable } from '../../text/printable.ts';
import { endServing, logStopping, openServingLog } from '../serving-log.ts';
import { firstStopSignal, onHangUp } from '../stop-signals.ts';
import { version } from '../../version.ts';

/**
 * `sealane run`: watches the engine and relays until SIGTERM or SIGINT.
 */
export async function run(flags: Flags & { readonly config?: string }): Promise<number> {
  const { settings, file } = await loadConfig(flags, process.env);
  const log = openServingLog(settings);
  const { logger } = log;
  const services = file?.services ?? [];
  // A signal may come while a slow engine is waited for: SIGHUP must not end the process by its default action, and
  // the first process of a container has no such action for SIGTERM.
  const stopSignal = firstStopSignal();
  let daemon: Daemon | undefined;
  onHangUp(() => daemon?.reload());
  const engines = await Promise.race([openEngines(settings, services.length > 0, logger), stopSignal]);
  if (typeof engines === 'string') return endBeforeStart(engines, log);
  logger.info(
    { event: 'started', version, workers: settings.workers },
    `sealane ${version}: ${watchedInWords(engines)}, ${settings.workers} relay thread(s)`,
  );
  daemon = await startDaemon({ settings, engines, services, configPath: file?.path, log });
  const signal = await stopSignal;
  const patienceMs = settings['shutdown-timeout'];
  logStopping(logger, signal, patienceMs);
  await daemon.stop(patienceMs);
  logger.info({ event: 'stopped' }, 'stopped');
  return endServing(log, 0);
}

/** Ends a Sealane that serves nothing yet. */
function endBeforeStart(signal: NodeJS.Signals, log: Log): Promise<never> {
  log.logger.info({ event: 'stopping', signal }, `${signal}: nothing is served yet`);
  log.logger.info({ event: 'stopped' }, 'stopped');
  return endServing(log, 0);
}

function watchedInWords(engines: readonly NamedEngine[]): string {
  const named = engines.map(({ name, engine }) => {
    const endpoint = printable(engine.endpoint);
    return name === undefined ? endpoint : `${name} (${endpoint})`;
  });
  return named.length === 0 ? 'static services only' : `watching ${named.join(', ')}`;
}

/**
 * Opens the engines that the settings choose. An unreachable engine is retried later. That none can work as
 * configured (no permission, not a Docker engine) is a ConfigError, unless there are static services to serve.
 */
async function openEngines(settings: Settings, hasStatic: boolean, logger: Logger): Promise<NamedEngine[]> {
  if (settings.docker === 'none' && !hasStatic) {
    throw new ConfigError(
      'nothing to do: --docker is none, and no static services are configured; name a file with --config',
    );
  }
  const found = await findEngines(settings.docker, thisMachine());
  if (found.length === 0) return [];
  const { openEngine } = await import('../../docker/find/open-engine.ts');
  const options = {
    labelPrefix: settings['label-prefix'],
    onProblem(problem: string) {
      const reason = printable(problem, 400);
      logger.warn({ event: 'engine-answer-unreadable', reason }, reason);
    },
  };
  const allowed = new Set(settings['engine-actions']);
  const engines = found.map((one): NamedEngine => {
    const actions = { allowed, onAction: (record: ActionRecord) => logAction(logger, one.name, record) };
    return { name: one.name, engine: openEngine(one, { ...options, actions }) };
  });
  if (!hasStatic) await checkEngines(engines);
  return engines;
}

/** Logs what an engine is asked to change, before it is asked, with who or what asked for it. */
function logAction(logger: Logger, engine: string | undefined, record: ActionRecord): void {
  const { change: action, containerId, networkId, failure } = record;
  const cause = printable(record.cause, 400);
  const fields = { action, containerId, networkId, cause, engine };
  const what = actionInWords(record);
  const by = engine === undefined ? 'the engine' : `engine ${engine}`;
  if (failure === undefined) {
    logger.info({ event: 'engine-action', ...fields }, `asking ${by} to ${what}: ${cause}`);
    return;
  }
  const reason = printable(failure, 400);
  logger.warn({ event: 'engine-action-failed', ...fields, reason }, `${by} did not ${what}: ${reason}`);
}
