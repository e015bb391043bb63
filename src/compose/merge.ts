import { asMapping } from './shape.ts';
import type { Mapping, Tree } from './tree.ts';

/**
 * Merges one compose file over another, as several `-f`, `extends` and `include` do. Pure.
 * https://docs.docker.com/reference/compose-file/merge/
 */

/** Keys whose lists of `KEY=VALUE` are read as mappings, and merge by key. */
const keyed: ReadonlySet<string> = new Set(['labels', 'environment', 'args', 'annotations', 'sysctls', 'networks']);
/** Keys whose lists replace one another as a whole. */
const whole: ReadonlySet<string> = new Set(['command', 'entrypoint', 'test']);

/** Merges `over` into `base`. `key`: the name under which both stand. */
function mergeTrees(base: Tree, over: Tree, key: string): Tree {
  if (over.merging !== 'merge') return over;
  if (keyed.has(key)) {
    const [left, right] = [asMapping(base), asMapping(over)];
    return left && right ? mergeMappings(left, right) : over;
  }
  if (base.kind === 'map' && over.kind === 'map') return mergeMappings(base, over);
  if (base.kind === 'list' && over.kind === 'list' && !whole.has(key)) {
    return { ...over, items: [...base.items, ...over.items] };
  }
  return over;
}

export function mergeMappings(base: Mapping, over: Mapping): Mapping {
  const entries = new Map(base.entries);
  for (const [name, entry] of over.entries) {
    const below = entries.get(name);
    if (entry.value.merging === 'reset') entries.delete(name);
    else entries.set(name, below ? { ...entry, value: mergeTrees(below.value, entry.value, name) } : entry);
  }
  return { ...over, entries };
}
