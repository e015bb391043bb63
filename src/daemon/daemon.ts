import type { Readiness } from '../admin/source.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { warnOfLostHandoff } from '../config/migrate-requests.ts';
import { namesRulesOf } from '../config/names/settings.ts';
import type { Settings } from '../config/settings.ts';
import type { StaticService } from '../config/static-service.ts';
import type { NamedEngine } from '../docker/engine.ts';
import { createChecker } from '../health/checker.ts';
import type { Change } from '../catalog/diff.ts';
import { createOverrides } from '../reconcile/overrides.ts';
import { createStandIns } from '../reconcile/stand-ins.ts';
import type { ListenerStatus } from '../relay/boundary/report.ts';
import { createAccessLog } from '../telemetry/access-log.ts';
import type { Log } from '../telemetry/logger.ts';
import { systemClock } from '../time/clock.ts';
import { createActivationSource } from './activation/activation-source.ts';
import { createAdmin } from './admin.ts';
import { Broadcast } from './broadcast.ts';
import { createCatalogLoop } from './catalog-loop.ts';
import { openCertificateSource } from './certificate-source.ts';
import { closeAll, type Closers } from './process/closers.ts';
import { createConfigSource } from './config-source.ts';
import { createInEffect } from './in-effect.ts';
import { openEngineSource } from './engine-source.ts';
import { createExplainer } from './explainer.ts';
import { createNamesIndex } from './names/names-index.ts';
import { createJoining } from './joining.ts';
import { createReadiness } from './readiness.ts';
import { keepReadyFile } from './process/ready-file.ts';
import { spareMemory } from './process/spare-memory.ts';
import type { Relay } from './relay.ts';
import { createSwaps } from './swap/swaps.ts';

/**
 * The only composition root: builds the parts in the order of the flow, starts them, and stops them in reverse.
 */
export interface Daemon {
  catalog(): Catalog;
  readiness(): Readiness;
  /** Reads the configuration file again, whether or not it has changed. */
  reload(): void;
  /** Stops accepting, lets sessions run on for up to `drainMs`, then closes everything. */
  stop(drainMs: number): Promise<void>;
}

export interface DaemonOptions {
  readonly settings: Settings;
  /** The engines to watch; empty: no Docker, static services only. */
  readonly engines: readonly NamedEngine[];
  readonly services: readonly StaticService[];
  /** The configuration file, read again when it changes; undefined where there is none. */
  readonly configPath: string | undefined;
  readonly log: Pick<Log, 'logger' | 'lostLines'>;
  /** Called with each change of a listener's status. */
  readonly onListener?: (listen: string, status: ListenerStatus) => void;
}

/** `relay`: its threads run already (see start.ts). */
export async function buildDaemon(options: DaemonOptions, relay: Relay): Promise<Daemon> {
  const started: Closers = [() => relay.plane.close()];
  try {
    return await assemble(options, relay, started);
  } catch (error) {
    // What runs already would keep the process alive.
    await closeAll(started);
    throw error;
  }
}

async function assemble(options: DaemonOptions, relay: Relay, started: Closers): Promise<Daemon> {
  const { settings, services, configPath: path, log } = options;
  const { logger, lostLines: lostLogLines } = log;
  const clock = systemClock;
  const dirty = new Broadcast();
  const declared = new Broadcast();
  const parts = { clock, random: Math.random, logger, onChange: dirty.tell };

  // The inputs of the catalog: sources of declarations, verdicts on upstreams, operators' overrides and stand-ins.
  const engines = await openEngineSource({ ...parts, onChange: declared.tell }, options.engines, settings);
  started.push(() => engines.stop());
  const config = createConfigSource(parts, { services, path, bind: engines.bind, names: namesRulesOf(settings) });
  started.push(() => config.stop());
  const index = createNamesIndex({ bind: engines.bind, onChange: dirty.tell }, settings);
  started.push(() => index.stop());
  const certificates = await openCertificateSource({ ...parts, bind: engines.bind }, settings);
  started.push(() => certificates.stop());
  const checker = createChecker(parts);
  started.push(() => checker.stop());
  const joining = createJoining(parts, engines, settings);
  started.push(() => joining.stop());
  const overrides = createOverrides(parts);
  const swapped = new Broadcast<[Change]>();
  const standIns = createStandIns({ ...parts, announce: swapped.tell });
  started.push(() => standIns.stop());

  // The loop that turns the inputs into the catalog and the relay's routing table.
  relay.confirmBy(engines.confirm);
  relay.statuses.on(() => dirty.tell());
  const activation = createActivationSource({ ...parts, engines, relay }, settings);
  started.push(() => activation.stop());
  const loop = createCatalogLoop(
    { clock, config, index, engines, certificates, checker, joining, overrides, standIns, activation, relay },
    settings,
  );
  activation.follow(loop.catalog, loop.catalogs);
  started.push(() => loop.stop());
  dirty.on(loop.markDirty);
  declared.on(loop.markDeclared);
  swapped.on((change) => loop.changes.tell([change]));
  const inEffect = createInEffect({ clock, loop, relay });
  const swaps = createSwaps({ clock, standIns, engines, relay, activation, loop, inEffect });
  loop.changes.on((changes) => {
    for (const { level, message, ...fields } of changes) logger[level](fields, message);
  });
  relay.suspects.on((upstreamKey, error) => checker.onFailedDial(upstreamKey, error));
  relay.suspects.on((upstreamKey) => engines.onFailedDial(upstreamKey));
  if (options.onListener) relay.statuses.on(options.onListener);

  // What people and machines are told.
  const readiness = createReadiness(engines.engines);
  const explainer = createExplainer({ clock, settings, engines, relay, catalog: loop.catalog });
  const { 'access-log': mode, 'access-log-rate': linesPerSecond } = settings;
  const accessLog = createAccessLog({ logger, clock, whyNot: explainer.whyNot }, { mode, linesPerSecond });
  started.push(() => accessLog.stop());
  const admin = createAdmin({
    clock,
    settings,
    logger,
    lostLogLines,
    engines,
    index,
    relay,
    loop,
    overrides,
    standIns,
    swaps,
    activation,
    inEffect,
    readiness,
    explainer,
  });
  started.push(() => admin.close());
  relay.sessions.on((records, dropped) => accessLog.log(records, dropped));

  await Promise.all([admin.serve(), index.serve(loop.catalog)]);
  const readyFile = keepReadyFile(settings['ready-file'], { clock, logger, readiness: readiness.now });
  started.push(() => readyFile.stop());
  loop.catalogs.on(() => readyFile.update());
  // Readiness stays once it was there, so that it must not be missed.
  loop.catalogs.on(() => void readiness.now());
  if (settings['reuse-port']) warnOfLostHandoff(logger);
  config.start();
  engines.start(admin.observerOf);
  const sparing = spareMemory(clock);
  started.push(() => sparing.cancel());

  return {
    catalog: loop.catalog,
    readiness: readiness.now,
    reload: () => config.reload(),
    async stop(drainMs) {
      readiness.onStopping();
      sparing.cancel();
      readyFile.update();
      config.stop();
      activation.stop();
      loop.stop();
      standIns.stop();
      checker.stop();
      joining.stop();
      await Promise.all([certificates.stop(), engines.stop(), relay.plane.drain(drainMs)]);
      await relay.plane.close();
      await joining.leaveAll();
      accessLog.stop();
      await Promise.all([admin.close(), index.stop()]);
      await readyFile.stop();
    },
  };
}
