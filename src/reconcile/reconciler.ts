import { isDeepStrictEqual } from 'node:util';
import { emptyCatalog, nextCatalog, type Catalog, type CatalogInput } from '../catalog/catalog.ts';
import { diffCatalogs, type Change } from '../catalog/diff.ts';
import { createMerger } from '../catalog/merge.ts';
import { createTableWriter, type TableRules } from '../catalog/routing.ts';
import { emptyTable, type RoutingTable, type TlsSpec } from '../relay/boundary/table.ts';
import type { Clock, Timer } from '../time/clock.ts';

/**
 * Owns the catalog. `markDirty` says only that something changed; a run then computes the whole catalog from the
 * current state of the world. Many marks before a run make one run.
 */
interface Reconciler {
  readonly markDirty: () => void;
  /** The same where only declarations changed, as they do with most events: services that are declared alike stay. */
  readonly markDeclared: () => void;
  readonly catalog: () => Catalog;
  stop(): void;
}

interface ReconcilerParts {
  readonly clock: Clock;
  /** Reads the state of the world; called at the start of each run. */
  readonly readWorld: () => CatalogInput;
  readonly publish: (table: RoutingTable) => void;
  /** Receives the catalog of each run, for the collaborators that follow its upstreams. */
  readonly follow?: (catalog: Catalog) => void;
  /** The settings with which TLS is terminated; the same object while they do not change. */
  readonly tls?: () => TlsSpec;
  readonly rules: TableRules;
  readonly announce: (changes: readonly Change[]) => void;
  /**
   * Runs `task` after the pending I/O callbacks, so that a burst of events becomes one run; `setImmediate` unless
   * given.
   */
  readonly soon?: (task: () => void) => void;
}

/** How long the pause after a run is for each declaration: some eight times as long as the run takes, 10 to 14 ms of 5,000. */
const pausePerDeclarationMs = 0.02;

export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { clock, readWorld, publish, follow, rules, tls, announce, soon = setImmediate } = parts;
  const merge = createMerger();
  const write = createTableWriter(rules);
  let catalog = emptyCatalog;
  let table = emptyTable;
  let dirty = false;
  let statesStay = false;
  let stopped = false;
  let deadline: Timer | undefined;

  // With thousands of containers a run takes milliseconds. After it the reconciler pauses, so that a storm of events, or
  // the first list, is handled in batches and most of the thread's time is left for reading. A single event is handled
  // at once.
  let pausedUntilMs = 0;

  const run = (): void => {
    dirty = false;
    if (stopped) return;
    const before = catalog;
    const world = { ...readWorld(), statesStay };
    statesStay = true;
    catalog = nextCatalog(before, world, clock.nowMs(), merge);
    const next = { ...write(catalog, table.version), ...(tls && { tls: tls() }) };
    if (!isDeepStrictEqual(next, table)) {
      table = { ...next, version: table.version + 1 };
      publish(table);
    }
    follow?.(catalog);
    const changes = diffCatalogs(before, catalog);
    if (changes.length > 0) announce(changes);
    deadline?.cancel();
    const { nextDeadlineMs } = catalog;
    deadline =
      nextDeadlineMs === undefined ? undefined : clock.after(Math.max(0, nextDeadlineMs - clock.nowMs()), markDirty);
    pausedUntilMs = clock.nowMs() + world.declarations.length * pausePerDeclarationMs;
  };

  const markDirty = (): void => {
    statesStay = false;
    markDeclared();
  };

  const markDeclared = (): void => {
    if (dirty || stopped) return;
    dirty = true;
    const pauseMs = pausedUntilMs - clock.nowMs();
    // Timers have a resolution of one millisecond.
    if (pauseMs >= 1) clock.after(pauseMs, run);
    else soon(run);
  };

  return {
    markDirty,
    markDeclared,
    catalog: () => catalog,
    stop() {
      stopped = true;
      deadline?.cancel();
    },
  };
}
