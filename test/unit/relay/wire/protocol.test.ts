import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { protocolOf } from '../../../../src/relay/wire/protocol.ts';
import { recorded } from '../../../support/sockets/recorded.ts';
import { answerOf, anyBytes, anyCuts, nearly } from '../../../support/sockets/segments.ts';

function cancelRequest(length: number): Uint8Array {
  const bytes = Buffer.alloc(length, 1);
  bytes.set([0, 0, length >> 8, length & 0xff, 0x04, 0xd2, 0x16, 0x2e]);
  return bytes;
}

const cases: readonly (readonly [string, Uint8Array, string])[] = [
  ['a ClientHello', recorded('chromium'), 'tls'],
  ['an HTTP/1 request', Buffer.from('PROPFIND /dav HTTP/1.1\r\nHost: a.test\r\n\r\n'), 'http1'],
  ['an HTTP/1 request behind an empty line', Buffer.from('\r\nGET / HTTP/1.1\r\n'), 'http1'],
  ['an HTTP request line that is malformed', Buffer.from('GET /a b HTTP/1.1\r\n'), 'http1'],
  ['HTTP/2 with prior knowledge', recorded('curl-h2c'), 'http2'],
  ['Postgres’ SSLRequest', Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f), 'postgres-ssl'],
  ['Postgres’ GSSENCRequest', Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30), 'postgres-gss'],
  ['Postgres’ CancelRequest', cancelRequest(16), 'postgres-cancel'],
  ['the longest CancelRequest', cancelRequest(268), 'postgres-cancel'],
  ['a CancelRequest without a key', cancelRequest(12), 'other'],
  ['a CancelRequest that is too long', cancelRequest(269), 'other'],
  ['Postgres’ startup message', Uint8Array.of(0, 0, 0, 16, 0, 3, 0, 0, 0x75, 0), 'other'],
  ['an SSLRequest of another length', Uint8Array.of(0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2f), 'other'],
  ['an SSH banner', Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'), 'other'],
  ['a Redis command', Buffer.from('*1\r\n$4\r\nPING\r\n'), 'other'],
  ['a Redis command typed by hand', Buffer.from('SET a b\r\n'), 'other'],
  ['a PROXY header', Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n'), 'other'],
  ['MQTT', Uint8Array.of(0x10, 0x10, 0, 4, 0x4d, 0x51), 'other'],
  ['SSL 2', Uint8Array.of(22, 2, 0), 'other'],
];

describe('the first bytes', () => {
  test.each(cases)('of %s show its protocol, wherever they are cut', (_, bytes, protocol) => {
    expect(answerOf(protocolOf, bytes)).toBe(protocol);
  });

  test.each(['', 'P', 'PRI * HT', 'GET / HTTP/1.1\r', '\u0016', '\0\0\0\b\u0004', '\r', '\r\n'])(
    'are not judged while they are only %j',
    (text) => {
      expect(answerOf(protocolOf, Buffer.from(text))).toBe('undecided');
    },
  );

  test('give the same answer wherever they are cut and never an exception, whatever they are', () => {
    fc.assert(
      fc.property(fc.oneof(nearly(cases.map(([, bytes]) => bytes)), anyBytes), anyCuts, (bytes, cuts) => {
        expect(answerOf(protocolOf, bytes, cuts)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});
