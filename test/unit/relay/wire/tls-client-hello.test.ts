import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxHelloBytes, readClientHello } from '../../../../src/relay/wire/tls-client-hello.ts';
import { recorded } from '../../../support/sockets/recorded.ts';
import { answerOf, anyBytes, anyCuts, nearly } from '../../../support/sockets/segments.ts';

const clients = [
  ['curl', 'api.example.test', ['h2', 'http/1.1']],
  ['curl-tls12-address', undefined, ['h2', 'http/1.1']],
  ['openssl', 'db.example.test', ['postgresql']],
  ['openssl-no-name', undefined, []],
  ['go', 'web.example.test', ['h2', 'http/1.1']],
  ['node', 'node.example.test', ['h2']],
  ['chromium', 'shop.example.test', ['h2', 'http/1.1']],
] as const;

function uint(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => (value >> (8 * (size - 1 - index))) & 255);
}

function vector(size: number, ...parts: readonly (readonly number[])[]): number[] {
  const content = parts.flat();
  return [...uint(content.length, size), ...content];
}

const extension = (type: number, body: readonly number[]): number[] => [...uint(type, 2), ...vector(2, body)];
const hostEntry = (name: string): number[] => [0, ...vector(2, [...Buffer.from(name, 'latin1')])];
const serverName = (...entries: readonly number[][]): number[] => extension(0, vector(2, ...entries));

function message(extensions?: readonly number[]): number[] {
  const random = Array.from({ length: 32 }, (_, index) => index);
  const rest = extensions ? vector(2, extensions) : [];
  return [1, ...vector(3, [3, 3], random, vector(1), vector(2, [0x13, 1]), vector(1, [0]), rest)];
}

/** Puts the content into records of the given length. */
function records(content: readonly number[], length = 16_384): Uint8Array {
  const cut = Array.from({ length: Math.ceil(content.length / length) }, (_, index) =>
    content.slice(index * length, (index + 1) * length),
  );
  return Uint8Array.from(cut.flatMap((piece) => [22, 3, 1, ...vector(2, piece)]));
}

const hello = (...extensions: readonly number[][]): Uint8Array => records(message(extensions.flat()));

describe('a TLS ClientHello', () => {
  test.each(clients)('of %s names %s and speaks %j, wherever it is cut', (client, name, alpn) => {
    expect(answerOf(readClientHello, recorded(client))).toEqual({ kind: 'hello', serverName: name, alpn });
  });

  test('of 19 KB in two records is read, too', () => {
    const bytes = recorded('go-large');
    const cuts = [0, 1, 4, 5, 6, 16_388, 16_389, 16_390, 16_393, 16_394, 16_395, bytes.length - 1];
    const answer = answerOf(readClientHello, bytes, cuts);
    expect(answer).toMatchObject({ kind: 'hello', serverName: 'web.example.test' });
    expect(answer.kind === 'hello' && answer.alpn.length).toBe(90);
  });

  test.each([1, 2, 3, 5, 64])('is the same in records of %i bytes', (length) => {
    const bytes = records(message(serverName(hostEntry('db.localhost'))), length);
    expect(answerOf(readClientHello, bytes)).toEqual({ kind: 'hello', serverName: 'db.localhost', alpn: [] });
  });

  test('of an old client without any extension has no name', () => {
    expect(readClientHello(records(message()))).toEqual({ kind: 'hello', serverName: undefined, alpn: [] });
  });

  test('is decided by its own bytes, not by those behind it', () => {
    const bytes = Buffer.concat([hello(serverName(hostEntry('a.test'))), Buffer.from([23, 3, 3, 0, 1, 0])]);
    expect(answerOf(readClientHello, bytes)).toMatchObject({ kind: 'hello', serverName: 'a.test' });
  });

  test('has its name in lower case, without the dot of the root', () => {
    expect(readClientHello(hello(serverName(hostEntry('Api.LocalHost.'))))).toMatchObject({
      serverName: 'api.localhost',
    });
  });

  test.each(['', '.', 'a..b', 'a b', 'a\u0000b', 'a/../b', '[::1]', 'ä.test', 'a'.repeat(254), '*.localhost'])(
    'with the server name %j is malformed',
    (name) => {
      expect(readClientHello(hello(serverName(hostEntry(name)))).kind).toBe('malformed');
    },
  );

  test.each([
    ['two server names', hello(serverName(hostEntry('a.test'), hostEntry('b.test')))],
    ['an extension twice', hello(serverName(hostEntry('a.test')), serverName(hostEntry('a.test')))],
    ['an empty list of names', hello(extension(0, vector(2)))],
    ['something after the list of names', hello(extension(0, [...vector(2, hostEntry('a.test')), 0]))],
    ['an empty protocol', hello(extension(16, vector(2, vector(1))))],
    ['an extension that is longer than the rest', hello([0, 0, 0, 9, 0])],
    ['something after the extensions', records([1, ...vector(3, message([]).slice(4), [0])])],
    ['an empty record', Uint8Array.of(22, 3, 1, 0, 0)],
    ['a record beyond 16 KiB', Uint8Array.of(22, 3, 1, 0x40, 1)],
    ['another message first', records([2, 0, 0, 0])],
    ['another record within it', Uint8Array.of(22, 3, 1, 0, 2, 1, 0, 23)],
    ['a length beyond 64 KiB', records([1, 1, 0, 0])],
  ])('with %s is malformed', (_, bytes) => {
    expect(answerOf(readClientHello, bytes).kind).toBe('malformed');
  });

  test('that goes on for ever in records of one byte is malformed at 64 KiB', () => {
    const endless = Buffer.concat(
      message(serverName(hostEntry('a'.repeat(60_000)))).map((byte) => Uint8Array.of(22, 3, 1, 0, 1, byte)),
    );
    expect(readClientHello(endless.subarray(0, maxHelloBytes - 1))).toEqual({ kind: 'incomplete' });
    expect(readClientHello(endless.subarray(0, maxHelloBytes)).kind).toBe('malformed');
    expect(readClientHello(endless)).toEqual(readClientHello(endless.subarray(0, maxHelloBytes)));
  });

  test.each(['GET / HTTP/1.1\r\n', 'SSH-2.0-OpenSSH', '\u0000\u0000\u0000\b', '\u0016\u0002'])(
    'is not what begins with %j',
    (text) => {
      expect(answerOf(readClientHello, Buffer.from(text, 'latin1'))).toEqual({ kind: 'not-tls' });
    },
  );

  test('never throws and answers the same wherever it is cut, whatever the bytes', () => {
    const originals = clients.map(([client]) => recorded(client));
    fc.assert(
      fc.property(fc.oneof(nearly(originals), anyBytes), anyCuts, (bytes, cuts) => {
        expect(answerOf(readClientHello, bytes, cuts)).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });
});
