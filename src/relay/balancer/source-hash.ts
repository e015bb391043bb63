import type { Balancer, Weighted } from './policy.ts';

/**
 * Clients stick to upstreams by address: weighted rendezvous hashing (Thaler and Ravishankar 1998; weights as in Mosko's
 * logarithmic method). Each client ranks all upstreams by its own scores, so a new one takes over 1/n of the clients and
 * moves nobody else, and a client whose upstream is away always goes to the same second.
 */
export class SourceHash implements Balancer {
  order<U extends Weighted>(upstreams: readonly U[], _activeOf: unknown, client: string): readonly U[] {
    if (upstreams.length < 2) return upstreams;
    const seed = fnv1a(client, 0x811c9dc5);
    return upstreams
      .map((upstream) => ({ upstream, score: -upstream.weight / Math.log(unit(fnv1a(upstream.key, seed))) }))
      .toSorted((a, b) => b.score - a.score)
      .map(({ upstream }) => upstream);
  }
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** Spreads the bits (MurmurHash3's finalizer) into (0, 1): addresses that differ in one digit must not stay neighbours. */
function unit(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return ((mixed >>> 0) + 0.5) / 2 ** 32;
}
