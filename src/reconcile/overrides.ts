import type { Catalog } from '../catalog/catalog.ts';
import type { Override } from '../catalog/override.ts';

/**
 * The one owner of what operators asked for. Upstreams that are gone are forgotten, so that it stays as small as the
 * catalog.
 */
export interface Overrides {
  of(upstreamKey: string): Override | undefined;
  set(upstreamKey: string, change: Partial<Override>): void;
  follow(catalog: Catalog): void;
}

const untouched: Override = { drained: false, weight: undefined };

export function createOverrides({ onChange }: { readonly onChange: () => void }): Overrides {
  const overrides = new Map<string, Override>();
  return {
    of: (key) => overrides.get(key),
    set(key, change) {
      const next = { ...untouched, ...overrides.get(key), ...change };
      if (next.drained || next.weight !== undefined) overrides.set(key, next);
      else overrides.delete(key);
      onChange();
    },
    follow({ services }) {
      if (overrides.size === 0) return;
      const known = new Set<string>();
      for (const { upstreams } of services.values()) for (const { declared } of upstreams) known.add(declared.key);
      for (const key of overrides.keys()) if (!known.has(key)) overrides.delete(key);
    },
  };
}
