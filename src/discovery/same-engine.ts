import type { Problem } from '../catalog/problem.ts';
import type { ContainerFacts, EngineSnapshot } from '../docker/facts.ts';

/**
 * Finds engines that are one and the same, such as a socket and the Docker context of that socket: they have containers in
 * common, whose ids are random. All containers of the later one are ignored, since each would be served twice. Pure.
 */
export interface EngineTwin {
  /** The indices of the engine that is ignored, and of the earlier one that it is. */
  readonly ignored: number;
  readonly first: number;
}

type Containers = ReadonlyMap<string, ContainerFacts>;

/**
 * What was found stays while both are connected: each hears of a start or a death some milliseconds before the other, and
 * has no container in common with it then. Only another connection may lead to another engine.
 */
export function createTwinFinder(): (snapshots: readonly EngineSnapshot[]) => readonly EngineTwin[] {
  const share = createComparer();
  let known: readonly EngineTwin[] = [];
  return (snapshots) => {
    const isConnected = (index: number): boolean => snapshots[index]?.status.kind === 'connected';
    const twins = snapshots.flatMap(({ containers }, ignored): EngineTwin[] => {
      const before = known.find((one) => one.ignored === ignored);
      if (before && isConnected(before.first) && isConnected(ignored)) return [before];
      const first = snapshots.slice(0, ignored).findIndex((earlier) => share(earlier.containers, containers));
      return first === -1 ? [] : [{ ignored, first }];
    });
    known = twins;
    return twins;
  };
}

/** A comparer remembers its answers by the identity of the two maps: mostly one of several engines has changed. */
function createComparer(): (a: Containers, b: Containers) => boolean {
  const memo = new WeakMap<Containers, WeakMap<Containers, boolean>>();
  return (a, b) => {
    const answers = memo.get(a) ?? new WeakMap<Containers, boolean>();
    memo.set(a, answers);
    const answer = answers.get(b) ?? haveCommon(a, b);
    answers.set(b, answer);
    return answer;
  };
}

function haveCommon(a: Containers, b: Containers): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  for (const id of few.keys()) if (many.has(id)) return true;
  return false;
}

export function twinProblem(ignored: string, first: string): Problem {
  return {
    code: 'engine-twice',
    subject: 'docker',
    message: `engines ${first} and ${ignored} have the same containers, so they are one engine; ${ignored} is ignored`,
    fix: `Give --docker only one of them.`,
  };
}
