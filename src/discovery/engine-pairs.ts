import type { Problem } from '../catalog/problem.ts';
import type { ContainerFacts, EngineSnapshot } from '../docker/facts.ts';

/**
 * Finds pairs of engines that disturb one another. Pure.
 *
 * - Two that have containers in common, whose ids are random, are one engine that was given twice: all containers of the
 *   later one are ignored, since each would be served twice.
 * - Two whose containers have the same address can't both be on this machine's networks: a dial to a container of one would
 *   reach that of the other. The later one counts as that of another network.
 */
export interface EnginePair {
  /** The indices of the two engines. */
  readonly first: number;
  readonly later: number;
}

/** Takes the engines' state, and tells of two engines, the earlier first, whether they overlap. */
type FindOverlaps = (snapshots: readonly EngineSnapshot[]) => (first: number, later: number) => boolean;

/**
 * What was found stays while both are connected: each hears of a start or a death some milliseconds before the other, and
 * has no container in common with it then. Only another connection may lead to another engine.
 */
export function createPairFinder(find: FindOverlaps): (snapshots: readonly EngineSnapshot[]) => readonly EnginePair[] {
  let known: readonly EnginePair[] = [];
  return (snapshots) => {
    const overlap = find(snapshots);
    const isConnected = (index: number): boolean => snapshots[index]?.status.kind === 'connected';
    known = snapshots.flatMap((_, later): EnginePair[] => {
      const before = known.find((one) => one.later === later);
      if (before && isConnected(before.first) && isConnected(later)) return [before];
      const first = snapshots.slice(0, later).findIndex((_earlier, index) => overlap(index, later));
      return first === -1 ? [] : [{ first, later }];
    });
    return known;
  };
}

/** Engines that have a container in common. */
export function findSharedContainers(): FindOverlaps {
  return findShared(({ id }) => [id]);
}

/** Engines that have an address in common. Only those that are dialed from this machine can be mistaken for one another. */
export function findSharedAddresses(): FindOverlaps {
  const find = findShared(({ networking }) =>
    networking.kind === 'networks'
      ? networking.attachments.flatMap(({ ipv4, ipv6 }) => [ipv4 ?? [], ipv6 ?? []].flat())
      : [],
  );
  return (snapshots) => {
    const share = find(snapshots);
    const isDialed = (index: number): boolean => snapshots[index]?.vantage?.reach.kind === 'host';
    return (first, later) => isDialed(first) && isDialed(later) && share(first, later);
  };
}

function findShared(keysOf: (facts: ContainerFacts) => readonly string[]): FindOverlaps {
  const keys = new SharedKeys();
  const seen: EngineSnapshot['containers'][] = [];
  return (snapshots) => {
    snapshots.forEach(({ containers }, engine) => {
      const before = seen[engine] ?? new Map<string, ContainerFacts>();
      seen[engine] = containers;
      for (const facts of missing(before, containers)) keys.release(keysOf(facts), engine);
      for (const facts of missing(containers, before)) keys.claim(keysOf(facts), engine);
    });
    return (first, later) => keys.areShared(first, later);
  };
}

/** The facts that `others` lacks. Facts that did not change are the same object. */
function missing(containers: EngineSnapshot['containers'], others: EngineSnapshot['containers']): ContainerFacts[] {
  if (containers === others) return [];
  return [...containers.values()].filter((facts) => others.get(facts.id) !== facts);
}

/** Which engines have which key. Mostly one of thousands of containers has changed, and the others cost only a look. */
class SharedKeys {
  /** An engine is named once for each of its containers with the key. */
  readonly #holders = new Map<string, readonly number[]>();
  /** The keys that several engines have. */
  readonly #contested = new Set<string>();

  claim(keys: readonly string[], engine: number): void {
    for (const key of keys) this.#set(key, [...(this.#holders.get(key) ?? []), engine]);
  }

  release(keys: readonly string[], engine: number): void {
    for (const key of keys) {
      const holders = this.#holders.get(key) ?? [];
      this.#set(key, holders.toSpliced(holders.indexOf(engine), 1));
    }
  }

  areShared(first: number, later: number): boolean {
    for (const key of this.#contested) {
      const holders = this.#holders.get(key) ?? [];
      if (holders.includes(first) && holders.includes(later)) return true;
    }
    return false;
  }

  #set(key: string, holders: readonly number[]): void {
    if (holders.length === 0) this.#holders.delete(key);
    else this.#holders.set(key, holders);
    if (holders.some((engine) => engine !== holders[0])) this.#contested.add(key);
    else this.#contested.delete(key);
  }
}

export function twinProblem(first: string, later: string): Problem {
  return {
    code: 'engine-twice',
    subject: 'docker',
    message: `engines ${first} and ${later} have the same containers, so they are one engine; ${later} is ignored`,
    fix: 'Give --docker only one of them.',
  };
}

export function overlapProblem(first: string, later: string): Problem {
  return {
    code: 'engines-overlap',
    subject: 'docker',
    message:
      `containers of the engines ${first} and ${later} have the same addresses, so that one of the two has networks that ` +
      `are not this machine's; Sealane takes ${later} for it, and goes through its published ports only`,
    fix: 'Give --docker the engine of this machine first, or one of them another range of addresses (bip, default-address-pools).',
  };
}
