/**
 * The fields of a session, each declared once: of the record that a session leaves, and of a session that goes on. The
 * types, the batches between threads, the access log, the admin API's schema and the table in docs/metrics.md are
 * derived from them. Plain data.
 */
export interface SessionField {
  /**
   * `optional text` is absent where there is nothing to say. `milliseconds` have microseconds as decimals; a `moment`
   * is milliseconds since the epoch.
   */
  readonly kind: 'text' | 'optional text' | 'reason' | 'count' | 'bytes' | 'milliseconds' | 'moment';
  /** For docs and the API. */
  readonly help: string;
  /** A session that goes on has it, too. */
  readonly live?: true;
  /** Nearly every session has another text: not worth looking up. */
  readonly unique?: true;
}

export const recordFields = {
  service: {
    kind: 'optional text',
    help: 'the service that the client came to; unknown if the client was rejected before',
    live: true,
  },
  listener: { kind: 'text', help: 'the listen address that the client came to', live: true },
  client: {
    kind: 'text',
    help: "the client's `ip:port`; as a trusted proxy's PROXY header says, if it sent one",
    live: true,
    unique: true,
  },
  via: { kind: 'optional text', help: '`ip:port` of the proxy that sent the PROXY header' },
  name: {
    kind: 'optional text',
    help: 'the TLS server name or HTTP host that the client asked for, where clients are routed by name',
  },
  upstream: { kind: 'optional text', help: 'name of the upstream that the session is or was on', live: true },
  upstreamKey: { kind: 'optional text', help: 'key of that upstream', live: true },
  endpoint: { kind: 'optional text', help: '`ip:port` of that upstream', live: true },
  startedAtMs: { kind: 'moment', help: 'when the client was accepted', live: true },
  heldMs: { kind: 'milliseconds', help: 'time in the hold' },
  dialMs: { kind: 'milliseconds', help: 'time of the dial that succeeded' },
  totalMs: { kind: 'milliseconds', help: 'time from accept to close' },
  bytesUp: { kind: 'bytes', help: 'bytes from the client', live: true },
  bytesDown: { kind: 'bytes', help: 'bytes to the client', live: true },
  retries: { kind: 'count', help: 'dials that failed before one succeeded or the session ended', live: true },
  reason: { kind: 'reason', help: 'how the session ended, see [reference.md](reference.md)' },
  detail: { kind: 'optional text', help: 'more about the reason, where there is more to say' },
  lastDialError: {
    kind: 'optional text',
    help: 'errno and address of the last dial that failed, such as `ECONNREFUSED 172.18.0.3:8080`',
    live: true,
  },
} as const satisfies Record<string, SessionField>;

/** What else is known of a session that goes on. */
export const liveOnlyFields = {
  state: { help: 'what the session does now' },
  ageMs: { help: 'time since the client was accepted' },
} as const;

export const sessionStates = ['held', 'dialing', 'relaying'] as const;

export type RecordFieldName = keyof typeof recordFields;
export type LiveFieldName = {
  [Name in RecordFieldName]: (typeof recordFields)[Name] extends { readonly live: true } ? Name : never;
}[RecordFieldName];

export const recordFieldNames = Object.keys(recordFields) as readonly RecordFieldName[];

export function isText({ kind }: SessionField): boolean {
  return kind === 'text' || kind === 'optional text' || kind === 'reason';
}
