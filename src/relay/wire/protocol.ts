import { isHttp2Preface } from './http2-head.ts';
import { readRequestLine } from './http1-request-line.ts';
import { readPostgresRequest, type PostgresRequest } from './postgres.ts';

/**
 * The protocol that a client speaks, by its first bytes. `undecided` as long as more bytes may change the answer; any
 * other answer is final. A client that waits for the server to speak first stays `undecided`: a deadline decides then.
 */
type Protocol =
  | 'tls'
  | 'http1'
  /** HTTP/2 without TLS and without an upgrade (RFC 9113 §3.3). */
  | 'http2'
  | PostgresRequest
  | 'other'
  | 'undecided';

export function protocolOf(bytes: Uint8Array): Protocol {
  const [first, second] = bytes;
  if (first === undefined) return 'undecided';
  if (first === 22) return second === undefined ? 'undecided' : second === 3 ? 'tls' : 'other';
  if (first === 0) return readPostgresRequest(bytes);
  const isHttp2 = isHttp2Preface(bytes);
  if (isHttp2 !== false) return isHttp2 ? 'http2' : 'undecided';
  const line = readRequestLine(bytes);
  if (line.kind === 'incomplete') return 'undecided';
  return line.kind === 'not-http' ? 'other' : 'http1';
}
