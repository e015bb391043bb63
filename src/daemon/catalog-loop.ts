import type { Catalog, CatalogInput } from '../catalog/catalog.ts';
import type { Change } from '../catalog/diff.ts';
import { listenerProblems } from '../catalog/problems/listener-problems.ts';
import type { Settings } from '../config/settings.ts';
import type { Checker } from '../health/checker.ts';
import type { AbsentUpstream, Overrides } from '../reconcile/overrides.ts';
import type { StandIns } from '../reconcile/stand-ins.ts';
import { createReconciler } from '../reconcile/reconciler.ts';
import type { Clock } from '../time/clock.ts';
import type { ActivationSource } from './activation/activation-source.ts';
import { Broadcast } from './broadcast.ts';
import type { CertificateSource } from './certificate-source.ts';
import type { ConfigSource } from './config-source.ts';
import type { EngineSource } from './engine-source.ts';
import type { Joining } from './joining.ts';
import type { NamesIndex } from './names/names-index.ts';
import type { Relay } from './relay.ts';

/**
 * The reconcile loop with all its inputs and its output: reads the state of the world, computes the catalog, publishes
 * the routing table to the relay, and tells what changed.
 */
export interface CatalogLoop {
  /** Something in the world changed: the catalog is computed again soon. */
  readonly markDirty: () => void;
  /** The same where only what engines declare changed. */
  readonly markDeclared: () => void;
  readonly catalog: () => Catalog;
  stop(): void;
  /** Each catalog that was computed. */
  readonly catalogs: Broadcast<[Catalog]>;
  /** A routing table was handed to the relay. */
  readonly published: Broadcast;
  readonly changes: Broadcast<[readonly Change[]]>;
}

export interface CatalogLoopParts {
  readonly clock: Clock;
  readonly config: ConfigSource;
  readonly index: NamesIndex;
  readonly engines: EngineSource;
  readonly certificates: CertificateSource;
  readonly checker: Checker;
  readonly joining: Joining;
  readonly overrides: Overrides;
  readonly standIns: StandIns;
  readonly activation: Pick<ActivationSource, 'restOf'>;
  readonly relay: Relay;
}

export function createCatalogLoop(
  parts: CatalogLoopParts,
  settings: Pick<Settings, 'max-held' | 'explain-names'>,
): CatalogLoop {
  const { clock, config, engines, certificates, checker, overrides, relay } = parts;
  const catalogs: CatalogLoop['catalogs'] = new Broadcast();
  const published = new Broadcast();
  const changes: CatalogLoop['changes'] = new Broadcast();
  const mayReturn = ({ key, run }: AbsentUpstream): boolean => (run ? engines.isAlive(run) : config.isConfigured(key));
  catalogs.on((catalog) => checker.follow(catalog));
  catalogs.on(() => parts.joining.advance());
  catalogs.on((catalog) => overrides.follow(catalog, mayReturn));
  const reconciler = createReconciler({
    clock,
    tls: certificates.tls,
    rules: { maxHeld: settings['max-held'], explainNames: settings['explain-names'] },
    readWorld: () => readWorld(parts),
    follow: catalogs.tell,
    publish(table) {
      relay.listeners.keepOnly(table);
      relay.plane.publish(table);
      published.tell();
    },
    announce: changes.tell,
  });
  return { ...reconciler, catalogs, published, changes };
}

function readWorld({
  config,
  index,
  engines,
  certificates,
  checker,
  joining,
  overrides,
  standIns,
  activation,
  relay,
}: CatalogLoopParts): CatalogInput {
  const written = config.declare();
  const discovered = engines.declare();
  return {
    declarations: certificates.admit([...written.declarations, ...discovered.declarations, ...index.declare()]),
    problems: [
      ...written.problems,
      ...joining.amend(discovered),
      ...listenerProblems(relay.listeners.all, index.names()?.addresses),
      ...certificates.problems(),
    ],
    restarted: discovered.restarted,
    exposed: discovered.exposed,
    isAlive: engines.isAlive,
    certificates: certificates.certificates(),
    verdictOf: (key) => checker.verdictOf(key),
    triedOf: (key) => checker.triedOf(key),
    overrideOf: (key) => overrides.of(key),
    standInOf: (service) => standIns.of(service),
    restOf: (id) => activation.restOf(id),
    listeners: relay.listeners.all,
    publishedPorts: engines.home()?.ownNetwork?.published,
  };
}
