/** What a client saw go wrong; `verdict.ts` finds out whose fault it was. */
export interface Failure {
  /** Its own port, by which Sealane's access log names it; undefined when it never connected. */
  readonly localPort: number | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly failedAtMs: number;
  /** See ConnectionFailure. */
  readonly code: string;
  /** Whole answers that it had got on this connection before. */
  readonly answers: number;
}
