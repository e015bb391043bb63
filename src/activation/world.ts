import type { SleepPlan } from '../catalog/declaration.ts';

/**
 * What activation decides by: the containers that sleep, those that they need, and the clients that wait. Plain data, read
 * anew for each decision.
 */
export interface RestWorld {
  /** By id: the containers with a sleep plan, and all others of their compose projects. */
  readonly containers: ReadonlyMap<string, RestContainer>;
  /** The clients of a service that wait for an upstream. */
  readonly heldOf: (service: string) => number;
}

export interface RestContainer {
  readonly id: string;
  /** Safe to print. */
  readonly name: string;
  /** Undefined where it was not made by compose. */
  readonly compose: ComposePlace | undefined;
  /** What it needs, in the order of its labels. */
  readonly needs: readonly Need[];
  readonly state: 'stopped' | 'paused' | 'running';
  /** The start of its present or last run; another one after each start. */
  readonly startedAtNs: bigint;
  readonly createdAtMs: number;
  /** Set where it has never run. */
  readonly isNew?: true;
  /** Set where its last run was sent its stop signal, and did not end by itself. */
  readonly wasStopped?: true;
  readonly exitCode?: number | undefined;
  /** It runs, and its port accepts, or its HEALTHCHECK passes. */
  readonly isReady: boolean;
  /** It runs, and one of its ports accepts, whatever its HEALTHCHECK says. */
  readonly isOpen: boolean;
  /** Sealane serves it: it sleeps by its own label alone. */
  readonly isServed: boolean;
  /** Undefined for one that sleeps only with those that need it. */
  readonly sleep: SleepPlan | undefined;
  /** The services that it is an upstream of. */
  readonly services: readonly string[];
  /** The open sessions on all its ports. */
  readonly sessions: number;
  /** The sessions on all its ports so far; it only grows while the container runs. */
  readonly sessionsSoFar: number;
  /** Its weight is not 0: it is there for new sessions. */
  readonly takesClients: boolean;
  /** It can take more sessions without a crowd. */
  readonly hasRoom: boolean;
}

/** A compose service that a container needs, and how far that has to be before the container starts. */
export interface Need {
  readonly service: string;
  readonly until: 'open' | 'ready';
}

export interface ComposePlace {
  /** The engine and the project. */
  readonly project: string;
  readonly service: string;
  /** The number of the replica. */
  readonly number: string;
}

export function isAsleep({ state, sleep }: Pick<RestContainer, 'state' | 'sleep'>): boolean {
  return state === 'stopped' || (state === 'paused' && sleep?.mode === 'pause');
}
