import { parseBoolean } from '../text/boolean.ts';
import type { MappingEntry, Tree } from './tree.ts';
import { textsOf } from './shape.ts';

/** A network of the compose file, under its key. */
export interface ComposeNetwork {
  /** The network's name at the engine. Undefined where it is made of the project's name and the key. */
  readonly name: string | undefined;
  readonly internal: boolean;
  /** Whether it spans the nodes of a Swarm, as the file says. */
  readonly isOverlay: boolean;
}

export function readNetworks(section: ReadonlyMap<string, MappingEntry>): ReadonlyMap<string, ComposeNetwork> {
  return new Map([...section].map(([key, { value }]) => [key, readNetwork(key, value)]));
}

/**
 * Reads a network. `external: true`, and the older `external: {name: x}`, mean an existing network under its own name.
 */
function readNetwork(key: string, tree: Tree): ComposeNetwork {
  if (tree.kind !== 'map') return { name: undefined, internal: false, isOverlay: false };
  const [name] = textsOf(tree.entries.get('name')?.value);
  const external = tree.entries.get('external')?.value;
  const isExternal = external?.kind === 'map' || isTrue(external);
  const externalName = external?.kind === 'map' ? textsOf(external.entries.get('name')?.value)[0] : undefined;
  return {
    name: name ?? externalName ?? (isExternal ? key : undefined),
    internal: isTrue(tree.entries.get('internal')?.value),
    isOverlay: textsOf(tree.entries.get('driver')?.value)[0] === 'overlay',
  };
}

/** Compose accepts the spellings of YAML 1.1, such as `yes`. */
function isTrue(tree: Tree | undefined): boolean {
  return parseBoolean(textsOf(tree)[0] ?? '') === true;
}
