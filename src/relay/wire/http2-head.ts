import { readHeaderBlock } from './hpack/header-block.ts';
import { hostFrom, maxHeadBytes, type HttpHost, type JudgedHost } from './http-host.ts';

/**
 * Reads the `:authority` of the first request of an HTTP/2 connection (RFC 9113): the preface, a SETTINGS frame, all
 * frames that the client sends before its first request, then HEADERS and its CONTINUATIONs.
 */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const frameHeaderBytes = 9;
/** SETTINGS_MAX_FRAME_SIZE, which a client must keep to until the server has allowed more (RFC 9113 §6.5.2). */
const maxFrameBytes = 16_384;
/** The most frames until the first request's headers are complete; clients send two to six. */
const maxFrames = 32;
const type = { data: 0, headers: 1, settings: 4, pushPromise: 5, continuation: 9 } as const;
const flag = { acknowledgement: 0x01, endHeaders: 0x04, padded: 0x08, priority: 0x20 } as const;
const priorityBytes = 5;

/** Whether the bytes begin with the HTTP/2 preface; undefined while all bytes so far may be its beginning. */
export function isHttp2Preface(bytes: Uint8Array): boolean | undefined {
  const head = bytes.subarray(0, preface.length);
  if (Buffer.compare(preface.subarray(0, head.length), head) !== 0) return false;
  return head.length === preface.length ? true : undefined;
}

/** Reads the host; `bytes` must begin with the preface. */
export function readHttp2Host(bytes: Uint8Array): HttpHost {
  const head = bytes.subarray(0, maxHeadBytes);
  const block = readFirstBlock(head);
  if (block.kind === 'block') return { ...hostIn(block.bytes), stream: block.stream };
  if (block.kind !== 'incomplete') return block;
  if (head.length < maxHeadBytes) return { kind: 'incomplete' };
  return { kind: 'head-too-large', ...(block.stream !== undefined && { stream: block.stream }) };
}

/**
 * The position of a client's acknowledgement of the server's SETTINGS, which is an empty frame; undefined where it has
 * not arrived. `bytes` must begin with the preface.
 */
export function findAcknowledgement(bytes: Uint8Array): { readonly at: number; readonly end: number } | undefined {
  for (let at = preface.length; ;) {
    const frame = readFrame(bytes, at);
    if ('why' in frame || !frame.payload) return undefined;
    const end = at + frameHeaderBytes + frame.payload.length;
    if (frame.kind === type.settings && (frame.flags & flag.acknowledgement) !== 0) return { at, end };
    at = end;
  }
}

type FirstBlock =
  | { readonly kind: 'block'; readonly bytes: Uint8Array; readonly stream: number }
  /** `stream`: that of the headers which have begun. */
  | { readonly kind: 'incomplete'; readonly stream: number | undefined }
  | ReturnType<typeof malformed>;

function readFirstBlock(head: Uint8Array): FirstBlock {
  const pieces: Uint8Array[] = [];
  let stream: number | undefined;
  for (let at = preface.length, frames = 1; ; frames++) {
    const frame = readFrame(head, at);
    if ('why' in frame) return frame;
    if (frame.kind === undefined) return { kind: 'incomplete', stream };
    if (frames > maxFrames) return malformed(`more than ${maxFrames} HTTP/2 frames before the host`);
    if (frames === 1 && frame.kind !== type.settings) return malformed('the first HTTP/2 frame is not SETTINGS');
    if (stream !== undefined && (frame.kind !== type.continuation || frame.stream !== stream))
      return malformed('another HTTP/2 frame within the headers');
    const isHeaders = frame.kind === type.headers || frame.kind === type.continuation;
    if (stream === undefined && isMisplaced(frame.kind)) return malformed('an HTTP/2 frame before the first request');
    if (!frame.payload) return { kind: 'incomplete', stream: (isHeaders && frame.stream) || stream };
    if (isHeaders) {
      const piece = frame.kind === type.headers ? fragmentOf(frame.payload, frame.flags) : frame.payload;
      if (!piece || frame.stream === 0) return malformed('an HTTP/2 HEADERS frame is malformed');
      pieces.push(piece);
      stream = frame.stream;
      if ((frame.flags & flag.endHeaders) !== 0) return { kind: 'block', bytes: Buffer.concat(pieces), stream };
    }
    at += frameHeaderBytes + frame.payload.length;
  }
}

interface Frame {
  /** The frame's type; undefined where not even the frame's header has arrived. */
  readonly kind: number | undefined;
  readonly flags: number;
  readonly stream: number;
  /** The frame's payload; undefined where it has not arrived as a whole. */
  readonly payload: Uint8Array | undefined;
}

function readFrame(head: Uint8Array, at: number): Frame | ReturnType<typeof malformed> {
  if (at + frameHeaderBytes > head.length) return { kind: undefined, flags: 0, stream: 0, payload: undefined };
  const view = new DataView(head.buffer, head.byteOffset + at, frameHeaderBytes);
  const length = view.getUint32(0) >>> 8;
  if (length > maxFrameBytes) return malformed(`an HTTP/2 frame of ${length} bytes`);
  const start = at + frameHeaderBytes;
  return {
    kind: view.getUint8(3),
    flags: view.getUint8(4),
    stream: view.getUint32(5) & 0x7fff_ffff,
    payload: start + length > head.length ? undefined : head.subarray(start, start + length),
  };
}

function isMisplaced(kind: number): boolean {
  return kind === type.data || kind === type.pushPromise || kind === type.continuation;
}

/** The header block fragment of a HEADERS frame, without padding and priority (RFC 9113 §6.2). */
function fragmentOf(payload: Uint8Array, flags: number): Uint8Array | undefined {
  const isPadded = (flags & flag.padded) !== 0;
  const from = (isPadded ? 1 : 0) + ((flags & flag.priority) === 0 ? 0 : priorityBytes);
  const to = payload.length - (isPadded ? (payload[0] ?? 0) : 0);
  return from <= to ? payload.subarray(from, to) : undefined;
}

function hostIn(block: Uint8Array): JudgedHost {
  const fields = readHeaderBlock(block);
  if (!fields) return malformed('the HTTP/2 headers are malformed');
  const valuesOf = (wanted: string): readonly string[] =>
    fields.filter(({ name }) => name === wanted).map(({ value }) => value);
  const [authority, otherAuthority] = valuesOf(':authority');
  const [field, otherField] = valuesOf('host');
  if (otherAuthority !== undefined || otherField !== undefined) return malformed('the request names two hosts');
  const host = hostFrom(authority ?? field ?? '');
  return authority === undefined || field === undefined || isSameHost(host, hostFrom(field))
    ? host
    : malformed('its host and its :authority differ');
}

/** A Host that names another entity than `:authority` makes the request malformed (RFC 9113 §8.3.1). */
function isSameHost(a: JudgedHost, b: JudgedHost): boolean {
  return a.kind === 'host' && b.kind === 'host' && a.host === b.host;
}

function malformed(why: string): { readonly kind: 'malformed'; readonly why: string } {
  return { kind: 'malformed', why };
}
