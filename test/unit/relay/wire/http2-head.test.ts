import { once } from 'node:events';
import { connect, type OutgoingHttpHeaders } from 'node:http2';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHeaderBlock } from '../../../../src/relay/wire/hpack/header-block.ts';
import { readHttpHost } from '../../../../src/relay/wire/http-head.ts';
import { findAcknowledgement } from '../../../../src/relay/wire/http2-head.ts';
import { recorded } from '../../../support/sockets/recorded.ts';
import { answerOf, anyBytes, anyCuts, nearly } from '../../../support/sockets/segments.ts';

/** The bytes that Node's client (nghttp2) sends for a request before the server has answered. */
async function sent(headers: OutgoingHttpHeaders): Promise<Buffer> {
  const written: Buffer[] = [];
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      done();
    },
  });
  const session = connect('http://unused.test', { createConnection: () => wire });
  const stream = session.request(headers, { endStream: true });
  stream.on('error', () => undefined);
  await once(session, 'connect');
  while (readHttpHost(Buffer.concat(written)).kind === 'incomplete') await new Promise(setImmediate);
  session.destroy();
  return Buffer.concat(written);
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const settings = frame(4, 0, 0, Buffer.alloc(0));
const endHeaders = 0x04;

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

const connection = (...frames: readonly Uint8Array[]): Buffer => Buffer.concat([preface, settings, ...frames]);
const literal = (text: string): Uint8Array => Buffer.from([text.length, ...Buffer.from(text)]);
/** A header block of `:method: GET`, and an `:authority` in plain text. */
const block = (authority: string): Uint8Array => Buffer.concat([Uint8Array.of(0x82, 0x41), literal(authority)]);
/** A connection whose request has an `:authority` and a Host. */
const twoHosts = (authority: string, field: string): Buffer =>
  connection(frame(1, endHeaders, 1, Buffer.concat([block(authority), Uint8Array.of(0x66), literal(field)])));
const host = (name: string | undefined, stream = 1): unknown =>
  expect.objectContaining({ kind: 'host', host: name, stream });

describe('the first HTTP/2 request', () => {
  test.each([
    ['curl-h2c', 'api.example.test'],
    ['go-h2c', 'web.example.test'],
  ])('of %s is for %s, wherever it is cut', (client, name) => {
    expect(answerOf(readHttpHost, recorded(client))).toEqual(host(name));
  });

  test('of Node with many headers in several frames is for its authority', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`x-header-${index}`, 'y'.repeat(100 + index)]),
    );
    const bytes = await sent({ ':path': '/', ':authority': 'Api.LocalHost:8080', ...many });
    expect(bytes.length).toBeGreaterThan(16_384);
    expect(answerOf(readHttpHost, bytes, [0, 3, 24, 30, 33, 100, 16_400, bytes.length - 1])).toEqual(
      host('api.localhost'),
    );
  });

  test('may come with padding, a priority, and continued', () => {
    const all = block('a.test');
    const padded = Buffer.concat([Uint8Array.of(3, 0, 0, 0, 0, 15), all.subarray(0, 4), Buffer.alloc(3)]);
    const bytes = connection(
      frame(8, 0, 0, Buffer.alloc(4)),
      frame(0xbb, 0, 0, Buffer.from('unknown')),
      frame(1, 0x08 | 0x20, 1, padded),
      frame(9, 0, 1, all.subarray(4, 5)),
      frame(9, endHeaders, 1, all.subarray(5)),
    );
    expect(answerOf(readHttpHost, bytes)).toEqual(host('a.test'));
  });

  test('may be the 32nd frame', () => {
    const bytes = connection(...Array.from({ length: 30 }, () => settings), frame(1, endHeaders, 1, block('a.test')));
    expect(readHttpHost(bytes)).toEqual(host('a.test'));
  });

  test('has its own stream, which need not be the first, even where its host is malformed', () => {
    expect(answerOf(readHttpHost, connection(frame(1, endHeaders, 3, block('a.test'))))).toEqual(host('a.test', 3));
    expect(readHttpHost(connection(frame(1, endHeaders, 5, block('a b'))))).toMatchObject({ stream: 5 });
  });

  test('is for its Host where it has no authority', () => {
    const field = Buffer.concat([Uint8Array.of(0x82, 0x66), literal('a.test')]);
    expect(answerOf(readHttpHost, connection(frame(1, endHeaders, 1, field)))).toEqual(host('a.test'));
  });

  test('without either has no host', () => {
    const bytes = connection(frame(1, endHeaders, 1, Uint8Array.of(0x82)));
    expect(answerOf(readHttpHost, bytes)).toEqual(host(undefined));
  });

  test('may have an authority and a Host that name the same', () => {
    const fields = Buffer.concat([block('A.test:80'), Uint8Array.of(0x66), literal('a.test')]);
    expect(answerOf(readHttpHost, connection(frame(1, endHeaders, 1, fields)))).toEqual(host('a.test'));
  });

  test('is too large when its headers go beyond 64 KiB, which its own stream is told', () => {
    const frames = Array.from({ length: 5 }, (_, index) =>
      frame(index === 0 ? 1 : 9, 0, 3, Buffer.alloc(16_000, 0x82)),
    );
    const bytes = connection(...frames);
    expect(answerOf(readHttpHost, bytes, [10, 60_000, 65_535])).toEqual({ kind: 'head-too-large', stream: 3 });
  });

  test.each([
    ['no SETTINGS first', Buffer.concat([preface, frame(1, endHeaders, 1, block('a.test'))])],
    ['DATA first', connection(frame(0, 0, 1, Buffer.alloc(1)))],
    ['another frame within its headers', connection(frame(1, 0, 1, block('a.test')), frame(8, 0, 0, Buffer.alloc(4)))],
    ['another stream’s continuation', connection(frame(1, 0, 1, block('a')), frame(9, endHeaders, 3, block('b')))],
    ['no stream', connection(frame(1, endHeaders, 0, block('a.test')))],
    ['more padding than there is', connection(frame(1, endHeaders | 0x08, 1, Uint8Array.of(200, 0x82)))],
    ['a frame beyond 16 KiB', connection(frame(1, endHeaders, 1, Buffer.alloc(16_385)))],
    ['a Host that differs from its authority', twoHosts('a.test', 'b.test')],
    ['a Host that is none beside its authority', twoHosts('a.test', 'a b')],
    ['an empty Host beside its authority', twoHosts('a.test', '')],
    ['two authorities', connection(frame(1, endHeaders, 1, Buffer.concat([block('a.test'), block('b.test')])))],
    ['an unknown index', connection(frame(1, endHeaders, 1, Uint8Array.of(0xff, 0x10)))],
    ['a name that is none', connection(frame(1, endHeaders, 1, block('a b')))],
    ['more than 32 frames before it', connection(...Array.from({ length: 32 }, () => settings))],
    [
      'headers in more than 32 frames',
      connection(...Array.from({ length: 32 }, (_, index) => frame(index === 0 ? 1 : 9, 0, 1, Uint8Array.of(0x82)))),
    ],
  ])('with %s is malformed', (_, bytes) => {
    expect(answerOf(readHttpHost, bytes, [10, 24, 30, 33, 40, 42, 50]).kind).toBe('malformed');
  });

  test('never throws and answers the same wherever it is cut, whatever the bytes', () => {
    const originals = [recorded('curl-h2c'), recorded('go-h2c'), connection(frame(1, endHeaders, 1, block('a.test')))];
    const anyFrames = anyBytes.map((bytes) => connection(bytes));
    fc.assert(
      fc.property(fc.oneof(nearly(originals), anyFrames), anyCuts, (bytes, cuts) => {
        expect(answerOf(readHttpHost, bytes, cuts)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});

test('the acknowledgement of the server’s SETTINGS is found behind any frames before it', () => {
  const before = connection(frame(8, 0, 0, Buffer.alloc(4)));
  const bytes = Buffer.concat([before, frame(4, 1, 0, Buffer.alloc(0)), frame(1, endHeaders, 1, block('a.test'))]);
  for (const length of bytes.keys()) {
    const isThere = length >= before.length + 9;
    const found = isThere ? { at: before.length, end: before.length + 9 } : undefined;
    expect(findAcknowledgement(bytes.subarray(0, length))).toEqual(found);
  }
});

describe('HPACK', () => {
  const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
  const pairs = (bytes: Uint8Array): unknown => readHeaderBlock(bytes)?.map(({ name, value }) => [name, value]);

  // RFC 7541 C.2.1, C.2.4, C.4.1.
  test.each([
    ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', [['custom-key', 'custom-header']]],
    ['82', [[':method', 'GET']]],
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      [
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/'],
        [':authority', 'www.example.com'],
      ],
    ],
  ])('decodes the example %s', (bytes, fields) => {
    expect(pairs(hex(bytes))).toEqual(fields);
  });

  test('decodes every character that Node encodes', async () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
      .filter((char) => /[\t\u0020-\u007e\u0080-\u00ff]/.test(char))
      .join('');
    const bytes = await sent({ ':path': '/', ':authority': 'a.test', 'x-all': `x${all}x` });
    const start = bytes.indexOf(frameStart(bytes));
    expect(readHeaderBlock(bytes.subarray(start))).toContainEqual({ name: 'x-all', value: `x${all}x` });
  });

  test('finds entries that the block itself has added, and not those that it has evicted', () => {
    const field = (name: string): number[] => [0x40, name.length, ...Buffer.from(name), 0];
    expect(pairs(Uint8Array.from([...field('a'), ...field('b'), 0xbe, 0xbf]))).toEqual([
      ['a', ''],
      ['b', ''],
      ['b', ''],
      ['a', ''],
    ]);
    // A table of 40 bytes holds one of 33.
    const small = [0x3f, 40 - 31];
    expect(pairs(Uint8Array.from([...small, ...field('a'), ...field('b'), 0xbe]))).toHaveLength(3);
    expect(pairs(Uint8Array.from([...small, ...field('a'), ...field('b'), 0xbf]))).toBeUndefined();
  });

  test.each([
    ['index 0', '80'],
    ['an index that never ends', 'ff ff ff ff ff ff'],
    ['a text longer than the block', '40 05 61'],
    ['padding of a byte', '40 01 61 81 ff'],
    ['padding that is not all ones', '40 01 61 81 18'],
    ['the end of the string within it', '40 01 61 84 ff ff ff ff'],
    ['a table larger than allowed', '3f e2 1f'],
    ['a change of size after a field', '82 20'],
  ])('refuses %s', (_, bytes) => {
    expect(readHeaderBlock(hex(bytes))).toBeUndefined();
  });
});

/** The header block of Node's request: the bytes behind the HEADERS frame's header. */
function frameStart(bytes: Buffer): Buffer {
  let at = preface.length;
  while (bytes[at + 3] !== 1) at += 9 + bytes.readUIntBE(at, 3);
  return bytes.subarray(at + 9);
}
