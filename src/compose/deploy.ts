import { textsAt, type ComposeText } from './keyed-texts.ts';
import { itemsOf, textsOf } from './shape.ts';
import type { Mapping, Tree } from './tree.ts';

/**
 * Reads what stands under `deploy` of a service. Compose obeys some of it; the rest is for `docker stack deploy`. Pure.
 * https://docs.docker.com/reference/compose-file/deploy/
 */
export interface ComposeDeploy {
  /** Labels of the Swarm service, which its containers do not have. */
  readonly labels: ReadonlyMap<string, ComposeText>;
  /** The number of replicas, as it is written. */
  readonly replicas: string | undefined;
  /** Which nodes its tasks may run on, such as `node.role == manager`. */
  readonly constraints: readonly string[];
  /** The first key that has a meaning in a Swarm only; undefined where there is none. */
  readonly swarmOnly: string | undefined;
}

/** @throws ComposeError */
export function readDeploy(tree: Tree | undefined): ComposeDeploy {
  const at = (key: string): Tree | undefined => (tree?.kind === 'map' ? tree.entries.get(key)?.value : undefined);
  const mode = textsOf(at('mode'))[0] ?? 'replicated';
  return {
    labels: textsAt(at('labels'), 'labels'),
    replicas: textsOf(at('replicas'))[0],
    constraints: textsOf(mappingAt(at('placement'))?.entries.get('constraints')?.value),
    swarmOnly: mode === 'replicated' ? swarmOnlyKeys.find((key) => itemsOf(at(key)).length > 0) : 'mode',
  };
}

const swarmOnlyKeys = ['placement', 'update_config', 'rollback_config', 'endpoint_mode'] as const;

function mappingAt(tree: Tree | undefined): Mapping | undefined {
  return tree?.kind === 'map' ? tree : undefined;
}
