/**
 * What every balancing policy is: an ordering of the upstreams that may be dialed, best first; after a failed dial the
 * rest of them is ordered anew. State is kept by object identity in weak maps: an upstream keeps its turn as long as it
 * lives.
 */
export interface Weighted {
  /** Stable for as long as the process behind it lives. */
  readonly key: string;
  /** More than 0: an upstream of weight 0 is never a candidate. May be a fraction while it starts slowly. */
  readonly weight: number;
}

export interface Balancer {
  /**
   * All of `upstreams`, best first. Each call is one turn: the first of the result is taken to be chosen. `client` is the
   * client's IP address.
   */
  order<U extends Weighted>(upstreams: readonly U[], activeOf: (upstream: U) => number, client: string): readonly U[];
}
