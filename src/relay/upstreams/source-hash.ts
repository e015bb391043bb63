import { fnv1a, mix } from '../boundary/hash.ts';
import type { Balancer, Weighted } from './policy.ts';

/**
 * Clients stick to upstreams by address: weighted rendezvous hashing (Thaler and Ravishankar 1998; weights as in
 * Mosko's logarithmic method). Each client ranks all upstreams by its own scores, so a new upstream takes over 1/n of
 * the clients and moves no other client, and a client whose upstream is away always goes to the same second choice.
 */
export class SourceHash implements Balancer {
  readonly isSticky = true;
  order<U extends Weighted>(upstreams: readonly U[], _activeOf: unknown, client: string): readonly U[] {
    if (upstreams.length < 2) return upstreams;
    const seed = fnv1a(client, 0x811c9dc5);
    return upstreams
      .map((upstream) => ({ upstream, score: -upstream.weight / Math.log(unit(fnv1a(upstream.key, seed))) }))
      .toSorted((a, b) => b.score - a.score)
      .map(({ upstream }) => upstream);
  }
}

/** Maps a hash to a number within (0, 1). */
function unit(hash: number): number {
  return ((mix(hash) >>> 0) + 0.5) / 2 ** 32;
}
