import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHttpHost } from '../../../../src/relay/wire/http-head.ts';
import { maxHeadBytes } from '../../../../src/relay/wire/http-host.ts';
import { answerOf, anyBytes, anyCuts, nearly } from '../../../support/sockets/segments.ts';

const request = (...lines: readonly string[]): Uint8Array =>
  Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');

const get = (...headers: readonly string[]): Uint8Array => request('GET /index.html?a=b HTTP/1.1', ...headers, '');

describe('the first HTTP/1 request', () => {
  test.each([
    ['api.localhost', 'api.localhost'],
    ['API.localhost:8080', 'api.localhost'],
    ['  web.localhost.\t', 'web.localhost'],
    ['my_service:80', 'my_service'],
    ['127.0.0.1:8080', '127.0.0.1'],
    ['[::1]:8080', '[::1]'],
    ['[FE80::1]', '[fe80::1]'],
    ['[0:0::0:1]:', '[::1]'],
    ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ['', undefined],
  ])('with Host: %s is for %s', (value, host) => {
    const bytes = get('User-Agent: curl/8', `host:${value}`, 'Cookie: a=b');
    expect(answerOf(readHttpHost, bytes)).toEqual({ kind: 'host', host });
  });

  test('without a Host has no host, which only its end shows', () => {
    const bytes = get('X-Host: api.localhost');
    expect(answerOf(readHttpHost, bytes)).toEqual({ kind: 'host', host: undefined });
    expect(readHttpHost(bytes.subarray(0, -1))).toEqual({ kind: 'incomplete' });
  });

  test('is decided at its Host, before a Cookie of any length has arrived', () => {
    const bytes = get('Host: a.test', `Cookie: ${'x'.repeat(100_000)}`);
    expect(readHttpHost(bytes.subarray(0, 60))).toEqual({ kind: 'host', host: 'a.test' });
  });

  test.each([
    ['GET http://api.localhost:80/path HTTP/1.1', 'api.localhost'],
    ['OPTIONS HTTP://[::1]?x HTTP/1.0', '[::1]'],
    ['CONNECT db.localhost:5432 HTTP/1.1', 'db.localhost'],
  ])('with the line %s is for the host in its target, not its Host', (line, host) => {
    expect(answerOf(readHttpHost, request(line, 'Host: other.test', ''))).toEqual({ kind: 'host', host });
  });

  test('may end its lines with line feeds only', () => {
    const bytes = Buffer.from('GET / HTTP/1.1\nAccept: *\nHost: a.test\n\n');
    expect(answerOf(readHttpHost, bytes)).toEqual({ kind: 'host', host: 'a.test' });
  });

  test.each([
    ['a name that is none', get('Host: a b')],
    ['a user before the name', get('Host: me@a.test')],
    ['a port that is none', get('Host: a.test:http')],
    ['an address that is none', get('Host: [1::2::3]')],
    ['control characters in its name', get('Host: a\u0000b')],
    ['a blank before the colon', get('Host : a.test')],
    ['a no-break space before its name', get('Host:\u00a0a.test')],
    ['a folded line', get('Accept: x', ' Host: a.test')],
    ['a carriage return within a line', get('Accept: x\rHost: b.test', 'Host: a.test')],
    ['a zero within a line', get('Accept: x\0', 'Host: a.test')],
    ['a line without a colon', get('nonsense')],
  ])('with %s is malformed', (_, bytes) => {
    expect(answerOf(readHttpHost, bytes).kind).toBe('malformed');
  });

  test('that goes on without a Host is malformed at 64 KiB', () => {
    const bytes = get(...Array.from({ length: 100 }, (_, index) => `X-${index}: ${'y'.repeat(700)}`), 'Host: a.test');
    expect(readHttpHost(bytes.subarray(0, maxHeadBytes - 1))).toEqual({ kind: 'incomplete' });
    expect(readHttpHost(bytes.subarray(0, maxHeadBytes)).kind).toBe('malformed');
    expect(readHttpHost(bytes)).toEqual(readHttpHost(bytes.subarray(0, maxHeadBytes)));
  });

  test('may have 128 header lines before its Host, and no more', () => {
    const after = (lines: number): Uint8Array =>
      get(...Array.from({ length: lines }, (_, index) => `X-${index}: y`), 'Host: a.test');
    expect(readHttpHost(after(128))).toEqual({ kind: 'host', host: 'a.test' });
    expect(answerOf(readHttpHost, after(129))).toMatchObject({ kind: 'malformed' });
    // Each byte that drips in behind the lines would make the relay read all of them again.
    expect(readHttpHost(Buffer.from(`GET / HTTP/1.1\r\n${'a:\n'.repeat(21_000)}`)).kind).toBe('malformed');
  });

  test('is judged quickly even for the worst 64 KiB', () => {
    const blanks = ' '.repeat(65_000);
    const before = process.threadCpuUsage();
    for (const bytes of [get(`Host: a${blanks}b`), get(`A:${blanks}`), request(`GET ${'-'.repeat(65_000)}`)]) {
      readHttpHost(bytes);
    }
    // Processor time in microseconds: how busy the machine is must not matter.
    expect(process.threadCpuUsage(before).user).toBeLessThan(1_000_000);
  });

  test.each([
    'SSH-2.0-OpenSSH_9.2\r\n',
    'SET key value\r\n',
    'PING\r\n',
    'GET /\r\n',
    'get / HTTP/1.1\r\n',
    '\r\n',
    '\0',
  ])('is not %j', (text) => {
    expect(answerOf(readHttpHost, Buffer.from(text))).toEqual({ kind: 'not-http' });
  });

  test('is not a line that never ends', () => {
    expect(readHttpHost(request(`GET /${'x'.repeat(20_000)}`))).toEqual({ kind: 'not-http' });
  });

  test('never throws and answers the same wherever it is cut, whatever the bytes', () => {
    const originals = [get('Host: a.test'), get('A: b', 'Host: [::1]:1', ''), request('CONNECT a:1 HTTP/1.1')];
    fc.assert(
      fc.property(fc.oneof(nearly(originals), anyBytes), anyCuts, (bytes, cuts) => {
        expect(answerOf(readHttpHost, bytes, cuts)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});
