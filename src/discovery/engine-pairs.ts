import type { Problem } from '../catalog/problem.ts';
import type { ContainerFacts, EngineSnapshot, NetworkAttachment, Vantage } from '../docker/facts.ts';

/**
 * Finds pairs of engines that disturb one another. Pure.
 *
 * - Two that have containers in common, whose ids are random, are one engine that was given twice: all containers of the
 *   second one are ignored, since each would be served twice.
 * - Two whose containers have the same address can't both be on this machine's networks: a dial to a container of one would
 *   reach that of the other. The second one counts as that of another network.
 */
export interface EnginePair {
  /** The indices of the two engines; the second one gives way. */
  readonly first: number;
  readonly second: number;
}

/** Finds out which engines overlap, from the state of all of them. */
interface OverlapFinder<Overlap> {
  update(snapshots: readonly EngineSnapshot[]): void;
  /** What is known of two engines; `before` is what was, where both have been connected ever since. */
  compare(first: number, second: number, before: Overlap | undefined): Overlap | undefined;
  /** Whether the overlap disturbs the second engine's containers, as they are now. */
  disturbs(overlap: Overlap, second: number): boolean;
  /** Whether the first has precedence over the second. */
  goesFirst(first: number, second: number): boolean;
}

/** Only another connection may lead to another engine, so what was found is forgotten with the connection. */
export function createPairFinder<Overlap>(
  finder: OverlapFinder<Overlap>,
): (snapshots: readonly EngineSnapshot[]) => readonly EnginePair[] {
  let known: readonly (EnginePair & { readonly overlap: Overlap })[] = [];
  return (snapshots) => {
    finder.update(snapshots);
    const isConnected = (index: number): boolean => snapshots[index]?.status.kind === 'connected';
    const before = known.filter(({ first, second }) => isConnected(first) && isConnected(second));
    const indices = [...snapshots.keys()];
    known = indices.flatMap((second) =>
      indices.flatMap((first) => {
        if (first === second || !finder.goesFirst(first, second)) return [];
        const same = before.find((one) => one.first === first && one.second === second);
        const overlap = finder.compare(first, second, same?.overlap);
        return overlap === undefined ? [] : [{ first, second, overlap }];
      }),
    );
    const disturbing = known.filter(({ overlap, second }) => finder.disturbs(overlap, second));
    return indices.flatMap((second) => disturbing.find((one) => one.second === second) ?? []);
  };
}

/**
 * Engines that have a container in common. They stay one engine: each hears of a start or a death some milliseconds before
 * the other, and has no container in common with it then.
 */
export function findSharedContainers(): OverlapFinder<true> {
  const ids = new SharedKeys(({ id }) => [id]);
  return {
    update: (snapshots) => ids.update(snapshots),
    compare: (first, second, before) => before ?? (ids.areShared(first, second) || undefined),
    disturbs: () => true,
    goesFirst: (first, second) => first < second,
  };
}

/**
 * Engines that have an address in common. Only those that are dialed from this machine can be mistaken for one another.
 *
 * Networks that had an address in common have one range, also while no two containers show it. So the second engine is
 * disturbed while it has containers on such a network; one that is made again with another range has another id.
 */
export function findSharedAddresses(): OverlapFinder<ReadonlySet<string>> {
  const addresses = new SharedKeys((facts) => attachmentsOf(facts).flatMap(addressesOf));
  let snapshots: readonly EngineSnapshot[] = [];
  const vantageOn = (index: number): Vantage | undefined => snapshots[index]?.vantage;
  const isDialed = (index: number): boolean => vantageOn(index)?.reach.kind === 'host';
  const isOwn = (index: number): boolean => vantageOn(index)?.selfId !== undefined;
  const attachmentsIn = (index: number): readonly NetworkAttachment[] =>
    [...(snapshots[index]?.containers.values() ?? [])].flatMap(attachmentsOf);
  return {
    update(now) {
      snapshots = now;
      addresses.update(now);
    },
    compare(first, second, before) {
      if (!isDialed(first) || !isDialed(second)) return undefined;
      if (!addresses.areShared(first, second)) return before;
      const taken = new Set(attachmentsIn(first).flatMap(addressesOf));
      const shared = attachmentsIn(second).filter((one) => addressesOf(one).some((address) => taken.has(address)));
      return new Set([...(before ?? []), ...shared.map(({ networkId }) => networkId)]);
    },
    disturbs: (networks, second) => attachmentsIn(second).some(({ networkId }) => networks.has(networkId)),
    // The engine that Sealane's own container is on is this machine's for certain.
    goesFirst: (first, second) => (isOwn(first) === isOwn(second) ? first < second : isOwn(first)),
  };
}

function attachmentsOf({ networking }: ContainerFacts): readonly NetworkAttachment[] {
  return networking.kind === 'networks' ? networking.attachments : [];
}

function addressesOf({ ipv4, ipv6 }: NetworkAttachment): string[] {
  return [ipv4 ?? [], ipv6 ?? []].flat();
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
  readonly #keysOf: (facts: ContainerFacts) => readonly string[];
  readonly #seen: EngineSnapshot['containers'][] = [];

  constructor(keysOf: (facts: ContainerFacts) => readonly string[]) {
    this.#keysOf = keysOf;
  }

  update(snapshots: readonly EngineSnapshot[]): void {
    snapshots.forEach(({ containers }, engine) => {
      const before = this.#seen[engine] ?? new Map<string, ContainerFacts>();
      this.#seen[engine] = containers;
      for (const facts of missing(before, containers)) this.#release(facts, engine);
      for (const facts of missing(containers, before)) this.#claim(facts, engine);
    });
  }

  #claim(facts: ContainerFacts, engine: number): void {
    for (const key of this.#keysOf(facts)) this.#set(key, [...(this.#holders.get(key) ?? []), engine]);
  }

  #release(facts: ContainerFacts, engine: number): void {
    for (const key of this.#keysOf(facts)) {
      const holders = this.#holders.get(key) ?? [];
      this.#set(key, holders.toSpliced(holders.indexOf(engine), 1));
    }
  }

  areShared(first: number, second: number): boolean {
    for (const key of this.#contested) {
      const holders = this.#holders.get(key) ?? [];
      if (holders.includes(first) && holders.includes(second)) return true;
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

export function twinProblem(first: string, second: string): Problem {
  return {
    code: 'engine-twice',
    subject: 'docker',
    message: `engines ${first} and ${second} have the same containers, so they are one engine; ${second} is ignored`,
    fix: 'Give --docker only one of them.',
  };
}

/** `isOwn`: whether Sealane's own container is on the first engine, which tells that this one is this machine's. */
export function overlapProblem(first: string, second: string, isOwn: boolean): Problem {
  const same = `containers of the engines ${first} and ${second} have the same addresses`;
  const then = `Sealane goes through the published ports of ${second} only`;
  const otherRange = 'another range of addresses (bip, default-address-pools)';
  return {
    code: 'engines-overlap',
    subject: 'docker',
    message: isOwn
      ? `${same}, and those of ${first}, which Sealane's own container is on, are this machine's; ${then}`
      : `${same}, so that one of the two has networks that are not this machine's; ${then}`,
    fix: isOwn
      ? `Give one of the engines ${otherRange}.`
      : `Give --docker the engine of this machine first, or one of them ${otherRange}.`,
  };
}
