import { isDeepStrictEqual } from 'node:util';
import { emptyCatalog, nextCatalog, type Catalog, type CatalogInput } from '../catalog/catalog.ts';
import { diffCatalogs, type Change } from '../catalog/diff.ts';
import { createMerger } from '../catalog/merge.ts';
import { createTableWriter, type TableRules } from '../catalog/routing.ts';
import { emptyTable, type RoutingTable, type TlsSpec } from '../relay/boundary/table.ts';
import type { Clock, Timer } from '../time/clock.ts';

/**
 * The one owner of the catalog. Whatever changed, `markDirty` is all that is said; the whole catalog is computed again
 * from the world as it is then. Many marks before a run make one run.
 */
interface Reconciler {
  readonly markDirty: () => void;
  readonly catalog: () => Catalog;
  stop(): void;
}

interface ReconcilerParts {
  readonly clock: Clock;
  /** The state of the world, read at the start of each run. */
  readonly readWorld: () => CatalogInput;
  readonly publish: (table: RoutingTable) => void;
  /** Each new catalog, for whoever looks after its upstreams. */
  readonly follow?: (catalog: Catalog) => void;
  /** How TLS is ended; the same object for as long as it is the same. */
  readonly tls?: () => TlsSpec;
  readonly rules: TableRules;
  readonly announce: (changes: readonly Change[]) => void;
  /** Runs `task` soon, after the I/O that is at hand: a burst of events becomes one run. */
  readonly soon?: (task: () => void) => void;
}

export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { clock, readWorld, publish, follow, rules, tls, announce, soon = setImmediate } = parts;
  const merge = createMerger();
  const write = createTableWriter(rules);
  let catalog = emptyCatalog;
  let table = emptyTable;
  let dirty = false;
  let stopped = false;
  let deadline: Timer | undefined;

  // With thousands of containers a run takes milliseconds: it rests as long as it took, so that a storm of events is
  // taken in batches and half of the thread is left for reading them. A lone event is dealt with at once.
  let restUntilMs = 0;

  const run = (): void => {
    dirty = false;
    if (stopped) return;
    const beganMs = clock.nowMs();
    const before = catalog;
    catalog = nextCatalog(before, readWorld(), clock.nowMs(), merge);
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
    const endedMs = clock.nowMs();
    restUntilMs = endedMs + (endedMs - beganMs);
  };

  const markDirty = (): void => {
    if (dirty || stopped) return;
    dirty = true;
    const restMs = restUntilMs - clock.nowMs();
    // Timers count whole milliseconds.
    if (restMs >= 1) clock.after(restMs, run);
    else soon(run);
  };

  return {
    markDirty,
    catalog: () => catalog,
    stop() {
      stopped = true;
      deadline?.cancel();
    },
  };
}
