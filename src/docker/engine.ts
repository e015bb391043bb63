import type { Readable } from 'node:stream';
import type { ContainerFacts, ContainerSummary } from './facts.ts';

/**
 * Our port to a container engine: the few read-only calls that discovery needs. Every call settles within its own
 * deadline and rejects with an `EngineError`.
 */
export interface Engine {
  /** For people, e.g. `unix:///var/run/docker.sock`. */
  readonly endpoint: string;
  /** Checks that the engine answers and settles the API version. */
  ping(): Promise<{ readonly apiVersion: string }>;
  /** Running, paused and restarting containers. */
  list(): Promise<readonly ContainerSummary[]>;
  /** One container by id or name; undefined when the engine has none such. */
  inspect(id: string): Promise<ContainerFacts | undefined>;
  /** The raw event stream (newline-separated JSON); `since` is `<seconds>.<nine digits>` and inclusive. */
  events(since: string | undefined, signal: AbortSignal): Promise<Readable>;
}

export type EngineErrorKind = 'unreachable' | 'permission' | 'timeout' | 'nonsense' | 'refused';

/** A failed engine call, with one readable line in `message` that says what to do. */
export class EngineError extends Error {
  readonly kind: EngineErrorKind;

  constructor(kind: EngineErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.kind = kind;
  }
}
