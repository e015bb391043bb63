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

type Overlap = (first: EngineSnapshot, later: EngineSnapshot) => boolean;

/**
 * What was found stays while both are connected: each hears of a start or a death some milliseconds before the other, and
 * has no container in common with it then. Only another connection may lead to another engine.
 */
export function createPairFinder(overlap: Overlap): (snapshots: readonly EngineSnapshot[]) => readonly EnginePair[] {
  const overlaps = remembering(overlap);
  let known: readonly EnginePair[] = [];
  return (snapshots) => {
    const isConnected = (index: number): boolean => snapshots[index]?.status.kind === 'connected';
    known = snapshots.flatMap((snapshot, later): EnginePair[] => {
      const before = known.find((one) => one.later === later);
      if (before && isConnected(before.first) && isConnected(later)) return [before];
      const first = snapshots.slice(0, later).findIndex((earlier) => overlaps(earlier, snapshot));
      return first === -1 ? [] : [{ first, later }];
    });
    return known;
  };
}

/** Answers are remembered by the identity of the two snapshots: mostly one of several engines has changed. */
function remembering(overlap: Overlap): Overlap {
  const memo = new WeakMap<EngineSnapshot, WeakMap<EngineSnapshot, boolean>>();
  return (first, later) => {
    const answers = memo.get(first) ?? new WeakMap<EngineSnapshot, boolean>();
    memo.set(first, answers);
    const answer = answers.get(later) ?? overlap(first, later);
    answers.set(later, answer);
    return answer;
  };
}

export function shareContainers({ containers: a }: EngineSnapshot, { containers: b }: EngineSnapshot): boolean {
  return haveCommon(a, b);
}

/** Only addresses that would be dialed from this machine can be mistaken for one another. */
export function shareAddresses(a: EngineSnapshot, b: EngineSnapshot): boolean {
  if (a.vantage?.reach.kind !== 'host' || b.vantage?.reach.kind !== 'host') return false;
  return haveCommon(addressesOf(a.containers), addressesOf(b.containers));
}

interface Keyed {
  readonly size: number;
  keys(): Iterable<string>;
  has(key: string): boolean;
}

function haveCommon(a: Keyed, b: Keyed): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  for (const key of few.keys()) if (many.has(key)) return true;
  return false;
}

const known = new WeakMap<ReadonlyMap<string, ContainerFacts>, ReadonlySet<string>>();

function addressesOf(containers: ReadonlyMap<string, ContainerFacts>): ReadonlySet<string> {
  const remembered = known.get(containers);
  if (remembered) return remembered;
  const addresses = new Set<string>();
  for (const { networking } of containers.values()) {
    if (networking.kind !== 'networks') continue;
    for (const { ipv4, ipv6 } of networking.attachments) {
      if (ipv4 !== undefined) addresses.add(ipv4);
      if (ipv6 !== undefined) addresses.add(ipv6);
    }
  }
  known.set(containers, addresses);
  return addresses;
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
