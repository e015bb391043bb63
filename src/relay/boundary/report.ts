import {
  isText,
  recordFieldNames,
  recordFields,
  type LiveFieldName,
  type RecordFieldName,
  type sessionStates,
} from './session-fields.ts';

/**
 * The reports of relay threads to the control thread, besides the shared counters.
 */
export const closeReasons = {
  finished: 'Both sides ended in order.',
  'client-reset': 'The client broke the connection off.',
  'client-timeout': 'The client’s machine no longer answered: it has vanished, or its network has.',
  'upstream-reset': 'The upstream broke the connection off.',
  'upstream-timeout': 'The upstream’s machine no longer answered: it has vanished, or its network has.',
  'client-gave-up': 'The client left while it was held or dialed for.',
  'idle-timeout': 'Neither side sent a byte for as long as `idle-timeout` allows.',
  'hold-expired': 'No upstream became ready within the hold.',
  'wake-failed': 'The service was asleep, and its container could not be started.',
  'hold-full': 'As many clients as allowed were already waiting.',
  'upstream-gone': 'The upstream left the table: its container died, or its drain ended.',
  rebalanced: 'It was idle on a crowded upstream while others had room (`rebalance`).',
  operator: 'An operator closed it through the admin API.',
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
  'line-too-long': 'The client’s HTTP request line is longer than 64 KiB.',
  'head-too-large':
    'The client’s HTTP request has more than 64 KiB ahead of its body, or more than 1,000 header fields.',
  'tls-failed': 'The client’s TLS could not be begun: no TLS, nothing in common, no certificate, or too slow.',
  'sniff-timeout': 'The client took too long to say which name it wants.',
} as const;

/** The ways in which a session ends, each with a sentence for people. */
export type CloseReason = keyof typeof closeReasons;

/** The reasons for which clients are rejected before an upstream is dialed for them. Each has a counter. */
export const refusals = [
  'limit-total',
  'denied',
  'limit-service',
  'limit-client',
  'rate-client',
  'bad-proxy-header',
  'no-route',
  'malformed',
  'line-too-long',
  'head-too-large',
  'tls-failed',
  'sniff-timeout',
] as const satisfies readonly CloseReason[];
export type Refusal = (typeof refusals)[number];

export function isRefusal(reason: CloseReason): reason is Refusal {
  return (refusals as readonly CloseReason[]).includes(reason);
}

/** The ways to end in which a session failed for its client, as far as a TCP proxy can tell. */
export const failureReasons = [
  'hold-expired',
  'hold-full',
  'wake-failed',
  'upstream-gone',
  'upstream-reset',
  'upstream-timeout',
  'upstream-refused-tls',
  ...refusals,
] as const satisfies readonly CloseReason[];
export type FailureReason = (typeof failureReasons)[number];

const failures: ReadonlySet<CloseReason> = new Set(failureReasons);

export function isFailure(reason: CloseReason): reason is FailureReason {
  return failures.has(reason);
}

/** The number of failed sessions by reason; a reason that never occurred is absent. */
export type Failures = Readonly<Partial<Record<FailureReason, number>>>;

interface FieldValues {
  readonly text: string;
  readonly 'optional text': string | undefined;
  readonly reason: CloseReason;
  readonly count: number;
  readonly bytes: number;
  readonly milliseconds: number;
  readonly moment: number;
}

/** A session that ended; session-fields.ts describes its fields. `name` is hostile text, `detail` is safe to print. */
export type SessionRecord = {
  readonly [Name in RecordFieldName]: FieldValues[(typeof recordFields)[Name]['kind']];
};

/** The fields that every record has. */
type NeededFieldName = {
  [Name in RecordFieldName]: (typeof recordFields)[Name]['kind'] extends 'text' | 'reason' | 'moment' ? Name : never;
}[RecordFieldName];

/** The other fields of a record, all of them empty. */
export const emptyRecord = Object.fromEntries(
  recordFieldNames
    .filter((name) => !['text', 'reason', 'moment'].includes(recordFields[name].kind))
    .map((name) => [name, isText(recordFields[name]) ? undefined : 0]),
) as Record<string, undefined | 0> as Omit<SessionRecord, NeededFieldName>;

/** A running session. */
export interface LiveSession extends Pick<SessionRecord, LiveFieldName> {
  readonly service: string;
  readonly state: (typeof sessionStates)[number];
  readonly ageMs: number;
}

/** Selects running sessions. */
export interface SessionFilter {
  readonly service?: string | undefined;
  readonly state?: LiveSession['state'] | undefined;
  /** The beginning of the client's address. */
  readonly client?: string | undefined;
  /** The most sessions to return, the oldest first. */
  readonly limit: number;
}

export interface LiveSessions {
  readonly sessions: readonly LiveSession[];
  /** The number of sessions that match, including those beyond the limit. */
  readonly total: number;
}

/** Selects sessions that ended. */
export interface EndedFilter {
  readonly service?: string | undefined;
  readonly reason?: CloseReason | undefined;
  readonly failed?: boolean | undefined;
  /** The most sessions to return, the latest first. */
  readonly limit: number;
}

/** A resource of this machine that is used up, and what fails for want of it. `code` is Node's, e.g. `EMFILE`. */
export interface ResourceWarning {
  readonly kind: 'accept-failed' | 'dial-impossible';
  readonly code: string;
  readonly message: string;
}

export type ListenerStatus =
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  /** The address is not bound; the listener tries again. `code` is Node's, e.g. `EADDRINUSE`. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
