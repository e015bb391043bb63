import { resolve } from 'node:path';
import type { Readiness } from '../admin/source.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ContainerRun } from '../catalog/declaration.ts';
import type { Change } from '../catalog/diff.ts';
import { listenerProblems } from '../catalog/listener-problems.ts';
import { openAuthorityStore } from '../certificates/authorities.ts';
import { openCertificateStore } from '../certificates/store.ts';
import { createTlsWriter } from '../certificates/tls-writer.ts';
import type { Problem } from '../catalog/problem.ts';
import { ConfigError } from '../config/config-error.ts';
import { defaultBind } from '../config/default-bind.ts';
import type { Settings } from '../config/settings.ts';
import type { StaticService } from '../config/static-service.ts';
import { watchConfigFile, type FileChange } from '../config/watch-file.ts';
import { createAdmin } from './admin.ts';
import { createDiscoverer } from '../discovery/discover.ts';
import { createResolver } from '../discovery/resolver.ts';
import { declareStatic, isWrittenDown } from '../discovery/static-services.ts';
import { createWatcher, type Watcher } from '../discovery/watcher.ts';
import type { Engine } from '../docker/engine.ts';
import type { EngineSnapshot } from '../docker/facts.ts';
import { createChecker } from '../health/checker.ts';
import { warnOfLostHandover } from '../config/migrate-requests.ts';
import { createOverrides } from '../reconcile/overrides.ts';
import { createReconciler } from '../reconcile/reconciler.ts';
import { chooseDriver } from '../relay/driver/choose-driver.ts';
import type { DriverName } from '../relay/boundary/messages.ts';
import { createPlane } from '../relay/plane/plane.ts';
import type { ListenerStatus } from '../relay/boundary/report.ts';
import { createAccessLog } from '../telemetry/access-log.ts';
import { DialFailures } from '../telemetry/dial-failures.ts';
import type { Logger } from '../telemetry/logger.ts';
import { systemClock } from '../time/clock.ts';

/**
 * The only composition root: builds the parts, starts them in the order of the flow, stops them in reverse.
 */
export interface Daemon {
  catalog(): Catalog;
  readiness(): Readiness;
  /** Stops accepting, lets sessions run on for up to `drainMs`, then closes everything. */
  stop(drainMs: number): Promise<void>;
}

export interface DaemonOptions {
  readonly settings: Settings;
  /** Undefined: no Docker, static services only. */
  readonly engine: Engine | undefined;
  readonly services: readonly StaticService[];
  /** Read again when it changes. */
  readonly configPath: string | undefined;
  readonly logger: Logger;
  readonly onListener?: (listen: string, status: ListenerStatus) => void;
}

const noEngine: EngineSnapshot = {
  containers: new Map(),
  vantage: undefined,
  status: { kind: 'connecting' },
  synced: true,
};

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { settings, engine, configPath, logger, onListener } = options;
  const bind = settings.bind ?? defaultBind();
  const clock = systemClock;
  const listeners = new Map<string, ListenerStatus>();
  let services = options.services;
  let configProblem: Problem | undefined;
  let watcher: Watcher | undefined;

  const driver = driverOf(settings, logger);
  const dialFailures = new DialFailures();
  const overrides = createOverrides({ onChange: () => reconciler.markDirty() });
  // A file may change while the next is read for the first time: there is nothing to reconcile yet.
  let onCertificate = (): void => {};
  const onCertificates = { clock, onChange: (): void => onCertificate() };
  const paths = (name: 'certs' | 'upstream-ca' | 'upstream-cert'): string[] =>
    settings[name].map((path) => resolve(path));
  const certificates = await openCertificateStore(onCertificates, paths('certs'));
  const ownCertificates = await openCertificateStore(onCertificates, paths('upstream-cert'), 'client');
  const authorities = await openAuthorityStore(onCertificates, paths('upstream-ca'));
  const certificateStores = [certificates, ownCertificates, authorities];
  const writeTls = createTlsWriter(settings['tls-min-version']);

  const plane = createPlane(
    {
      logger,
      onSessions(records, dropped) {
        admin.onSessions(records, dropped);
        accessLog.log(records, dropped);
      },
      onSuspect(upstreamKey, error) {
        dialFailures.add(upstreamKey, error, clock.wallMs());
        checker.onFailedDial(upstreamKey, error);
      },
      onListener(listen, status) {
        listeners.set(listen, status);
        onListener?.(listen, status);
        reconciler.markDirty();
      },
    },
    {
      workers: settings.workers,
      driver,
      reusePort: settings['reuse-port'],
      maxSessions: settings['max-sessions'],
    },
  );

  const discover = createDiscoverer({
    labelPrefix: settings['label-prefix'],
    scope: settings.scope,
    bind,
    socketFolder: settings['socket-folder'],
  });
  const resolver = createResolver({ clock, random: Math.random, onChange: () => reconciler.markDirty() });

  const checker = createChecker({ clock, random: Math.random, onChange: () => reconciler.markDirty() });

  const reconciler = createReconciler({
    clock,
    tls: () => writeTls(certificates.certificates(), ownCertificates.certificates()[0], authorities.authorities()),
    rules: { maxHeld: settings['max-held'], explainNames: settings['explain-names'] },
    readWorld() {
      const snapshot = watcher?.snapshot() ?? noEngine;
      const discovered = discover(snapshot);
      const declared = declareStatic(services, resolver.resolutions(), bind);
      return {
        declarations: [...declared.declarations, ...discovered.declarations],
        problems: [
          ...(configProblem ? [configProblem] : []),
          ...declared.problems,
          ...discovered.problems,
          ...listenerProblems(listeners),
          ...certificateStores.flatMap((store) => store.problems()),
        ],
        isAlive: (run) => isAlive(snapshot, run),
        certificates: certificates.certificates(),
        verdictOf: (key) => checker.verdictOf(key),
        overrideOf: (key) => overrides.of(key),
        listeners,
      };
    },
    follow(catalog) {
      checker.follow(catalog);
      const snapshot = watcher?.snapshot() ?? noEngine;
      overrides.follow(catalog, ({ key, run }) => (run ? isAlive(snapshot, run) : isWrittenDown(services, bind, key)));
      admin.onCatalog(catalog);
    },
    publish(table) {
      const wanted = new Set(table.listeners.map((listener) => listener.key));
      for (const key of listeners.keys()) if (!wanted.has(key)) listeners.delete(key);
      plane.publish(table);
      admin.onPublished();
    },
    announce(changes) {
      announce(logger, changes);
      admin.onChanges(changes);
    },
  });
  onCertificate = () => reconciler.markDirty();

  const useServices = (next: readonly StaticService[]): void => {
    services = next;
    resolver.watch(next.flatMap((service) => service.upstreams.map(({ target }) => target.host)));
    reconciler.markDirty();
  };

  const onFileChange = (change: FileChange): void => {
    if (change.kind === 'invalid') {
      configProblem = {
        code: 'config-invalid',
        subject: 'configuration',
        message: change.message,
        fix: 'The last good one stays in use.',
      };
      reconciler.markDirty();
      return;
    }
    configProblem = undefined;
    logger.info(
      { event: 'config-read' },
      `configuration ${change.file.path} read again (settings other than services need a restart)`,
    );
    useServices(change.file.services);
  };

  let stopping = false;
  const readiness = (): Readiness => {
    if (stopping) return { ready: false, reason: 'it is stopping: no new sessions' };
    const snapshot = watcher?.snapshot() ?? noEngine;
    if (snapshot.synced) return { ready: true, reason: 'the first list of containers was read' };
    const { status } = snapshot;
    const why =
      status.kind === 'connected' ? 'reading the list of containers' : (status.reason ?? 'connecting to the engine');
    return { ready: false, reason: why };
  };

  const admin = createAdmin({
    clock,
    settings,
    engine,
    plane,
    dialFailures,
    listeners,
    catalog: () => reconciler.catalog(),
    snapshot: () => watcher?.snapshot() ?? noEngine,
    logger,
    driver,
    overrides,
    readiness,
  });
  const accessLog = createAccessLog(
    { logger, clock, whyNot: (service) => admin.explainer.whyNot(service) },
    { mode: settings['access-log'], linesPerSecond: settings['access-log-rate'] },
  );
  await admin.serve();
  if (settings['reuse-port']) warnOfLostHandover(logger);
  useServices(services);
  const fileWatch = configPath === undefined ? undefined : watchConfigFile(configPath, onFileChange);
  if (engine) {
    watcher = createWatcher(
      { engine, clock, random: Math.random, logger, observer: admin.observer, onChange: () => reconciler.markDirty() },
      {
        labelPrefix: settings['label-prefix'],
        resyncIntervalMs: settings['resync-interval'],
        ...(settings.self === undefined ? {} : { selfId: settings.self }),
      },
    );
    watcher.start();
  }

  return {
    catalog: () => reconciler.catalog(),
    readiness,
    async stop(drainMs) {
      stopping = true;
      fileWatch?.stop();
      reconciler.stop();
      checker.stop();
      resolver.stop();
      for (const store of certificateStores) store.stop();
      await Promise.all([watcher?.stop(), plane.drain(drainMs)]);
      await plane.close();
      accessLog.stop();
      await admin.close();
    },
  };
}

function isAlive({ containers }: EngineSnapshot, { id, startedAtNs }: ContainerRun): boolean {
  return containers.get(id)?.startedAtNs === startedAtNs;
}

/** @throws ConfigError when it was asked for and can't be */
function driverOf(settings: Settings, logger: Logger): DriverName {
  const choice = chooseDriver(settings.driver);
  if (choice.kind === 'impossible') {
    throw new ConfigError(`--driver splice is not possible: ${choice.reason}; use auto or stream`);
  }
  logger.info({ event: 'driver', driver: choice.driver }, `driver ${choice.driver}: ${choice.reason}`);
  return choice.driver;
}

function announce(logger: Logger, changes: readonly Change[]): void {
  for (const { level, message, ...fields } of changes) logger[level](fields, message);
}
