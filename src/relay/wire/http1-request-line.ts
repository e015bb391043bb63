import { maxHeadBytes } from './http-host.ts';

/**
 * Reads the first request line of a connection, and tells HTTP/1 from other protocols by it (RFC 9112 §2.2, §3). Empty
 * lines before it are skipped, as servers do. A line that servers may take for HTTP in one way or another is never left
 * to other protocols: it is malformed, or too long.
 */
type RequestLine =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-http' }
  | { readonly kind: 'line-too-long' }
  | { readonly kind: 'malformed'; readonly why: string }
  /** `length`: the bytes up to and with the line's end, the empty lines before it included. */
  | { readonly kind: 'line'; readonly method: string; readonly target: string; readonly length: number };

/** The longest method; the longest registered one, UPDATEREDIRECTREF, has 17 bytes. */
const maxMethodBytes = 24;

const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const tab = 9;

/** Control characters that no server takes for a part of a request line; the others may count as blanks (§3). */
const binary = /[^\t\v\f\r -~\u0080-\u00ff]/;
const wellFormed = /^([^ ]+) ([!-~\u0080-\u00ff]+) HTTP\/1\.\d$/;
const likeHttp = /[ \t\v\f\r]HTTP\/\d+(?:\.\d*)?[ \t\v\f\r]*$/;
/** A line without its end that may yet become a request line. */
const begun = /^[^ ]+ [!-~\u0080-\u00ff]*(?: H?T?T?P?\/?1?\.?\d?\r?)?$/;
/** The beginning of a request line, up to a target that no other protocol has in this place. */
const likelyBegun = /^[\r\n]*(?:CONNECT |[!#$%&'*+.^_`|~\w-]{1,24}[ \t]+(?:\/|\*|https?:\/\/))/i;
const likelyBytes = 256;

/** The bytes that tokens consist of, as methods do (RFC 9110 §5.6.2). */
const tokenBytes = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(/[!#$%&'*+.^_`|~\w-]/.test(String.fromCharCode(byte))),
);

const incomplete: RequestLine = { kind: 'incomplete' };
const notHttp: RequestLine = { kind: 'not-http' };
const tooLong: RequestLine = { kind: 'line-too-long' };

export function readRequestLine(bytes: Uint8Array): RequestLine {
  const head = bytes.subarray(0, maxHeadBytes);
  const isFull = head.length === maxHeadBytes;
  const start = afterEmptyLines(head);
  let at = start;
  while (at < head.length && at - start < maxMethodBytes && isTokenByte(head[at])) at += 1;
  if (at === head.length || (at === start && head[at] === carriageReturn && at + 1 === head.length))
    return isFull ? tooLong : incomplete;
  if (at === start || (head[at] !== space && head[at] !== tab)) return notHttp;
  const end = head.indexOf(lineFeed, at);
  const text = latin1(head.subarray(start, end < 0 ? head.length : end));
  if (binary.test(text)) return notHttp;
  if (end >= 0) return judge(text.endsWith('\r') ? text.slice(0, -1) : text, end + 1);
  if (!isFull) return incomplete;
  return begun.test(text) ? tooLong : notHttp;
}

/** Whether the bytes, which are too few to tell the protocol for certain, are most likely those of a request line. */
export function isLikelyRequest(bytes: Uint8Array): boolean {
  return likelyBegun.test(latin1(bytes.subarray(0, likelyBytes)));
}

function judge(line: string, length: number): RequestLine {
  const [, method, target] = wellFormed.exec(line) ?? [];
  if (method !== undefined && target !== undefined) return { kind: 'line', method, target, length };
  return likeHttp.test(line) ? { kind: 'malformed', why: 'the request line is malformed' } : notHttp;
}

function afterEmptyLines(head: Uint8Array): number {
  for (let at = 0; ;) {
    const end = head[at] === carriageReturn ? at + 1 : at;
    if (head[end] !== lineFeed) return at;
    at = end + 1;
  }
}

function isTokenByte(byte: number | undefined): boolean {
  return byte !== undefined && tokenBytes[byte] === 1;
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
