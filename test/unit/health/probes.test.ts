import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { probeHttp } from '../../../src/health/http-probe.ts';
import { probeTcp } from '../../../src/health/tcp-probe.ts';
import { freePort, serve } from '../../support/sockets.ts';

const never = new AbortController().signal;
const at = (port: number) => ({ host: '127.0.0.1', port });

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
  test('succeeds when the port accepts, and hangs up in order', async () => {
    await using server = await serve();
    expect(await probeTcp(at(server.port), 1_000, never)).toEqual({ ok: true });
    expect(await (await server.accept()).ended).toBeUndefined();
  });

  test('says that nothing listens', async () => {
    const port = await freePort();
    const reason = `nothing listens on ${port} (connection refused)`;
    expect(await probeTcp(at(port), 1_000, never)).toEqual({ ok: false, reason });
  });

  test('is over at once when it is aborted', async () => {
    const ending = new AbortController();
    await using server = await serve();
    const probe = probeTcp(at(server.port), 1_000, ending.signal);
    ending.abort();
    expect((await probe).ok).toBe(false);
  });
});

describe('an HTTP probe', () => {
  test.each([200, 204, 302])('is content with %i', async (status) => {
    await using server = await serveHttp(status);
    expect(await probeHttp(at(server.port), '/health', 1_000, never)).toEqual({ ok: true });
  });

  test.each([404, 500, 503])('is not content with %i', async (status) => {
    await using server = await serveHttp(status);
    expect(await probeHttp(at(server.port), '/health?deep', 1_000, never)).toEqual({
      ok: false,
      reason: `GET /health?deep answered ${status}`,
    });
  });

  test('says that it was not answered in time', async () => {
    await using server = await serve();
    expect(await probeHttp(at(server.port), '/', 50, never)).toEqual({
      ok: false,
      reason: `127.0.0.1:${server.port} did not answer within 50ms`,
    });
  });

  test('says that the answer is not HTTP', async () => {
    await using server = await serve(({ socket }) => void socket.end('SSH-2.0-x\r\n'));
    const result = await probeHttp(at(server.port), '/', 1_000, never);
    expect(result).toMatchObject({ ok: false, reason: expect.stringMatching(/^GET \/ was not answered with HTTP/) });
  });
});
