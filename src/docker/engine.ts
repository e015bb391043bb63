import type { Readable } from 'node:stream';
import type { Dialect } from './dialect.ts';
import type { EngineActions } from './engine-actions.ts';
import type { EngineClock } from './engine-clock.ts';
import type { ContainerFacts, ContainerSummary } from './facts.ts';
import type { SwarmApi } from './swarm/swarm-api.ts';

/**
 * The port to a container engine: the few read-only calls that discovery needs. Every call settles within its own
 * deadline and rejects with an `EngineError`; an aborted `signal` settles it at once.
 */
export interface Engine {
  /** The engine's address for people, e.g. `unix:///var/run/docker.sock`. */
  readonly endpoint: string;
  /** What the answers tell of the engine's clock; undefined where they tell nothing. */
  readonly clock?: EngineClock;
  /** Checks that the engine answers, negotiates the API version, and finds out which dialect the engine speaks. */
  ping(signal?: AbortSignal): Promise<EngineGreeting>;
  /**
   * Lists the live (running, paused and restarting) containers, or all of them. A row that cannot be understood is left
   * out.
   */
  list(signal?: AbortSignal, which?: 'live' | 'all'): Promise<readonly ContainerSummary[]>;
  /** Inspects one container by id or name; undefined when the engine has no such container. */
  inspect(id: string, signal?: AbortSignal): Promise<ContainerFacts | undefined>;
  /** Opens the raw event stream (newline-separated JSON); `since` is `<seconds>.<nine digits>` and inclusive. */
  events(since: string | undefined, signal: AbortSignal): Promise<Readable>;
  /**
   * Reads the kind of installation, which decides whether container addresses can be reached from the engine's host.
   * Rejects while the engine may yet tell, which is not for ever: `unanswered` says so then.
   */
  installation?(signal?: AbortSignal): Promise<EngineInstallation>;
  /** The memory that a container's processes have in use, in bytes; undefined where the engine does not tell. */
  memoryOf?(id: string, signal?: AbortSignal): Promise<number | undefined>;
  /** The calls that change something, which the setting `engine-actions` must allow. */
  readonly actions?: EngineActions;
  /** The Swarm that the engine is in, if it is in one. */
  readonly swarm?: SwarmApi;
}

/** An engine with the name that people know it by. */
export interface NamedEngine {
  /** Undefined where there is only one engine, and it was given no name. */
  readonly name: string | undefined;
  readonly engine: Engine;
}

export interface EngineGreeting {
  readonly apiVersion: string;
  readonly dialect: Dialect;
}

export interface EngineInstallation {
  /** The platform's name, e.g. `Docker Engine - Community` or `Docker Desktop 4.40.0`; hostile text. */
  readonly platform: string;
  /**
   * The containers live in a network namespace of an unprivileged user, which the host's namespace can't reach. False also
   * where the engine does not tell.
   */
  readonly rootless: boolean;
  /** The release of the kernel that the engine runs on, as uname(2) has it; absent where the engine does not tell. */
  readonly kernel?: string;
  /** Why the engine has not told all of this, where it was asked several times; absent where it told, or refused to. */
  readonly unanswered?: string;
}

export type EngineErrorKind = 'unreachable' | 'permission' | 'timeout' | 'nonsense' | 'refused';

/** Whether an error means that the engine can't be reached at all. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof EngineError && error.kind === 'unreachable';
}

/** A failed engine call, with one readable line in `message` that says what to do. */
export class EngineError extends Error {
  readonly kind: EngineErrorKind;
  /** Whether the engine, or a proxy before it, never answers this call: HTTP 401, 403 or 405. */
  readonly forbidden: boolean;

  constructor(
    kind: EngineErrorKind,
    message: string,
    { forbidden = false, ...options }: ErrorOptions & { readonly forbidden?: boolean } = {},
  ) {
    super(message, options);
    this.name = 'EngineError';
    this.kind = kind;
    this.forbidden = forbidden;
  }
}
