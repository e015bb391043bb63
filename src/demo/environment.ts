import type { EngineClient } from './engine-client.ts';

/**
 * Where the tour runs: on containers or on local processes. The tour decides what happens; an environment does it.
 */
export interface Environment {
  /** The address that clients connect to during the whole tour. */
  readonly host: string;
  readonly port: number;
  /** The title of the phase that calls `stopOne`. */
  readonly stopTitle: string;
  /** The names of the replicas that should answer now. Each replica answers with its name. */
  replicas(): readonly string[];
  /** Starts replicas. Resolves once they run; a replica is ready when it answers. */
  add(count: number): Promise<void>;
  /** Removes the newest replicas, as scaling down does. */
  remove(count: number): Promise<void>;
  /** Stops the newest replica, as a user would by hand. */
  stopOne(): Promise<void>;
  /** Removes everything that the environment started. It may be called at any time. */
  close(): Promise<void>;
}

/** The tour runs on this engine, with this image. */
export interface DockerEnvironmentSpec {
  readonly kind: 'engine';
  /** The engine's address, in the form of DOCKER_HOST. */
  readonly host: string;
  readonly client: EngineClient;
  /** An image of Sealane that the engine holds. */
  readonly image: string;
}

/** The tour runs on local processes of one executable, as there is no engine. */
export interface LocalEnvironmentSpec {
  readonly kind: 'processes';
  /** Why there are no containers, in one line with the fix. */
  readonly reason: string;
  /** The program to run, and the arguments that precede Sealane's own. */
  readonly command: readonly [string, ...string[]];
}

export type EnvironmentSpec = DockerEnvironmentSpec | LocalEnvironmentSpec;
