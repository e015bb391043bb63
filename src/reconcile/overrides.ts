import { emptyCatalog, type Catalog } from '../catalog/catalog.ts';
import type { ContainerRun } from '../catalog/declaration.ts';
import type { Override } from '../catalog/override.ts';

/**
 * Owns the overrides that operators set. An override outlasts the absence of its upstream, such as a container that is
 * disconnected from its network and connected again; it is dropped when the upstream's process ends.
 */
export interface Overrides {
  of(upstreamKey: string): Override | undefined;
  set(upstreamKey: string, change: Partial<Override>): void;
  /** `mayReturn` tells whether an upstream that is not in the catalog may return to it as the same process. */
  follow(catalog: Catalog, mayReturn: (absent: AbsentUpstream) => boolean): void;
}

export interface AbsentUpstream {
  readonly key: string;
  /** Undefined for an upstream without a container. */
  readonly run: ContainerRun | undefined;
}

interface StoredOverride {
  readonly override: Override;
  readonly run: ContainerRun | undefined;
}

const untouched: Override = { drained: false, weight: undefined };

export function createOverrides({ onChange }: { readonly onChange: () => void }): Overrides {
  const stored = new Map<string, StoredOverride>();
  let latest = emptyCatalog;
  return {
    of: (key) => stored.get(key)?.override,
    set(key, change) {
      const before = stored.get(key);
      const override = { ...untouched, ...before?.override, ...change };
      if (override.drained || override.weight !== undefined)
        stored.set(key, { override, run: before ? before.run : runsOf(latest).get(key) });
      else stored.delete(key);
      onChange();
    },
    follow(catalog, mayReturn) {
      latest = catalog;
      if (stored.size === 0) return;
      const present = runsOf(catalog);
      for (const [key, { run }] of stored) if (!present.has(key) && !mayReturn({ key, run })) stored.delete(key);
    },
  };
}

function runsOf({ services }: Catalog): ReadonlyMap<string, ContainerRun | undefined> {
  const runs = new Map<string, ContainerRun | undefined>();
  for (const { upstreams } of services.values())
    for (const { declared } of upstreams) runs.set(declared.key, declared.run);
  return runs;
}
