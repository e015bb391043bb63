import type { Balancer, Weighted } from './policy.ts';

/**
 * Smooth weighted round robin (nginx's algorithm): in each turn every upstream gains its weight as credit; the one with
 * the most credit is chosen and pays the total. Weights 5, 1, 1 give a a b a c a a, never five turns of `a` in a row.
 */
export class RoundRobin implements Balancer {
  readonly isSticky = false;
  readonly #credit = new WeakMap<Weighted, number>();

  order<U extends Weighted>(upstreams: readonly U[]): readonly U[] {
    if (upstreams.length < 2) return upstreams;
    let total = 0;
    const ranked = upstreams.map((upstream) => {
      // The weight is read once, since during a slow start a second read may return more.
      const { weight } = upstream;
      const credit = (this.#credit.get(upstream) ?? 0) + weight;
      this.#credit.set(upstream, credit);
      total += weight;
      return { upstream, credit };
    });
    ranked.sort((a, b) => b.credit - a.credit);
    const [chosen] = ranked;
    if (chosen) this.#credit.set(chosen.upstream, chosen.credit - total);
    return ranked.map(({ upstream }) => upstream);
  }
}
