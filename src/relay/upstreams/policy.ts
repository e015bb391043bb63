/**
 * The interface of balancing policies: a policy orders the upstreams that may be dialed, best first; after a failed
 * dial it orders the remaining ones anew. Policies keep state by object identity in weak maps, so that an upstream
 * keeps its turn for as long as it exists.
 */
export interface Weighted {
  /** The upstream's key, which is stable for as long as the process behind it lives. */
  readonly key: string;
  /** Always above 0: an upstream of weight 0 is never a candidate. It may be a fraction during a slow start. */
  readonly weight: number;
}

export interface Balancer {
  /** True where a client that returns is sent to the same upstream again, so that no rebalance can move it. */
  readonly isSticky: boolean;
  /**
   * Returns all of `upstreams`, best first. Each call is one turn: the policy assumes that the first of the result is
   * dialed. `client` is the client's IP address.
   */
  order<U extends Weighted>(upstreams: readonly U[], activeOf: (upstream: U) => number, client: string): readonly U[];
}
