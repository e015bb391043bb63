import { closeReasons, type CloseReason } from '../boundary/report.ts';
import { printable } from '../../text/printable.ts';

interface PageFacts {
  /** The client's protocol; a client of TLS, or of none that is known, can't read a page. */
  readonly protocol: 'tls' | 'http1' | 'http2' | undefined;
  /** The HTTP/2 stream of the client's request; undefined where it has made none that a response could answer. */
  readonly stream?: number | undefined;
  /** The name that the client requested. Hostile text. */
  readonly name?: string | undefined;
  /** More about the close reason; safe to print. */
  readonly detail?: string | undefined;
  /** The URLs that are routed to a service; undefined where they must not be listed. */
  readonly hosts?: readonly string[] | undefined;
  /** The port that the client asked for, at which it reaches those URLs, too. */
  readonly port?: number | undefined;
}

type Page = readonly [status: number, phrase: string];

const pages: Partial<Record<CloseReason, Page>> = {
  malformed: [400, 'Bad Request'],
  'line-too-long': [414, 'URI Too Long'],
  'head-too-large': [431, 'Request Header Fields Too Large'],
  'no-route': [404, 'Not Found'],
  'sniff-timeout': [408, 'Request Timeout'],
  'hold-expired': [503, 'Service Unavailable'],
  'hold-full': [503, 'Service Unavailable'],
  'wake-failed': [503, 'Service Unavailable'],
};
const mostHosts = 50;

/**
 * Returns the response to an HTTP client that is rejected: a short page of plain text, with a header that keeps browsers
 * from taking hostile names in it for HTML. Undefined for a close reason that has no page, and for clients that do not
 * speak HTTP. Pure.
 */
export function httpPage(reason: CloseReason, facts: PageFacts): Uint8Array | undefined {
  const page = pages[reason];
  if (!page || (facts.protocol !== 'http1' && facts.protocol !== 'http2')) return undefined;
  const body = Buffer.from(textOf(reason, page, facts));
  if (facts.protocol === 'http1') return overHttp1(page, body);
  return facts.stream === undefined ? goodbye(reason, body) : overHttp2(page, body, facts.stream);
}

function textOf(reason: CloseReason, [status, phrase]: Page, { name, hosts, port, detail }: PageFacts): string {
  const lines = [`${status} ${phrase} (sealane: ${reason})`, '', closeReasons[reason]];
  if (detail !== undefined) lines.push(detail);
  if (name !== undefined) lines.push(`Requested: ${printable(name)}`);
  if (hosts) {
    lines.push('', hosts.length === 0 ? 'No names are routed here.' : 'Names that are routed here:');
    for (const host of hosts.slice(0, mostHosts))
      lines.push(`  ${printable(host)}${port === undefined ? '' : `:${port}`}`);
    if (hosts.length > mostHosts) lines.push(`  and ${hosts.length - mostHosts} more`);
    // A client that reuses its connection for another of these names gets the answer of the first one's service.
    if (hosts.length > 1) lines.push('', 'A connection stays with the name that its client asks for first.');
  }
  return `${lines.join('\n')}\n`;
}

function overHttp1([status, phrase]: Page, body: Buffer): Uint8Array {
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${body.length}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

const contentType = 'text/plain; charset=utf-8';
const frameType = { data: 0, headers: 1, settings: 4, goAway: 7 } as const;
const endStream = 0x01;
const endHeaders = 0x04;
const acknowledgement = 0x01;

const errorCode = { noError: 0, protocolError: 1 } as const;

/**
 * The server's SETTINGS and the acknowledgement of the client's, the response to its first request, and GOAWAY (RFC
 * 9113). The headers are HPACK literals that refer to the static table (RFC 7541 §6.2.2, appendix A).
 */
function overHttp2([status]: Page, body: Buffer, stream: number): Uint8Array {
  const headers = Buffer.concat([
    literal(8, String(status)),
    literal(28, String(body.length)),
    literal(31, contentType),
    literal(24, 'no-store'),
  ]);
  return Buffer.concat([
    frame(frameType.settings, 0, 0, Buffer.alloc(0)),
    frame(frameType.settings, acknowledgement, 0, Buffer.alloc(0)),
    frame(frameType.headers, endHeaders, stream, headers),
    frame(frameType.data, endStream, stream, body),
    goAway(stream, errorCode.noError),
  ]);
}

/**
 * SETTINGS and GOAWAY for a client that has made no request. The page is GOAWAY's debug data, for a person who looks
 * for the fault (RFC 9113 §6.8).
 */
function goodbye(reason: CloseReason, body: Buffer): Uint8Array {
  const code = reason === 'malformed' ? errorCode.protocolError : errorCode.noError;
  return Buffer.concat([frame(frameType.settings, 0, 0, Buffer.alloc(0)), goAway(0, code, body)]);
}

function goAway(lastStream: number, code: number, debug: Buffer = Buffer.alloc(0)): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(lastStream, 0);
  payload.writeUInt32BE(code, 4);
  return frame(frameType.goAway, 0, 0, Buffer.concat([payload, debug]));
}

/**
 * A literal header field without indexing; its index has four bits, and continues in the next byte from 15 on (RFC 7541
 * §5.1).
 */
function literal(index: number, value: string): Buffer {
  const name = index < 15 ? [index] : [15, index - 15];
  return Buffer.concat([Buffer.from([...name, value.length]), Buffer.from(value, 'latin1')]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}
