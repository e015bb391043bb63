/**
 * What comes back out of the relay's threads, besides the shared counters.
 */
export const closeReasons = {
  finished: 'Both sides ended in order.',
  'client-reset': 'The client broke the connection off.',
  'upstream-reset': 'The upstream broke the connection off.',
  'client-gave-up': 'The client left while it was held or dialed for.',
  'idle-timeout': 'Neither side sent a byte for as long as `idle-timeout` allows.',
  'hold-expired': 'No upstream became ready within the hold.',
  'hold-full': 'As many clients as allowed were already waiting.',
  'upstream-gone': 'The upstream left the table: its container died, or its drain ended.',
  rebalanced: 'It was idle on a crowded upstream while others had room (`rebalance`).',
  operator: 'Somebody asked for it through the admin API.',
  'upstream-refused-tls':
    'The client was routed by its TLS name, and the upstream answered that it does not speak TLS.',
  shutdown: 'Sealane itself stopped.',
  'limit-total': 'Sealane had as many sessions as `max-sessions` allows.',
  denied: 'The client came from an address that may not come (`allow`, `deny`).',
  'limit-service': 'The service had as many sessions as it may have.',
  'limit-client': 'The client had as many sessions with the service as one address may have.',
  'rate-client': 'The client opened more sessions a second than one address may.',
  'bad-proxy-header': 'A trusted proxy did not begin with a PROXY header, or with one that is broken.',
  'no-route': 'The client asked for a name that no service here has, or for none.',
  malformed: 'The client began with a TLS hello or an HTTP head that is broken.',
  'tls-failed': 'The client’s TLS could not be begun: no TLS, nothing in common, no certificate, or too slow.',
  'sniff-timeout': 'The client took too long to say which name it wants.',
} as const;

/** How a session ended; the sentence is for people. */
export type CloseReason = keyof typeof closeReasons;

/** The reasons for which clients are rejected before anybody is dialed for them. Each has a counter. */
export const refusals = [
  'limit-total',
  'denied',
  'limit-service',
  'limit-client',
  'rate-client',
  'bad-proxy-header',
  'no-route',
  'malformed',
  'tls-failed',
  'sniff-timeout',
] as const satisfies readonly CloseReason[];
export type Refusal = (typeof refusals)[number];

export function isRefusal(reason: CloseReason): reason is Refusal {
  return (refusals as readonly CloseReason[]).includes(reason);
}

/** One finished session. */
export interface SessionRecord {
  /** Undefined for a client that was rejected before it was known where it wants to go. */
  readonly service: string | undefined;
  /** The listener's key. */
  readonly listener: string;
  /** `ip:port` of the client: as a trusted proxy's PROXY header says, if it sent one. */
  readonly client: string;
  /** `ip:port` of the proxy that the client came through, if it sent a PROXY header. */
  readonly via: string | undefined;
  /** The TLS server name or HTTP host the client asked for, where clients are routed by name. Hostile text. */
  readonly name: string | undefined;
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
  /** More about the reason, in a few words, where there is more to say; safe to print. */
  readonly detail: string | undefined;
  /** The last failed dial, e.g. `ECONNREFUSED 172.18.0.3:8080`. */
  readonly lastDialError: string | undefined;
}

/** One session that goes on. */
export interface LiveSession extends Pick<
  SessionRecord,
  | 'listener'
  | 'client'
  | 'upstream'
  | 'upstreamKey'
  | 'endpoint'
  | 'startedAtMs'
  | 'bytesUp'
  | 'bytesDown'
  | 'retries'
  | 'lastDialError'
> {
  readonly service: string;
  readonly state: 'held' | 'dialing' | 'relaying';
  readonly ageMs: number;
}

/** Which live sessions somebody wants to see. */
export interface SessionFilter {
  readonly service?: string | undefined;
  readonly state?: LiveSession['state'] | undefined;
  /** How the client's address begins. */
  readonly client?: string | undefined;
  /** No more than so many, the oldest first. */
  readonly limit: number;
}

export interface LiveSessions {
  readonly sessions: readonly LiveSession[];
  /** How many match, also those beyond the limit. */
  readonly total: number;
}

/** A resource of this machine is used up, and what fails for it. `code` is Node's, e.g. `EMFILE`. */
export interface ResourceWarning {
  readonly kind: 'accept-failed' | 'dial-impossible';
  readonly code: string;
  readonly message: string;
}

export type ListenerStatus =
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  /** Not bound; tried again by itself. `code` is Node's, e.g. `EADDRINUSE`. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
