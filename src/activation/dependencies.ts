import type { RestContainer, RestWorld } from './world.ts';

/**
 * What a container needs before it starts, and what needs it, by compose's services. Pure.
 */
type Containers = RestWorld['containers'];

/** The container and all that it needs, each after what it needs itself. A circle is cut where it closes. */
export function inOrder(root: RestContainer, containers: Containers): readonly RestContainer[] {
  const order = new Set<RestContainer>();
  const seen = new Set<string>();
  const visit = (one: RestContainer): void => {
    if (seen.has(one.id)) return;
    seen.add(one.id);
    for (const needed of neededBy(one, containers)) visit(needed);
    order.add(one);
  };
  visit(root);
  return [...order];
}

/** What the container needs itself: all replicas of each service. A service without a container is left out. */
function neededBy({ compose, needs }: RestContainer, containers: Containers): readonly RestContainer[] {
  if (!compose) return [];
  return needs.flatMap(({ service }) => replicasOf(service, compose.project, containers));
}

/** Whether all that the container needs is so far that it can start; `among` are those that count. */
export function hasWhatItNeeds(
  { compose, needs }: RestContainer,
  containers: Containers,
  among: ReadonlySet<RestContainer>,
): boolean {
  return needs.every(({ service, until }) =>
    replicasOf(service, compose?.project, containers).every(
      (one) => !among.has(one) || (until === 'open' ? one.isOpen : one.isReady),
    ),
  );
}

function replicasOf(service: string, project: string | undefined, containers: Containers): RestContainer[] {
  return [...containers.values()].filter(
    (one) =>
      one.compose !== undefined &&
      one.compose.project === project &&
      one.compose.service === service &&
      !isReplaced(one, containers),
  );
}

/** The containers that need this one themselves. */
export function dependentsOf({ compose }: RestContainer, containers: Containers): readonly RestContainer[] {
  if (!compose) return [];
  return [...containers.values()].filter(
    (one) => one.compose?.project === compose.project && one.needs.some(({ service }) => service === compose.service),
  );
}

/** Whether compose has made a newer container in this one's place: it recreates, and removes this one soon. */
export function isReplaced({ compose, createdAtMs, state, id }: RestContainer, containers: Containers): boolean {
  if (!compose || state === 'running') return false;
  return [...containers.values()].some(
    (one) =>
      one.id !== id &&
      one.compose?.project === compose.project &&
      one.compose.service === compose.service &&
      one.compose.number === compose.number &&
      one.createdAtMs > createdAtMs,
  );
}
