import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { probeHttp } from '../../../src/health/http-probe.ts';
import { probeTcp } from '../../../src/health/tcp-probe.ts';
import { portProxySettleMs } from '../../../src/relay/boundary/table.ts';
import { certificateFor } from '../../support/certificates/certificates.ts';
import { freePort } from '../../support/sockets/free-port.ts';
import { serve } from '../../support/sockets/sockets.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const never = new AbortController().signal;
const at = (port: number) => ({ host: '127.0.0.1', port });

const check = { path: '/', timeoutMs: 1_000, proxyProtocol: undefined } as const;

async function serveHttp(status: number): Promise<{ readonly port: number } & AsyncDisposable> {
  const server: Server = createServer((request, response) => response.writeHead(status).end(request.url));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a TCP probe', () => {
  test('passes when the port accepts, and closes the connection in order', async () => {
    await using server = await serve();
    expect(await probeTcp(at(server.port), 1_000, never)).toEqual({ ok: true });
    expect(await (await server.accept()).ended).toBeUndefined();
  });

  test('says that nothing listens', async () => {
    const port = await freePort();
    const reason = `nothing listens on ${port} (connection refused)`;
    expect(await probeTcp(at(port), 1_000, never)).toEqual({ ok: false, reason });
  });

  test('ends at once when it is aborted', async () => {
    const ending = new AbortController();
    await using server = await serve();
    const probe = probeTcp(at(server.port), 1_000, ending.signal);
    ending.abort();
    expect((await probe).ok).toBe(false);
  });
});

describe('a TCP probe of a published port, whose proxy accepts in any case,', () => {
  const published = (port: number) => ({ ...at(port), viaPortProxy: true });
  const closed = 'its published port accepts and closes at once: no process listens behind it yet';

  test.each([0, 1, 50, 200])('fails when the connection is closed after %i ms', async (afterMs) => {
    for (const how of ['end', 'resetAndDestroy'] as const) {
      await using server = await serve(({ socket }) => void setTimeout(() => socket[how](), afterMs));
      expect(await probeTcp(published(server.port), 1_000, never)).toEqual({ ok: false, reason: closed });
    }
  });

  test('passes when the connection stays open, whatever the deadline of the connect', async () => {
    await using server = await serve();
    const beganMs = performance.now();
    expect(await probeTcp(published(server.port), 100, never)).toEqual({ ok: true });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(portProxySettleMs - 1);
    expect(await (await server.accept()).ended).toBeUndefined();
  });

  test('passes as soon as a byte comes, also if the connection is closed after it', async () => {
    await using server = await serve(({ socket }) => socket.end('220 hello'));
    let tookMs = Infinity;
    // Other work of this machine does not slow down all of them.
    for (let attempt = 0; attempt < 20 && tookMs >= portProxySettleMs; attempt++) {
      const beganMs = performance.now();
      expect(await probeTcp(published(server.port), 1_000, never)).toEqual({ ok: true });
      tookMs = performance.now() - beganMs;
    }
    expect(tookMs).toBeLessThan(portProxySettleMs);
  });

  test('says that nothing is published there', async () => {
    const port = await freePort();
    const reason = `nothing listens on its published port ${port} (connection refused)`;
    expect(await probeTcp(published(port), 1_000, never)).toEqual({ ok: false, reason });
  });

  test('ends at once when it is aborted', async () => {
    const ending = new AbortController();
    await using server = await serve();
    const probe = probeTcp(published(server.port), 1_000, ending.signal);
    await server.accept();
    ending.abort();
    expect((await probe).ok).toBe(false);
  });
});

describe('a probe of a Unix socket', () => {
  test('connects to the socket', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'web.sock');
    const endpoint = { host: `unix:${path}`, port: 0 };
    const reason = `there is no socket unix:${path}`;
    expect(await probeTcp(endpoint, 1_000, never)).toEqual({ ok: false, reason });
    expect(await probeHttp(endpoint, check, never)).toEqual({ ok: false, reason });
    const server = createServer((_request, response) => response.writeHead(200).end());
    server.listen(path);
    await once(server, 'listening');
    expect(await probeTcp(endpoint, 1_000, never)).toEqual({ ok: true });
    expect(await probeHttp(endpoint, check, never)).toEqual({ ok: true });
    server.close();
    await once(server, 'close');
  });
});

describe('an HTTP probe', () => {
  test.each([200, 204, 302])('passes with status %i', async (status) => {
    await using server = await serveHttp(status);
    expect(await probeHttp(at(server.port), { ...check, path: '/health', timeoutMs: 1_000 }, never)).toEqual({
      ok: true,
    });
  });

  test.each([404, 500, 503])('fails with status %i', async (status) => {
    await using server = await serveHttp(status);
    expect(await probeHttp(at(server.port), { ...check, path: '/health?deep', timeoutMs: 1_000 }, never)).toEqual({
      ok: false,
      reason: `GET /health?deep answered ${status}`,
    });
  });

  test('says that a published port closes at once', async () => {
    await using server = await serve(({ socket }) => socket.end());
    expect(await probeHttp({ ...at(server.port), viaPortProxy: true }, check, never)).toEqual({
      ok: false,
      reason: 'GET / was not answered: its published port accepts and closes at once: no process listens behind it yet',
    });
  });

  test('says that the upstream did not answer in time', async () => {
    await using server = await serve();
    expect(await probeHttp(at(server.port), { ...check, path: '/', timeoutMs: 50 }, never)).toEqual({
      ok: false,
      reason: `127.0.0.1:${server.port} did not answer within 50ms`,
    });
  });

  test.each([
    ['v1', 'PROXY UNKNOWN\r\n'],
    ['v2', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0'],
  ] as const)('begins with a PROXY header of its own (%s) where the upstream expects one', async (version, header) => {
    const heard = Promise.withResolvers<string>();
    await using server = await serve(({ socket }) =>
      socket.once('data', (bytes: Buffer) => {
        heard.resolve(bytes.toString('latin1'));
        socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      }),
    );
    expect(await probeHttp(at(server.port), { ...check, proxyProtocol: version }, never)).toEqual({ ok: true });
    expect((await heard.promise).startsWith(header)).toBe(true);
  });

  test('speaks TLS where the upstream expects it, whatever authority signed its certificate', async () => {
    const { chain, key } = await certificateFor('api.localhost');
    const server = createSecureServer({ cert: chain, key }, (_request, response) => response.writeHead(200).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asked = { ...check, timeoutMs: 5_000, tlsServerName: 'api.localhost' };
    expect(await probeHttp(at(port), asked, never)).toEqual({ ok: true });
    expect((await probeHttp(at(port), { ...check, timeoutMs: 5_000 }, never)).ok).toBe(false);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    expect(await probeHttp(at(port), asked, never)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/connection refused/),
    });
  });

  test('says that the answer is not HTTP', async () => {
    await using server = await serve(({ socket }) => void socket.end('SSH-2.0-x\r\n'));
    const result = await probeHttp(at(server.port), { ...check, path: '/', timeoutMs: 1_000 }, never);
    expect(result).toMatchObject({ ok: false, reason: expect.stringMatching(/^GET \/ was not answered with HTTP/) });
  });
});
