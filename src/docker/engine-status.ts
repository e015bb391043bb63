/**
 * The state of the connection to a container engine. `reason` is safe to print, and so is `slow`: which call the
 * engine answers slowly, as the rest of a sentence whose subject is the engine.
 */
export type EngineStatus =
  | { readonly kind: 'connecting'; readonly reason?: string; readonly slow?: string }
  | { readonly kind: 'connected'; readonly apiVersion: string; readonly slow?: string }
  | { readonly kind: 'disconnected'; readonly reason: string };
