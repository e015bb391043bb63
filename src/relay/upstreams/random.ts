import type { Balancer, Weighted } from './policy.ts';

/**
 * The power of two choices (Mitzenmacher 2001): two upstreams are drawn in proportion to weight, and the one with fewer
 * sessions per weight comes first. The policy has no state, so many proxies in front of one pool don't choose in step.
 * The other upstreams follow as they are listed: after a failed dial the pool asks for a new order.
 */
export class RandomOfTwo implements Balancer {
  readonly isSticky = false;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  order<U extends Weighted>(upstreams: readonly U[], activeOf: (upstream: U) => number): readonly U[] {
    if (upstreams.length < 2) return upstreams;
    const rest = [...upstreams];
    const one = this.#draw(rest);
    const other = this.#draw(rest);
    const isBusier = activeOf(one) / one.weight > activeOf(other) / other.weight;
    return isBusier ? [other, one, ...rest] : [one, other, ...rest];
  }

  /** Removes one upstream at random and returns it; the chance of each is in proportion to its weight. */
  #draw<U extends Weighted>(upstreams: U[]): U {
    let total = 0;
    for (const { weight } of upstreams) total += weight;
    let point = this.#random() * total;
    let index = 0;
    while (index < upstreams.length - 1 && (point -= upstreams[index]?.weight ?? 0) >= 0) index += 1;
    const [drawn] = upstreams.splice(index, 1);
    if (!drawn) throw new RangeError('no upstream to draw from');
    return drawn;
  }
}
