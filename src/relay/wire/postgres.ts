/**
 * The messages of Postgres' protocol with which a connection may begin instead of a startup message (PostgreSQL
 * documentation, "Message Formats"): each has its length, then a code that no version of the protocol has.
 */
export type PostgresRequest =
  /** SSLRequest: after the answer of one byte, `S`, its client continues with a ClientHello. */
  | 'postgres-ssl'
  /** GSSENCRequest: after the answer of one byte, `N`, its client requests TLS next, or continues in the clear. */
  | 'postgres-gss'
  /** CancelRequest, whole: a connection of its own, which asks for the end of another connection's query. */
  | 'postgres-cancel';

/** The length of SSLRequest and of GSSENCRequest. */
export const postgresRequestBytes = 8;
/** CancelRequest has a process id, and a key of 4 to 256 bytes: 4 up to version 3.0 of the protocol. */
const leastCancelBytes = 16;
export const mostCancelBytes = 12 + 256;

const codes = [
  [0x2e, 'postgres-cancel'],
  [0x2f, 'postgres-ssl'],
  [0x30, 'postgres-gss'],
] as const;
const codeStart = Uint8Array.of(0x04, 0xd2, 0x16);

/** Recognizes the first message by bytes that begin with a zero. */
export function readPostgresRequest(bytes: Uint8Array): PostgresRequest | 'other' | 'undecided' {
  const length = (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0);
  if ((bytes[0] ?? 0) !== 0 || (bytes[1] ?? 0) !== 0) return 'other';
  const isCancel = length >= leastCancelBytes && length <= mostCancelBytes;
  if (bytes.length >= 4 && length !== postgresRequestBytes && !isCancel) return 'other';
  // A length begins with 0, or with 1 for a long CancelRequest.
  if ((bytes[2] ?? 0) > 1) return 'other';
  const code = bytes.subarray(4, 7);
  if (Buffer.compare(codeStart.subarray(0, code.length), code) !== 0) return 'other';
  if (bytes.length < postgresRequestBytes) return 'undecided';
  const [, request = 'other'] = codes.find(([last]) => last === bytes[7]) ?? [];
  if (request === 'other' || (request === 'postgres-cancel') !== isCancel) return 'other';
  return request === 'postgres-cancel' && bytes.length < length ? 'undecided' : request;
}

/** A copy of the CancelRequest that the bytes begin with; undefined where they begin with anything else. */
export function cancelRequestIn(bytes: Uint8Array): Uint8Array | undefined {
  if (readPostgresRequest(bytes) !== 'postgres-cancel') return undefined;
  return Uint8Array.from(bytes.subarray(0, (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0)));
}
