/**
 * Where the tour takes place: on containers or on local processes. The tour decides what happens; an environment does it.
 */
export interface Environment {
  /** The address that clients connect to, all through the tour. */
  readonly host: string;
  readonly port: number;
  /** What the output calls `stopOne`. */
  readonly stopTitle: string;
  /** Names of the replicas that should answer now, as they name themselves. */
  replicas(): readonly string[];
  /** Resolves once the new replicas run; they are ready when they answer. */
  add(count: number): Promise<void>;
  /** Removes the youngest replicas, as scaling down does. */
  remove(count: number): Promise<void>;
  /** Stops the youngest replica, as a user would by hand. */
  stopOne(): Promise<void>;
  /** Removes everything that the environment started. May be called at any moment. */
  close(): Promise<void>;
}

/** An engine for the tour, and an image on it. */
export interface EngineGround {
  readonly kind: 'engine';
  /** The engine's address, as DOCKER_HOST has it. */
  readonly host: string;
  /** An image of Sealane that the engine holds. */
  readonly image: string;
}

/** Without an engine the tour runs on processes of one executable. */
export interface ProcessGround {
  readonly kind: 'processes';
  /** Why there are no containers, in one line with the fix. */
  readonly reason: string;
  /** The program to run, and the arguments before Sealane's own. */
  readonly command: readonly [string, ...string[]];
}

export type Ground = EngineGround | ProcessGround;
