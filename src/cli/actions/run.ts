import { ConfigError } from '../../config/config-error.ts';
import { loadConfig, type Flags } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import { startDaemon, type Daemon } from '../../daemon/daemon.ts';
import { EngineError, type Engine } from '../../docker/engine.ts';
import { defaultEngine } from '../../docker/engine-url.ts';
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
  const engine = await Promise.race([openEngine(settings, services.length > 0, logger), stopSignal]);
  if (typeof engine === 'string') return endBeforeStart(engine, log);
  logger.info(
    { event: 'started', version, workers: settings.workers },
    `sealane ${version}: ${engine ? `watching ${engine.endpoint}` : 'static services only'}, ${settings.workers} relay thread(s)`,
  );
  const engines = engine ? [{ name: undefined, engine }] : [];
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

/**
 * Opens the configured engine. An unreachable engine is retried later. An engine that can't work as configured (no
 * permission, not a Docker engine) is a ConfigError, unless there are static services to serve.
 */
async function openEngine(settings: Settings, hasStatic: boolean, logger: Logger): Promise<Engine | undefined> {
  const url = settings.docker ?? (process.env['DOCKER_HOST'] || defaultEngine);
  if (url === 'none') {
    if (hasStatic) return undefined;
    throw new ConfigError(
      'nothing to do: --docker is none, and no static services are configured; name a file with --config',
    );
  }
  const { createDockerodeEngine } = await import('../../docker/dockerode/dockerode-engine.ts');
  const engine = usable(() =>
    createDockerodeEngine(url, {
      labelPrefix: settings['label-prefix'],
      onProblem(problem) {
        const reason = printable(problem, 400);
        logger.warn({ event: 'engine-answer-unreadable', reason }, reason);
      },
    }),
  );
  if (hasStatic) return engine;
  try {
    await engine.ping();
  } catch (error) {
    if (error instanceof EngineError && (error.kind === 'permission' || error.kind === 'nonsense')) {
      throw new ConfigError(error.message, { cause: error });
    }
  }
  return engine;
}

/** Turns the error for an address that can't be an engine's into a ConfigError. */
function usable(create: () => Engine): Engine {
  try {
    return create();
  } catch (error) {
    if (error instanceof EngineError) throw new ConfigError(error.message, { cause: error });
    throw error;
  }
}
