import type { MappingEntry, Leaf, Mapping, Tree } from './tree.ts';

/**
 * Reads values that compose allows in several shapes as one shape. Pure.
 */
/** The items of a list, or a single value as the only item. */
export function itemsOf(tree: Tree | undefined): readonly Tree[] {
  if (!tree || (tree.kind === 'leaf' && tree.isNull)) return [];
  return tree.kind === 'list' ? tree.items : [tree];
}

/** The texts of a list, or a single text as the only one. */
export function textsOf(tree: Tree | undefined): string[] {
  return itemsOf(tree).flatMap((one) => (one.kind === 'leaf' && !one.isNull ? [one.text] : []));
}

/** A mapping as it is, and a list of `KEY=VALUE` or `KEY` as a mapping; undefined for other trees. */
export function asMapping(tree: Tree): Mapping | undefined {
  if (tree.kind === 'map') return tree;
  if (tree.kind === 'leaf') return tree.isNull ? { ...tree, kind: 'map', entries: new Map() } : undefined;
  const entries = new Map<string, MappingEntry>();
  for (const item of tree.items) {
    if (item.kind !== 'leaf') return undefined;
    const equals = item.text.indexOf('=');
    const value: Leaf =
      equals < 0 ? { ...item, text: '', isNull: true } : { ...item, text: item.text.slice(equals + 1) };
    entries.set(equals < 0 ? item.text : item.text.slice(0, equals), { location: item.location, value });
  }
  return { ...tree, kind: 'map', entries };
}
