import type { Readable } from 'node:stream';
import type { ContainerFacts, ContainerSummary } from './facts.ts';

/**
 * Our port to a container engine: the few read-only calls that discovery needs. Every call settles within its own
 * deadline and rejects with an `EngineError`; an aborted `signal` settles it at once.
 */
export interface Engine {
  /** For people, e.g. `unix:///var/run/docker.sock`. */
  readonly endpoint: string;
  /** Checks that the engine answers and settles the API version. */
  ping(signal?: AbortSignal): Promise<{ readonly apiVersion: string }>;
  /** Running, paused and restarting containers. A row that cannot be understood is left out. */
  list(signal?: AbortSignal): Promise<readonly ContainerSummary[]>;
  /** One container by id or name; undefined when the engine has none such. */
  inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | undefined>;
  /** The raw event stream (newline-separated JSON); `since` is `<seconds>.<nine digits>` and inclusive. */
  events(since: string | undefined, signal: AbortSignal): Promise<Readable>;
  /** What kind of installation this is, where it tells; it decides whether container addresses lead anywhere. */
  installation?(signal?: AbortSignal): Promise<EngineInstallation>;
}

export interface EngineInstallation {
  /** E.g. `Docker Engine - Community` or `Docker Desktop 4.40.0`; hostile text. */
  readonly platform: string;
  /** Its containers live in a network namespace of an unprivileged user, out of reach of the host's. */
  readonly rootless: boolean;
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
