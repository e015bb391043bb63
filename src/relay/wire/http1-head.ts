import { hostFrom, maxHeadBytes, type HttpHost } from './http-host.ts';
import { latin1, readRequestLine } from './http1-request-line.ts';

/**
 * Reads the host of the first request: its request line and all its header fields (RFC 9112 §3, §5), since a second
 * Host among them would make the host a guess. The parser is as strict as servers are where bytes could be read in two
 * ways, and no stricter.
 */
type HostField =
  | Extract<HttpHost, { readonly kind: 'incomplete' | 'head-too-large' | 'malformed' }>
  /** `value` is undefined where there is no Host. */
  | { readonly kind: 'field'; readonly value: string | undefined };

/**
 * The most header fields; nginx allows as many by default (max_headers). All of them are read again with each peek at a
 * head that drips.
 */
export const maxFields = 1_000;

const lineFeed = 10;
const carriageReturn = 13;

export function readHttp1Host(bytes: Uint8Array): HttpHost {
  const line = readRequestLine(bytes);
  if (line.kind !== 'line') return line;
  const field = readHostField(bytes.subarray(0, maxHeadBytes), line.length);
  return field.kind === 'field' ? hostFrom(authorityOf(line) ?? field.value ?? '') : field;
}

/**
 * The authority in the request's target, as in `CONNECT host:port` and `GET http://host/path`: it counts, and the Host
 * header does not (RFC 9112 §3.2.2).
 */
function authorityOf({ method, target }: { readonly method: string; readonly target: string }): string | undefined {
  if (method === 'CONNECT') return target;
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];
}

function readHostField(head: Uint8Array, from: number): HostField {
  let host: string | undefined;
  for (let at = from, fields = 0; ; fields++) {
    const end = head.indexOf(lineFeed, at);
    if (end < 0) return { kind: head.length < maxHeadBytes ? 'incomplete' : 'head-too-large' };
    const line = latin1(head.subarray(at, head[end - 1] === carriageReturn ? end - 1 : end));
    if (line === '') return { kind: 'field', value: host };
    if (fields === maxFields) return { kind: 'head-too-large' };
    // A folded line, a blank before the colon, a CR within the line or a NUL would let two readers see two different
    // headers (RFC 9112 §2.2, §5.1, §5.2; RFC 9110 §5.5).
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):([^\r\0]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return { kind: 'malformed', why: 'a header line is malformed' };
    if (name.toLowerCase() === 'host') {
      // A server must reject a request with two of them, even where both have the same value (RFC 9112 §3.2).
      if (host !== undefined) return { kind: 'malformed', why: 'the request names two hosts' };
      host = withoutBlanks(value);
    }
    at = end + 1;
  }
}

/**
 * Removes blanks and tabs only. `trim` alone would also remove characters that belong to the value, such as a no-break
 * space (RFC 9110 §5.6.3).
 */
function withoutBlanks(value: string): string {
  return /[^\t -~]/.test(value) ? value : value.trim();
}
