/**
 * What proves that a container's address, once it has answered, is still that container's: where an engine may tell of a
 * container's end only after another one has its addresses.
 */
export type AddressProof =
  /** The network namespace of this process, which is the container's, has the address. */
  | { readonly kind: 'namespace'; readonly pid: number }
  /** This process, which is the container's, runs: for ports on the host, which nothing takes from it before it ends. */
  | { readonly kind: 'process'; readonly pid: number }
  /** The answer came from the container's network card, whose address this is, in lower case. */
  | { readonly kind: 'card'; readonly hardware: string }
  /** The engine says so, asked after the answer. `run`: of the container. */
  | { readonly kind: 'engine'; readonly run: string };
