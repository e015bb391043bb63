import { nameAt, type EngineTag } from '../catalog/container-name.ts';
import { serviceName as serviceNameKind } from '../config/options/kinds.ts';
import { serviceOf } from '../docker/creator.ts';
import type { ContainerFacts } from '../docker/facts.ts';
import { printable } from '../text/printable.ts';
import type { LabelledRoute } from './labels.ts';

/**
 * Names the service of a route: after its `pool`, else after the compose service or the Swarm's service that the container
 * was created for, else after the container. Pure.
 *
 * Only a container's own name is told apart by engine: replicas of one service may be on several engines.
 */
export function serviceName(
  { name, labels }: Pick<ContainerFacts, 'name' | 'labels'>,
  route: Pick<LabelledRoute, 'name'> & { readonly values: Pick<LabelledRoute['values'], 'pool'> },
  of: EngineTag,
): string {
  if (route.values.pool !== undefined) return route.values.pool;
  const created = serviceNameKind.schema.safeParse(serviceOf(labels));
  const base = created.success ? created.data : nameAt(printable(name), of);
  return route.name === undefined ? base : `${base}:${route.name}`;
}
