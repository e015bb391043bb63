import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { shareServedFile } from '../support/sealane/served-file.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * Names, access rules and PROXY headers of the configuration file, as clients of the built Sealane see them.
 */
interface Upstream extends AsyncDisposable {
  readonly port: number;
}

async function upstream(server: Server, at: number | string = 0): Promise<Upstream> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Sealane's probes end with a reset.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  if (typeof at === 'number') server.listen(at, '127.0.0.1');
  else server.listen(at);
  await once(server, 'listening');
  return {
    port: typeof at === 'number' ? (server.address() as AddressInfo).port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const web = (name: string, path?: string): Promise<Upstream> =>
  upstream(
    createHttpServer((_request, response) => response.end(name)),
    path,
  );

/** A server that speaks first, as MySQL and SSH do. */
const greeter = (greeting: string): Promise<Upstream> => upstream(createServer((socket) => void socket.end(greeting)));

/** A server that answers with the first line that it receives. */
const firstLine = (): Promise<Upstream> =>
  upstream(
    createServer((socket) => {
      socket.once('data', (bytes: Buffer) => socket.end(bytes.toString('latin1').split('\r\n')[0] ?? ''));
    }),
  );

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Sends an HTTP request for `host`. `at`: a port, or the path of a socket. */
async function ask(at: number | string, host: string): Promise<Answer> {
  const where = typeof at === 'number' ? { host: '127.0.0.1', port: at } : { socketPath: at };
  const request = get({ ...where, agent: false, headers: { host } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, text };
}

/** Connects, sends `words`, and resolves with the whole answer, or `reset`. */
async function say(words: string, port: number, host = '127.0.0.1'): Promise<string> {
  const socket = connect({ host, port });
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  if (words !== '') socket.write(words);
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', () => resolve('reset'));
  socket.on('close', () => resolve(text));
  return promise;
}

describe.each(['stream', 'splice'] as const)('with --driver %s', (driver) => {
  const serve = shareServedFile('--driver', driver);

  describe('a port with names', () => {
    it('routes each client by its HTTP host', async () => {
      await using api = await web('api');
      await using site = await web('web');
      const port = await freePort();
      const sealane = await serve(
        `services:
  api: { listen: 127.0.0.1:${port}, host: api.localhost, upstreams: [127.0.0.1:${api.port}] }
  web: { listen: 127.0.0.1:${port}, host: [web.localhost, "*.web.localhost"], upstreams: [127.0.0.1:${site.port}] }
  late: { listen: 127.0.0.1:${port}, host: api.localhost, upstreams: [127.0.0.1:1] }
`,
      );
      const names = 'host web.localhost, host *.web.localhost';
      await sealane.line({ event: 'route-opened', service: 'web', listen: `127.0.0.1:${port} for ${names}` });
      await sealane.line({ event: 'problem', code: 'name-conflict' });
      expect(await ask(port, 'API.localhost.')).toEqual({ status: 200, text: 'api' });
      expect(await ask(port, `web.localhost:${port}`)).toEqual({ status: 200, text: 'web' });
      expect(await ask(port, 'de.web.localhost')).toEqual({ status: 200, text: 'web' });
      const { status, text } = await ask(port, 'unknown.localhost');
      expect(status).toBe(404);
      expect(text).toContain('http://api.localhost');
      const record = await sealane.line({ event: 'session', session: { reason: 'no-route' } });
      expect(record['session']).toMatchObject({ name: 'unknown.localhost', reason: 'no-route' });
      expect(record['session']).not.toHaveProperty('upstream');
      const tls = connectTls({ host: '127.0.0.1', port, servername: 'db.localhost' });
      const [error] = (await once(tls, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
    });

    it('routes a client that sends nothing to the service without names', async () => {
      await using api = await web('api');
      await using ssh = await greeter('SSH-2.0-test\r\n');
      const port = await freePort();
      const sealane = await serve(
        `services:
  api: { listen: 127.0.0.1:${port}, host: api.localhost, sniff-timeout: 1s, upstreams: [127.0.0.1:${api.port}] }
  ssh: { listen: 127.0.0.1:${port}, upstreams: [127.0.0.1:${ssh.port}] }
`,
      );
      await sealane.line({ event: 'route-opened', service: 'ssh' });
      expect(await say('', port)).toBe('SSH-2.0-test\r\n');
      expect((await ask(port, 'api.localhost')).text).toBe('api');
    });

    it('adds a service with a name from the changed file, and leaves the other sessions alone', async () => {
      await using api = await web('api');
      await using site = await web('web');
      const port = await freePort();
      const one = `services:
  api: { listen: 127.0.0.1:${port}, host: api.localhost, upstreams: [127.0.0.1:${api.port}] }
`;
      const sealane = await serve(one);
      await sealane.line({ event: 'route-opened', service: 'api' });
      const lasting = connect({ host: '127.0.0.1', port });
      lasting.write('GET / HTTP/1.1\r\nHost: api.localhost\r\n\r\n');
      await once(lasting, 'data');
      await serve(
        `${one}  web: { listen: 127.0.0.1:${port}, host: web.localhost, upstreams: [127.0.0.1:${site.port}] }\n`,
      );
      await sealane.line({ event: 'route-opened', service: 'web' });
      expect((await ask(port, 'web.localhost')).text).toBe('web');
      lasting.write('GET / HTTP/1.1\r\nHost: api.localhost\r\n\r\n');
      expect(String(await once(lasting, 'data'))).toMatch(/^HTTP\/1.1 200/);
      lasting.destroy();
    });
  });

  describe('addresses, access and PROXY headers', () => {
    it.each(['[::]:P,0.0.0.0:P', '127.0.0.1:P,[::]:P', '[::1]:P,[::]:P'])(
      'serves every address of a listen with one socket where that does: %s',
      async (listen) => {
        await using api = await greeter('api');
        const port = await freePort();
        const sealane = await serve(
          `services:\n  both: { listen: "${listen.replaceAll('P', String(port))}", upstreams: [127.0.0.1:${api.port}] }\n`,
        );
        await sealane.line({ event: 'route-opened', service: 'both' });
        for (const host of ['127.0.0.1', '::1']) expect([host, await say('', port, host)]).toEqual([host, 'api']);
        expect(sealane.lines.filter(({ event }) => event === 'problem')).toEqual([]);
      },
    );

    it('accepts only clients that its rules allow, and logs the rejected ones', async () => {
      await using api = await greeter('api');
      const [open, shut, few] = [await freePort(), await freePort(), await freePort()];
      const sealane = await serve(
        `services:
  open: { listen: 127.0.0.1:${open}, allow: [127.0.0.0/8, "::1"], upstreams: [127.0.0.1:${api.port}] }
  shut: { listen: 127.0.0.1:${shut}, allow: 127.0.0.1, deny: 127.0.0.0/8, upstreams: [127.0.0.1:${api.port}] }
  few: { listen: 127.0.0.1:${few}, connection-rate.client: 1, upstreams: [127.0.0.1:${api.port}] }
`,
      );
      for (const name of ['open', 'shut', 'few']) await sealane.line({ event: 'route-opened', service: name });
      expect(await say('', open)).toBe('api');
      expect(await say('', shut)).toBe('reset');
      const record = await sealane.line({ event: 'session', session: { reason: 'denied' } });
      expect(record['session']).toMatchObject({ service: 'shut', reason: 'denied', bytesDown: 0 });
      // The clients connect at the same time, so that they exceed the rate on a slow machine, too.
      const answers = await Promise.all(Array.from({ length: 8 }, () => say('', few)));
      expect(answers).toContain('reset');
      await sealane.line({ event: 'session', session: { reason: 'rate-client' } });
    });

    it('passes the address from a trusted proxy on to upstreams, from v2 to v1, also over IPv6', async () => {
      await using app = await firstLine();
      const [outer, inner] = [await freePort(), await freePort()];
      const sealane = await serve(
        `services:
  outer: { listen: "127.0.0.1:${outer},[::1]:${outer}", proxy-protocol: v2, upstreams: [127.0.0.1:${inner}] }
  inner: { listen: 127.0.0.1:${inner}, accept-proxy: 127.0.0.1, proxy-protocol: v1, upstreams: [127.0.0.1:${app.port}] }
`,
      );
      for (const listen of [`127.0.0.1:${outer}`, `[::1]:${outer}`, `127.0.0.1:${inner}`])
        await sealane.line({ event: 'route-opened', listen });
      expect(await say('hello\r\n', outer)).toMatch(new RegExp(`^PROXY TCP4 127.0.0.1 127.0.0.1 \\d+ ${outer}$`));
      expect(await say('hello\r\n', outer, '::1')).toMatch(new RegExp(`^PROXY TCP6 ::1 ::1 \\d+ ${outer}$`));
      expect(await say('hello\r\n', inner)).toBe('reset');
      await sealane.line({ event: 'session', session: { reason: 'bad-proxy-header' } });
    });

    it('listens on Unix sockets and relays to them', async () => {
      await using folder = await tempFolder();
      const [front, back] = [join(folder.path, 'front.sock'), join(folder.path, 'back.sock')];
      await using app = await web('behind a socket', back);
      const sealane = await serve(
        `services:\n  app: { listen: unix:${front}, upstreams: [unix:${back}], health: http:/ }\n`,
      );
      await sealane.line({ event: 'route-opened', service: 'app', listen: `unix:${front}` });
      expect(await ask(front, 'localhost')).toEqual({ status: 200, text: 'behind a socket' });
      expect(app.port).toBe(0);
      const later = await serve();
      await later.line({ event: 'route-closed', service: 'app' });
      await vi.waitFor(() => expect(existsSync(front)).toBe(false), 30_000);
    });

    it('opens each port of a range, and relays it to the matching port of the upstream', async () => {
      const first = await freePortPair();
      await using one = await greeter('one');
      const sealane = await serve(
        `services:\n  r: { listen: 127.0.0.1:${first}-${first + 1}, upstreams: [127.0.0.1:${one.port - 1}], hold: 0 }\n`,
      );
      for (const port of [first, first + 1])
        await sealane.line({ event: 'route-opened', service: `r:${port}`, listen: `127.0.0.1:${port}` });
      expect(await say('', first + 1)).toBe('one');
    });
  });
});

/** A port whose successor is free as well. */
async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const next = createServer().listen(port + 1, '127.0.0.1');
    const free = await Promise.race([
      once(next, 'listening').then(() => true),
      once(next, 'error').then(() => false),
    ]).catch(() => false);
    next.close();
    if (free) return port;
  }
}
