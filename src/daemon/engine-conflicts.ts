import type { Problem } from '../catalog/problem.ts';
import {
  createPairFinder,
  findSharedAddresses,
  findSharedContainers,
  overlapProblem,
  twinProblem,
  type EnginePair,
} from '../discovery/engine-pairs.ts';
import type { WatchedEngine } from './engine-watch.ts';

/**
 * Owns what is known of engines that disturb one another: those that were given twice, and those whose containers have the
 * same addresses.
 */
export interface EngineConflicts {
  /** Compares the engines as they are now. */
  update(): void;
  /** Whether the engine is an earlier one, given again. */
  readonly isTwin: (engine: WatchedEngine) => boolean;
  /** Whether containers of an earlier engine have addresses of this one's. */
  readonly isApart: (engine: WatchedEngine) => boolean;
  readonly problems: () => readonly Problem[];
}

export function createEngineConflicts(engines: readonly WatchedEngine[]): EngineConflicts {
  const findTwins = createPairFinder(findSharedContainers());
  const findOverlaps = createPairFinder(findSharedAddresses());
  let twins: readonly EnginePair[] = [];
  let overlaps: readonly EnginePair[] = [];
  const isIn = (pairs: readonly EnginePair[], engine: WatchedEngine): boolean =>
    pairs.some(({ later }) => engines[later] === engine);
  const named = ({ first, later }: EnginePair) => [engines[first]?.name ?? '', engines[later]?.name ?? ''] as const;
  return {
    update() {
      // An only engine has no other to be compared with, for each event of thousands of containers.
      if (engines.length < 2) return;
      const snapshots = engines.map(({ snapshot }) => snapshot());
      twins = findTwins(snapshots);
      overlaps = findOverlaps(snapshots).filter(({ later }) => !twins.some((twin) => twin.later === later));
    },
    isTwin: (engine) => isIn(twins, engine),
    isApart: (engine) => isIn(overlaps, engine),
    problems: () => [
      ...twins.map((pair) => twinProblem(...named(pair))),
      ...overlaps.map((pair) => overlapProblem(...named(pair))),
    ],
  };
}
