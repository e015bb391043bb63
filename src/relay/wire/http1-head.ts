import { hostFrom, maxHeadBytes, type HttpHost, type JudgedHost } from './http-host.ts';

/**
 * Reads the first request line and its Host header (RFC 9112 §3). Reading stops at the Host header, so that a long
 * Cookie behind it need not have arrived. The parser is as strict as servers are where bytes could be read in two ways,
 * and no stricter.
 */
type RequestLine =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-http' }
  | { readonly kind: 'line'; readonly method: string; readonly target: string; readonly length: number };

/**
 * The longest request line: twice the length that RFC 9112 §3 recommends to support. A longer line belongs to some
 * other protocol.
 */
const maxLineBytes = 16_384;
/**
 * The most header lines before the Host header; HAProxy allows 101 in all (tune.http.maxhdr). All of them are read
 * again with each peek at a head that drips.
 */
const maxHeaderLines = 128;
/**
 * The longest method. All registered methods are capitals and hyphens; the longest of them, UPDATEREDIRECTREF, has 17.
 */
const maxMethodBytes = 24;

const lineFeed = 10;
const carriageReturn = 13;
const space = 32;

export function readRequestLine(bytes: Uint8Array): RequestLine {
  const head = bytes.subarray(0, maxLineBytes);
  let at = 0;
  while (at < head.length && at < maxMethodBytes && isMethodByte(head[at])) at += 1;
  if (at === head.length) return { kind: 'incomplete' };
  if (at === 0 || head[at] !== space) return { kind: 'not-http' };
  while (at < head.length && !isControl(head[at])) at += 1;
  const end = head[at] === carriageReturn ? at + 1 : at;
  if (end === head.length) return bytes.length < maxLineBytes ? { kind: 'incomplete' } : { kind: 'not-http' };
  if (head[end] !== lineFeed) return { kind: 'not-http' };
  const [, method, target] = /^([A-Z-]+) ([^ ]+) HTTP\/1\.\d$/.exec(latin1(head.subarray(0, at))) ?? [];
  if (method === undefined || target === undefined) return { kind: 'not-http' };
  return { kind: 'line', method, target, length: end + 1 };
}

export function readHttp1Host(bytes: Uint8Array): HttpHost {
  const line = readRequestLine(bytes);
  if (line.kind !== 'line') return line;
  const authority = authorityOf(line);
  return authority === undefined ? readHostHeader(bytes.subarray(0, maxHeadBytes), line.length) : hostFrom(authority);
}

/**
 * The authority in the request's target, as in `CONNECT host:port` and `GET http://host/path`: it counts, and the Host
 * header does not (RFC 9112 §3.2.2).
 */
function authorityOf({ method, target }: { readonly method: string; readonly target: string }): string | undefined {
  if (method === 'CONNECT') return target;
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1];
}

function readHostHeader(head: Uint8Array, from: number): HttpHost {
  for (let at = from, lines = 0; ; lines++) {
    const end = head.indexOf(lineFeed, at);
    if (end < 0) return head.length < maxHeadBytes ? { kind: 'incomplete' } : malformed('the head exceeds 64 KiB');
    const line = latin1(head.subarray(at, head[end - 1] === carriageReturn ? end - 1 : end));
    if (line === '') return { kind: 'host', host: undefined };
    // A folded line, a blank before the colon, a CR within the line or a NUL would let two readers see two different
    // headers (RFC 9112 §2.2, §5.1, §5.2; RFC 9110 §5.5).
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):([^\r\0]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return malformed('a header line is malformed');
    if (name.toLowerCase() === 'host') return hostFrom(withoutBlanks(value));
    if (lines === maxHeaderLines) return malformed(`more than ${maxHeaderLines} header lines before the host`);
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

function isMethodByte(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 65 && byte <= 90) || byte === 45);
}

function isControl(byte: number | undefined): boolean {
  return byte !== undefined && (byte < space || byte === 127);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function malformed(why: string): JudgedHost {
  return { kind: 'malformed', why };
}
