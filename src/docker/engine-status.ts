/**
 * The state of the connection to a container engine. `reason` is safe to print.
 */
export type EngineStatus =
  /** Sealane runs without Docker and serves static services only. */
  | { readonly kind: 'none' }
  | { readonly kind: 'connecting'; readonly reason?: string }
  | { readonly kind: 'connected'; readonly apiVersion: string }
  | { readonly kind: 'disconnected'; readonly reason: string };
