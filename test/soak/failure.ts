/** A client's failure, as the client saw it. `verdict.ts` finds its cause. */
export interface Failure {
  /** The client's port, which identifies it in Sealane's access log; undefined when it never connected. */
  readonly localPort: number | undefined;
  /** The time in milliseconds since the epoch, as below. */
  readonly startedAtMs: number;
  readonly failedAtMs: number;
  /** The code of the ConnectionFailure. */
  readonly code: string;
  /** The number of whole answers on this connection before the failure. */
  readonly answers: number;
}
