import type { Balancer, Weighted } from './policy.ts';

/**
 * The upstream with the fewest active sessions per weight comes first. Ties (when all are idle, for example) are shared
 * in proportion to weight by start-time fair queueing: every choice moves an upstream's tag on by 1/weight, and the
 * lowest tag is next. An upstream that returns after a long time starts at the present tag, so that it is not sent
 * every client until its tag has caught up.
 */
export class LeastConnections implements Balancer {
  readonly isSticky = false;
  readonly #tags = new WeakMap<Weighted, number>();
  #present = 0;

  order<U extends Weighted>(upstreams: readonly U[], activeOf: (upstream: U) => number): readonly U[] {
    if (upstreams.length < 2) return upstreams;
    const ranked = upstreams.map((upstream) => ({
      upstream,
      load: activeOf(upstream) / upstream.weight,
      tag: Math.max(this.#tags.get(upstream) ?? 0, this.#present),
    }));
    ranked.sort((a, b) => a.load - b.load || a.tag - b.tag);
    const [chosen] = ranked;
    if (chosen) {
      this.#present = chosen.tag;
      this.#tags.set(chosen.upstream, chosen.tag + 1 / chosen.upstream.weight);
    }
    return ranked.map(({ upstream }) => upstream);
  }
}
