import type { Problem } from '../catalog/problem.ts';
import {
  createPairFinder,
  findSharedAddresses,
  findSharedContainers,
  overlapProblem,
  twinProblem,
  type EnginePair,
} from '../discovery/engine-pairs.ts';
import type { EngineSnapshot } from '../docker/facts.ts';
import type { WatchedEngine } from './engine-watch.ts';

/**
 * Owns what is known of engines that disturb one another: those that were given twice, and those whose containers have the
 * same addresses.
 */
export interface EngineConflicts {
  /** Compares the engines as they are now. */
  update(): void;
  /** The name of the earlier engine that this one is, given again; undefined for all others. */
  readonly twinOf: (engine: WatchedEngine) => string | undefined;
  /** Whether containers of another engine, which is more likely this machine's, have addresses of this one's. */
  readonly isApart: (engine: WatchedEngine) => boolean;
  readonly problems: () => readonly Problem[];
}

export function createEngineConflicts(engines: readonly WatchedEngine[]): EngineConflicts {
  const findTwins = createPairFinder(findSharedContainers());
  const findOverlaps = createPairFinder(findSharedAddresses());
  let twins: readonly EnginePair[] = [];
  let overlaps: readonly EnginePair[] = [];
  const pairOf = (pairs: readonly EnginePair[], engine: WatchedEngine): EnginePair | undefined =>
    pairs.find(({ second }) => engines[second] === engine);
  const named = ({ first, second }: EnginePair) => [engines[first]?.name ?? '', engines[second]?.name ?? ''] as const;
  const isOwn = ({ first }: EnginePair): boolean => engines[first]?.snapshot().vantage?.selfId !== undefined;
  return {
    update() {
      // An only engine has no other to be compared with, for each event of thousands of containers.
      if (engines.length < 2) return;
      const snapshots = engines.map(({ snapshot }) => snapshot());
      twins = findTwins(snapshots);
      const ignored = new Set(twins.map(({ second }) => second));
      overlaps = findOverlaps(
        snapshots.map((one, index) => (ignored.has(index) ? { ...one, containers: noContainers } : one)),
      );
    },
    twinOf(engine) {
      const pair = pairOf(twins, engine);
      return pair && named(pair)[0];
    },
    isApart: (engine) => pairOf(overlaps, engine) !== undefined,
    problems: () => [
      ...twins.map((pair) => twinProblem(...named(pair))),
      ...overlaps.map((pair) => overlapProblem(...named(pair), isOwn(pair))),
    ],
  };
}

const noContainers: EngineSnapshot['containers'] = new Map();
