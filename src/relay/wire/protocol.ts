import { isHttp2Preface } from './http2-head.ts';
import { readRequestLine } from './http1-request-line.ts';

/**
 * The protocol that a client speaks, by its first bytes. `undecided` as long as more bytes may change the answer; any
 * other answer is final. A client that waits for the server to speak first stays `undecided`: a deadline decides then.
 */
type Protocol =
  | 'tls'
  | 'http1'
  /** HTTP/2 without TLS and without an upgrade (RFC 9113 §3.3). */
  | 'http2'
  /** Postgres' SSLRequest: after the answer of one byte, `S`, its client continues with a ClientHello. */
  | 'postgres-ssl'
  /**
   * Postgres' GSSENCRequest: after the answer of one byte, `N`, its client requests TLS next, or continues in the
   * clear.
   */
  | 'postgres-gss'
  | 'other'
  | 'undecided';

/** The length of both of Postgres' requests: a length and a code (PostgreSQL documentation, "Message Formats"). */
export const postgresRequestBytes = 8;
const postgresRequests = [
  ['postgres-ssl', Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f)],
  ['postgres-gss', Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30)],
] as const;

export function protocolOf(bytes: Uint8Array): Protocol {
  const [first, second] = bytes;
  if (first === undefined) return 'undecided';
  if (first === 22) return second === undefined ? 'undecided' : second === 3 ? 'tls' : 'other';
  if (first === 0) return postgresRequest(bytes);
  const isHttp2 = isHttp2Preface(bytes);
  if (isHttp2 !== false) return isHttp2 ? 'http2' : 'undecided';
  const line = readRequestLine(bytes);
  if (line.kind === 'incomplete') return 'undecided';
  return line.kind === 'not-http' ? 'other' : 'http1';
}

function postgresRequest(bytes: Uint8Array): Protocol {
  const head = bytes.subarray(0, postgresRequestBytes);
  const match = postgresRequests.find(([, request]) => Buffer.compare(request.subarray(0, head.length), head) === 0);
  if (!match) return 'other';
  return head.length < postgresRequestBytes ? 'undecided' : match[0];
}
