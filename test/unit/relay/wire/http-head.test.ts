import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHttpHost } from '../../../../src/relay/wire/http-head.ts';
import { maxFields } from '../../../../src/relay/wire/http1-head.ts';
import { maxHeadBytes } from '../../../../src/relay/wire/http-host.ts';
import { answerOf, anyBytes, anyCuts, nearly } from '../../../support/sockets/segments.ts';

const request = (...lines: readonly string[]): Uint8Array =>
  Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');

const get = (...headers: readonly string[]): Uint8Array => request('GET /index.html?a=b HTTP/1.1', ...headers, '');

describe('the first HTTP/1 request', () => {
  test.each([
    ['api.localhost', 'api.localhost'],
    ['API.localhost:8080', 'api.localhost', 8080],
    ['  web.localhost.\t', 'web.localhost'],
    ['my_service:80', 'my_service', 80],
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['[::1]:8080', '[::1]', 8080],
    ['api.localhost:99999', 'api.localhost'],
    ['[FE80::1]', '[fe80::1]'],
    ['[0:0::0:1]:', '[::1]'],
    ['[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ['', undefined],
  ])('with Host: %s is for %s', (value, host, port?: number) => {
    const bytes = get('User-Agent: curl/8', `host:${value}`, 'Cookie: a=b');
    expect(answerOf(readHttpHost, bytes)).toEqual({ kind: 'host', host, port });
  });

  test('without a Host has no host, which only its end shows', () => {
    const bytes = get('X-Host: api.localhost');
    expect(answerOf(readHttpHost, bytes)).toEqual({ kind: 'host', host: undefined });
    expect(readHttpHost(bytes.subarray(0, -1))).toEqual({ kind: 'incomplete' });
  });

  test('is decided at its end, since another Host may follow', () => {
    const bytes = get('Host: a.test', 'Cookie: a=b');
    expect(readHttpHost(bytes.subarray(0, -1))).toEqual({ kind: 'incomplete' });
    expect(readHttpHost(bytes)).toEqual({ kind: 'host', host: 'a.test' });
  });

  test.each(['\r\n', '\n', '\r\n\r\n'])('may follow empty lines: %j', (empty) => {
    const bytes = Buffer.concat([Buffer.from(empty), get('Host: a.test')]);
    expect(answerOf(readHttpHost, bytes)).toEqual({ kind: 'host', host: 'a.test' });
  });

  test.each(['get', 'MKCOL', 'x_Y', 'M-SEARCH', 'A'.repeat(24)])('may have any method: %s', (method) => {
    const bytes = request(`${method} / HTTP/1.1`, 'Host: a.test', '');
    expect(answerOf(readHttpHost, bytes)).toEqual({ kind: 'host', host: 'a.test' });
  });

  test('may have a line and fields of nearly 64 KiB', () => {
    for (const length of [17_000, 65_400]) {
      const line = request(`GET /${'x'.repeat(length)} HTTP/1.1`, 'Host: a.test', '');
      expect(answerOf(readHttpHost, line, [16_384, 17_000, length])).toEqual({ kind: 'host', host: 'a.test' });
      const fields = get(`Cookie: ${'x'.repeat(length)}`, 'Host: a.test');
      expect(answerOf(readHttpHost, fields, [16_384, 17_000, length])).toEqual({ kind: 'host', host: 'a.test' });
    }
  });

  test.each([
    ['GET http://api.localhost:80/path HTTP/1.1', 'api.localhost', 80],
    ['OPTIONS HTTP://[::1]?x HTTP/1.0', '[::1]', undefined],
    ['CONNECT db.localhost:5432 HTTP/1.1', 'db.localhost', 5432],
  ])('with the line %s is for the host in its target, not its Host', (line, host, port) => {
    expect(answerOf(readHttpHost, request(line, 'Host: other.test', ''))).toEqual({ kind: 'host', host, port });
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
    ['two different hosts', get('Host: a.test', 'Accept: */*', 'Host: b.test')],
    ['the same host twice', get('Host: a.test', 'host: a.test')],
    ['two hosts, the first of them empty', get('Host:', 'Host: a.test')],
    ['a host that is folded', get('Host: a.test', ' b.test')],
    ['a host that is folded at once', get('Host:', '\ta.test')],
    ['another version of HTTP', request('GET / HTTP/2.0', 'Host: a.test', '')],
    ['a version of two digits', request('GET / HTTP/1.10', 'Host: a.test', '')],
    ['a blank in its target', request('GET /a b HTTP/1.1', 'Host: a.test', '')],
    ['tabs in its line', request('GET\t/\tHTTP/1.1', 'Host: a.test', '')],
    ['two blanks in its line', request('GET  / HTTP/1.1', 'Host: a.test', '')],
    ['a blank at its line’s end', request('GET / HTTP/1.1 ', 'Host: a.test', '')],
  ])('with %s is malformed', (_, bytes) => {
    expect(answerOf(readHttpHost, bytes).kind).toBe('malformed');
  });

  test.each(['before its Host', 'behind its Host'])('that goes on %s is too large at 64 KiB', (where) => {
    const fields = Array.from({ length: 100 }, (_, index) => `X-${index}: ${'y'.repeat(700)}`);
    const bytes = where.startsWith('before') ? get(...fields, 'Host: a.test') : get('Host: a.test', ...fields);
    expect(readHttpHost(bytes.subarray(0, maxHeadBytes - 1))).toEqual({ kind: 'incomplete' });
    expect(readHttpHost(bytes.subarray(0, maxHeadBytes))).toEqual({ kind: 'head-too-large' });
    expect(readHttpHost(bytes)).toEqual(readHttpHost(bytes.subarray(0, maxHeadBytes)));
  });

  test('may have 1,000 header fields, and no more', () => {
    const after = (lines: number): Uint8Array =>
      get(...Array.from({ length: lines }, (_, index) => `X-${index}: y`), 'Host: a.test');
    expect(readHttpHost(after(maxFields - 1))).toEqual({ kind: 'host', host: 'a.test' });
    expect(answerOf(readHttpHost, after(maxFields), [100, 9_000])).toEqual({ kind: 'head-too-large' });
    // Each byte that drips in behind the lines would make the relay read all of them again.
    expect(readHttpHost(Buffer.from(`GET / HTTP/1.1\r\n${'a:\n'.repeat(21_000)}`)).kind).toBe('head-too-large');
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
    'GET / RTSP/1.0\r\n',
    'SET key HTTP/x\r\n',
    `${'A'.repeat(25)} / HTTP/1.1\r\n`,
    'GET /\0 HTTP/1.1\r\n',
    '\0',
  ])('is not %j', (text) => {
    expect(answerOf(readHttpHost, Buffer.from(text))).toEqual({ kind: 'not-http' });
  });

  test.each([
    ['a target', `GET /${'x'.repeat(70_000)}`],
    ['a target behind empty lines', `\n\nGET /${'x'.repeat(70_000)}`],
    ['nothing but empty lines', '\r\n'.repeat(40_000)],
    ['a version that is cut off at the limit', `GET /${'x'.repeat(maxHeadBytes - 10)} HTTP/1.1\r\n`],
  ])('is too long where its line has no end within 64 KiB: %s', (_, text) => {
    const bytes = Buffer.from(text);
    expect(answerOf(readHttpHost, bytes, [20_000, maxHeadBytes - 1])).toEqual({ kind: 'line-too-long' });
    expect(readHttpHost(bytes.subarray(0, maxHeadBytes - 1))).toEqual({ kind: 'incomplete' });
  });

  test('is no line that never ends and has more than three words', () => {
    expect(readHttpHost(Buffer.from(`SET key ${'x'.repeat(70_000)}`))).toEqual({ kind: 'not-http' });
  });

  test('never throws and answers the same wherever it is cut, whatever the bytes', () => {
    const originals = [
      ...[get('Host: a.test'), get('A: b', 'Host: [::1]:1', ''), request('CONNECT a:1 HTTP/1.1')],
      Buffer.concat([Buffer.from('\r\n\n'), get('Host: a.test')]),
    ];
    fc.assert(
      fc.property(fc.oneof(nearly(originals), anyBytes), anyCuts, (bytes, cuts) => {
        expect(answerOf(readHttpHost, bytes, cuts)).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});
