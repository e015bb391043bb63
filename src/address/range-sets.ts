import { bracketedIPv6 } from './address.ts';
import { dotted, numberOf } from './number-of.ts';
import { parseRange } from './ranges.ts';

/**
 * Intersects and unites sets of address ranges, exactly. Two ranges in CIDR notation are disjoint, or one contains the
 * other, so that each result consists of given ranges. Pure.
 */
interface Block {
  readonly family: 'ipv4' | 'ipv6';
  readonly first: bigint;
  readonly last: bigint;
  readonly bits: number;
}

/** The addresses that both sets have; an empty list stands for no address. */
export function intersectRanges(one: readonly string[], other: readonly string[]): readonly string[] {
  const [ours, theirs] = [outermost(one), outermost(other)];
  const common: Block[] = [];
  let [at, their] = [ours.shift(), theirs.shift()];
  while (at && their) {
    if (contains(at, their)) {
      common.push(their);
      their = theirs.shift();
    } else if (contains(their, at)) {
      common.push(at);
      at = ours.shift();
    } else if (compare(at, their) < 0) at = ours.shift();
    else their = theirs.shift();
  }
  return common.map(print);
}

/** The addresses that at least one of the sets has. */
export function uniteRanges(one: readonly string[], other: readonly string[]): readonly string[] {
  return outermost([...one, ...other]).map(print);
}

/** The ranges in order, without those that another one contains. */
function outermost(ranges: readonly string[]): Block[] {
  const kept: Block[] = [];
  for (const block of ranges.map(parse).toSorted(compare)) {
    const before = kept.at(-1);
    if (!before || !contains(before, block)) kept.push(block);
  }
  return kept;
}

/** By address, the larger of two ranges that begin at the same one first. */
function compare(a: Block, b: Block): number {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.bits - b.bits;
}

function contains(outer: Block, inner: Block): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

function parse(text: string): Block {
  const range = parseRange(text);
  if (!range) throw new RangeError(`not a range of addresses: ${text}`);
  const { address, bits, family } = range;
  const free = (family === 'ipv4' ? 32 : 128) - bits;
  const first = (numberOf(address) >> BigInt(free)) << BigInt(free);
  return { family, first, last: first + (1n << BigInt(free)) - 1n, bits };
}

function print({ family, first, bits }: Block): string {
  if (family === 'ipv4') return `${dotted(first)}/${bits}`;
  const words = Array.from({ length: 8 }, (_, index) => ((first >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  return `${bracketedIPv6(words.join(':')).slice(1, -1)}/${bits}`;
}
