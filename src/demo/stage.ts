/**
 * Where the tour takes place: on real containers or on local processes. The tour says what is to happen; a stage does it.
 */
export interface Stage {
  /** Where clients connect, all through the tour. */
  readonly host: string;
  readonly port: number;
  /** What `stopOne` is called in the narration. */
  readonly stopTitle: string;
  /** Names of the replicas that are to answer now, as they call themselves. */
  replicas(): readonly string[];
  /** Resolves once they run; ready they are when they answer. */
  add(count: number): Promise<void>;
  /** Takes the youngest replicas away, as scaling down does. */
  remove(count: number): Promise<void>;
  /** Stops the youngest replica, as its owner would by hand. */
  stopOne(): Promise<void>;
  /** Removes everything that the stage started. May be called at any moment. */
  close(): Promise<void>;
}
