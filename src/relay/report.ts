/**
 * What comes back out of the relay's threads, besides the shared counters.
 */
export type CloseReason =
  /** Both sides ended in order. */
  | 'finished'
  | 'client-reset'
  | 'upstream-reset'
  /** The client left while it was held or dialed for. */
  | 'client-gave-up'
  | 'idle-timeout'
  /** Nothing became ready within the hold. */
  | 'hold-expired'
  /** As many clients as allowed were already waiting. */
  | 'hold-full'
  /** The upstream left the table: its container died, or its drain ended. */
  | 'upstream-gone'
  /** It was idle on a crowded upstream while others had room (`rebalance`). */
  | 'rebalanced'
  /** Sealane itself stopped. */
  | 'shutdown';

/** One finished session. */
export interface SessionRecord {
  readonly service: string;
  /** The listener's key. */
  readonly listener: string;
  /** `ip:port` of the client. */
  readonly client: string;
  /** The upstream's name and key; undefined if none ever answered. */
  readonly upstream: string | undefined;
  readonly upstreamKey: string | undefined;
  /** `ip:port` that answered. */
  readonly endpoint: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Milliseconds in the hold. */
  readonly heldMs: number;
  /** Milliseconds of the dial that succeeded. */
  readonly dialMs: number;
  readonly totalMs: number;
  /** Bytes from client to upstream. */
  readonly bytesUp: number;
  /** Bytes from upstream to client. */
  readonly bytesDown: number;
  /** Dials that failed before one succeeded or the session ended. */
  readonly retries: number;
  readonly reason: CloseReason;
  /** The last failed dial, e.g. `ECONNREFUSED 172.18.0.3:8080`. */
  readonly lastDialError: string | undefined;
}

export type ListenerStatus =
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  /** Not bound; tried again by itself. `code` is Node's, e.g. `EADDRINUSE`. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
