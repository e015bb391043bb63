import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server, type ClientHttp2Session } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { installMissing } from '../../dev/machine/packages.ts';
import { authority, leafFor } from '../support/certificates/certificates.ts';
import { tlsClients } from '../support/programs/needs.ts';
import { startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * TLS that Sealane terminates, as curl and openssl see it.
 */
beforeAll(() => installMissing(tlsClients, () => {}), 120_000);

describe.each(['stream', 'splice'])('TLS is terminated with the %s driver', (driver) => {
  it('for each name, with its certificate and the configured versions and protocols', async () => {
    await using site = await serveSite(driver);
    expect(await site.curl('https://api.localhost')).toBe('api was asked for api.localhost');
    // The route offers HTTP/2, which its upstream does not support.
    expect(await site.curl('https://web.localhost', '--http1.1')).toBe('web was asked for web.localhost');
    expect(await site.curl('https://cart.shop.localhost')).toBe('shop was asked for cart.shop.localhost');
    const record = await site.sealane.line({ event: 'session', session: { name: 'cart.shop.localhost' } });
    expect(record['session']).toMatchObject({ service: 'shop', reason: 'finished', name: 'cart.shop.localhost' });
    await expect(site.curl('https://other.localhost')).rejects.toThrow(/unrecognized name/);

    const h1 = await site.openssl('api.localhost', '-alpn', 'h2,http/1.1');
    expect(h1).toContain('subject=CN = api.localhost');
    expect(h1).toContain('Verify return code: 0 (ok)');
    expect(h1).toContain('ALPN protocol: http/1.1');
    expect(await site.openssl('web.localhost', '-alpn', 'h2,http/1.1')).toContain('ALPN protocol: h2');
    expect(await site.openssl('api.localhost', '-alpn', 'postgresql')).toContain('ALPN protocol: postgresql');
    expect(await site.openssl('api.localhost', '-alpn', 'mqtt')).toContain('No ALPN negotiated');
    await expect(site.openssl('api.localhost', '-tls1_2')).rejects.toThrow('failed');
    await site.sealane.line({ event: 'session', session: { reason: 'tls-failed', detail: 'unsupported protocol' } });
  });
});

it('new certificates are used while older sessions go on, a broken one is a problem, and no key is logged', async () => {
  await using site = await serveSite('auto');
  await using older = await site.visit('api.localhost');
  await certify(site.folder, 'api.localhost');
  const serialOf = (socket: TLSSocket): string => socket.getPeerCertificate().serialNumber;
  await vi.waitFor(
    async () => {
      await using newer = await site.visit('api.localhost');
      expect(serialOf(newer.socket)).not.toBe(serialOf(older.socket));
    },
    { timeout: 20_000, interval: 50 },
  );
  older.socket.write('GET / HTTP/1.1\r\nHost: api.localhost\r\nConnection: close\r\n\r\n');
  let answer = '';
  for await (const chunk of older.socket) answer += String(chunk);
  expect(answer).toContain('api was asked for api.localhost');

  await site.folder.write('api.localhost.crt', 'half a certif');
  await site.sealane.line({ event: 'problem', code: 'certificate-unusable', subject: /api\.localhost\.crt$/ });
  expect(await site.curl('https://api.localhost')).toBe('api was asked for api.localhost');
  await certify(site.folder, 'api.localhost');
  await site.sealane.line({ event: 'problem-solved', subject: /api\.localhost\.crt$/ });
  for (const line of site.sealane.lines) expect(JSON.stringify(line)).not.toContain('PRIVATE');
});

it('Sealane speaks TLS to an upstream, and presents its client certificate', async () => {
  await using folder = await tempFolder();
  const { certificate: cert, key } = await leafFor(['db.localhost']);
  await certify(folder, 'sealane', { client: true });
  const options = { ca: authority.certificate, cert, key, requestCert: true, rejectUnauthorized: true };
  const server = createTlsServer(options, (request, response) => {
    response.end(`asked by ${String((request.socket as TLSSocket).getPeerCertificate().subject.CN)}`);
  });
  await using upstream = await listening(server);
  const port = await freePort();
  const config = await folder.write(
    'sealane.yaml',
    `upstream-ca: ${await folder.write('ca.crt', authority.certificate)}
upstream-cert: ${folder.path}/sealane.crt
services:
  db:
    listen: ${port}
    tls.upstream: db.localhost
    upstreams: [127.0.0.1:${upstream.port}]
`,
  );
  await using sealane = startSealane('run', '--docker', 'none', '--config', config);
  await sealane.line({ event: 'route-opened', service: 'db' });
  expect(await run('curl', ['--silent', '--show-error', `http://127.0.0.1:${port}/`])).toBe('asked by sealane');
});

it('a problem says that one certificate sends HTTP/2 requests to another service, until each has its own', async () => {
  await using folder = await tempFolder();
  await certify(folder, '*.shop.localhost');
  await using cart = await answeringHttp2('cart');
  await using web = await answeringHttp2('web');
  const port = await freePort();
  const service = (name: string, upstream: number): string =>
    `  ${name}:\n    listen: ${port}\n    tls: terminate\n    tls.alpn: h2, http/1.1\n    host: ${name}.shop.localhost\n    upstreams: [127.0.0.1:${upstream}]\n`;
  const services = `${service('cart', cart.port)}${service('web', web.port)}`;
  const config = await folder.write('sealane.yaml', `certs: ${folder.path}\nservices:\n${services}`);
  await using sealane = startSealane('run', '--docker', 'none', '--config', config);
  await sealane.line({ event: 'problem', code: 'certificate-shared', subject: 'cart' });
  await sealane.line({ event: 'route-opened', service: 'web' });
  const asked = ['cart.shop.localhost', 'web.shop.localhost'];
  // The second name is covered by the certificate of the first one's connection, which is used for both.
  expect(await browse(port, asked)).toEqual([
    'cart was asked for cart.shop.localhost',
    'cart was asked for web.shop.localhost',
  ]);
  for (const name of asked) await certify(folder, name);
  await sealane.line({ event: 'problem-solved', code: 'certificate-shared', subject: 'cart' });
  await vi.waitFor(
    async () =>
      expect(await browse(port, asked)).toEqual([
        'cart was asked for cart.shop.localhost',
        'web was asked for web.shop.localhost',
      ]),
    { timeout: 20_000, interval: 50 },
  );
});

/** Requests each name over HTTP/2 as browsers do: over a connection whose certificate covers it, if there is one. */
async function browse(port: number, names: readonly string[]): Promise<string[]> {
  const sessions: ClientHttp2Session[] = [];
  const answers: string[] = [];
  for (const name of names) {
    const covers = ({ socket }: ClientHttp2Session): boolean =>
      checkServerIdentity(name, (socket as TLSSocket).getPeerCertificate()) === undefined;
    let session = sessions.find(covers);
    if (!session) {
      session = connectHttp2(`https://${name}:${port}`, { ca: authority.certificate, host: '127.0.0.1' });
      sessions.push(session);
      await once(session, 'connect');
    }
    const request = session.request({ ':authority': name });
    let answer = '';
    for await (const chunk of request) answer += String(chunk);
    answers.push(answer);
  }
  await Promise.all(
    sessions.map(async (session) => {
      session.close();
      await once(session, 'close');
    }),
  );
  return answers;
}

interface Site extends AsyncDisposable {
  readonly folder: TempFolder;
  readonly sealane: Sealane;
  curl(url: string, ...args: readonly string[]): Promise<string>;
  openssl(name: string, ...args: readonly string[]): Promise<string>;
  /** Opens a TLS connection that trusts the authority. */
  visit(name: string): Promise<AsyncDisposable & { readonly socket: TLSSocket }>;
}

/** Starts a Sealane with three services on one port, each with a name of its own. */
async function serveSite(driver: string): Promise<Site> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder());
  const caPath = await folder.write('authority.pem', authority.certificate);
  for (const name of ['api.localhost', 'web.localhost', '*.shop.localhost']) await certify(folder, name);
  const port = await freePort();
  const services: string[] = [];
  for (const [name, options] of [
    ['api', 'host: api.localhost'],
    ['web', 'sni: web.localhost\n    tls.alpn: h2, http/1.1'],
    ['shop', 'host: "*.shop.localhost"'],
  ] as const) {
    const server = stack.use(await answering(name));
    services.push(
      `  ${name}:\n    listen: ${port}\n    tls: terminate\n    ${options}\n    upstreams: [127.0.0.1:${server.port}]\n`,
    );
  }
  const settings = `certs: ${folder.path}\ntls-min-version: 1.3\n`;
  const config = await folder.write('sealane.yaml', `${settings}services:\n${services.join('')}`);
  const sealane = stack.use(startSealane('run', '--docker', 'none', '--config', config, '--driver', driver));
  await sealane.line({ event: 'route-opened', service: 'shop' });
  return {
    folder,
    sealane,
    curl: (url, ...args) =>
      run('curl', ['--silent', '--show-error', '--max-time', '20', '--cacert', caPath, ...args, `${url}:${port}/`]),
    openssl: (name, ...args) =>
      run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-CAfile', caPath, '-servername', name, ...args]),
    async visit(servername) {
      const socket = connect({ host: '127.0.0.1', port, servername, ca: authority.certificate });
      await once(socket, 'secureConnect');
      return {
        socket,
        [Symbol.asyncDispose]: async () => {
          if (socket.closed) return;
          socket.destroy();
          await once(socket, 'close');
        },
      };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Writes a certificate and its key, as `sealane cert` would. */
async function certify(folder: TempFolder, name: string, options: { readonly client?: boolean } = {}): Promise<void> {
  const { certificate, key } = await leafFor([name], options);
  const file = name.replace('*', '_wildcard');
  await folder.write(`${file}.key`, key);
  await folder.write(`${file}.crt`, certificate);
}

/** A server that answers with its name and the requested host. */
function answering(name: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    response.end(`${name} was asked for ${request.headers.host?.replace(/:\d+$/, '')}`);
  });
  return listening(server);
}

/** As `answering`, over HTTP/2 without TLS. */
function answeringHttp2(name: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createHttp2Server((request, response) => response.end(`${name} was asked for ${request.authority}`));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  const closeAllConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return listening(Object.assign(server, { closeAllConnections }));
}

async function listening(
  server: Server & { closeAllConnections(): void },
): Promise<AsyncDisposable & { readonly port: number }> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
