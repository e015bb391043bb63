import { connect, type ClientHttp2Session } from 'node:http2';
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { httpPage } from '../../../../src/relay/wire/http-error-page.ts';

test('a page says what happened, makes hostile names printable, and lists no more names than fit', () => {
  const hosts = Array.from({ length: 60 }, (_, nth) => `http://host-${nth}.test`);
  const page = Buffer.from(httpPage('no-route', { protocol: 'http1', name: 'a\x1b[31m\r\nb', hosts }) ?? []).toString();

  expect(page).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  expect(page).not.toContain('\x1b');
  expect(page).toContain('http://host-49.test');
  expect(page).not.toContain('http://host-50.test');
  expect(page).toContain('and 10 more');
  const [head = '', body = ''] = page.split('\r\n\r\n');
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
});

test('a page with several names says that a connection has only one of them', () => {
  const pageOf = (hosts: readonly string[]): string =>
    Buffer.from(httpPage('no-route', { protocol: 'http1', hosts }) ?? []).toString();
  expect(pageOf(['http://a.test', 'http://b.test'])).toContain('A connection stays with the name');
  expect(pageOf(['http://a.test'])).not.toContain('A connection stays with the name');
});

test('only clients of HTTP get a page, and only for reasons that have one', () => {
  expect(httpPage('no-route', { protocol: 'tls' })).toBeUndefined();
  expect(httpPage('no-route', { protocol: undefined })).toBeUndefined();
  expect(httpPage('denied', { protocol: 'http1' })).toBeUndefined();
});

/** Connects Node's client to a server that sends these bytes. */
async function connectTo(page: Uint8Array): Promise<ClientHttp2Session & Disposable> {
  const server = createTcpServer((socket) => socket.once('data', () => socket.end(page)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', () => {});
  return Object.assign(session, {
    [Symbol.dispose]() {
      session.destroy();
      server.close();
    },
  });
}

test('an HTTP/2 client understands its page', async () => {
  using session = await connectTo(httpPage('hold-expired', { protocol: 'http2', stream: 1 }) ?? new Uint8Array());
  const request = session.request({ ':path': '/' });
  const [headers] = (await once(request, 'response')) as [Record<string, unknown>];
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);

  expect(headers).toMatchObject({ ':status': 503, 'content-type': 'text/plain; charset=utf-8' });
  expect(text).toContain('hold-expired');
  expect(headers['content-length']).toBe(String(Buffer.byteLength(text)));
});

test('an HTTP/2 client gets it on the stream of its request', () => {
  const page = Buffer.from(httpPage('no-route', { protocol: 'http2', stream: 0x7ffffffd }) ?? []);
  const streams: number[] = [];
  for (let at = 0; at < page.length; at += 9 + page.readUIntBE(at, 3)) streams.push(page.readUInt32BE(at + 5));
  expect(streams).toEqual([0, 0, 0x7ffffffd, 0x7ffffffd, 0]);
});

test.each([
  ['sniff-timeout', 0],
  ['malformed', 1],
] as const)('an HTTP/2 client that has made no request gets a goodbye that says why: %s', async (reason, code) => {
  using session = await connectTo(httpPage(reason, { protocol: 'http2' }) ?? new Uint8Array());
  const [got, lastStream, debug] = (await once(session, 'goaway')) as [number, number, Buffer];

  expect([got, lastStream]).toEqual([code, 0]);
  expect(debug.toString()).toContain(reason);
});
