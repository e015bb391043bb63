import type { SwarmNode, SwarmService, SwarmSnapshot, SwarmTask } from '../docker/swarm/facts.ts';
import type { SwarmState } from './swarm-state.ts';

/**
 * Makes one snapshot of what all watched engines tell. Of the managers of one Swarm, the first one that answers is
 * believed: all tell the same, some a moment later.
 */
export interface SwarmSource {
  readonly state: SwarmState;
  /** Whether the engine is in reach. */
  readonly isReached: boolean;
}

export function createUnion(): (sources: readonly SwarmSource[]) => SwarmSnapshot | undefined {
  let last: { readonly of: readonly SwarmSnapshot[]; readonly union: SwarmSnapshot | undefined } | undefined;
  return (sources) => {
    const of = chosenOf(sources);
    const isSame = last?.of.length === of.length && of.every((snapshot, index) => last?.of[index] === snapshot);
    if (!last || !isSame) last = { of, union: of.length < 2 ? of[0] : merged(of) };
    return last.union;
  };
}

/** One snapshot for each Swarm. */
function chosenOf(sources: readonly SwarmSource[]): readonly SwarmSnapshot[] {
  const chosen = new Map<string, { readonly snapshot: SwarmSnapshot; readonly answers: boolean }>();
  for (const { state, isReached } of sources) {
    const { snapshot, clusterId = '' } = state;
    if (!snapshot) continue;
    const isManager = state.standing?.isManager === true;
    const answers = isReached && isManager && !state.isSilent && snapshot.failure === undefined;
    const other = chosen.get(clusterId);
    if (!other || (answers && !other.answers)) chosen.set(clusterId, { snapshot, answers });
  }
  // A node that never told which Swarm it is in, such as a locked one, is most likely in one that is known.
  if (chosen.size > 1) chosen.delete('');
  return [...chosen.values()].map(({ snapshot }) => snapshot);
}

/** Ids are unique beyond a Swarm. */
function merged(snapshots: readonly SwarmSnapshot[]): SwarmSnapshot {
  const failure = snapshots.find((one) => one.failure !== undefined)?.failure;
  return {
    services: new Map<string, SwarmService>(snapshots.flatMap(({ services }) => [...services])),
    tasks: new Map<string, SwarmTask>(snapshots.flatMap(({ tasks }) => [...tasks])),
    nodes: new Map<string, SwarmNode>(snapshots.flatMap(({ nodes }) => [...nodes])),
    failed: new Map<string, SwarmTask>(snapshots.flatMap(({ failed }) => [...failed])),
    ...(failure !== undefined && { failure }),
  };
}
