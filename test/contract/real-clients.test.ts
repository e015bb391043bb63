import { createServer } from 'node:http';
import { createServer as createHttp2Server, createSecureServer } from 'node:http2';
import { chmod, chown, copyFile, mkdir, readFile, readdir } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../dev/machine/command.ts';
import { installMissing } from '../../dev/machine/packages.ts';
import { realClients } from '../support/programs/needs.ts';
import { startProgram } from '../support/programs/programs.ts';
import { startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/**
 * One port for all services of a developer's machine, used by the clients that people use: curl, openssl, psql and
 * ssh-keyscan, with real servers.
 */
const stack = new AsyncDisposableStack();
let postgres: string;
let sshKey: string;
const ports = { web: 0, api: 0, rpc: 0, secure: 0, db: 0, shell: 0 };
/**
 * `shared` has all names and a catch-all, `named` has names only, and `ended` has one service for all clients, whose
 * TLS Sealane ends.
 */
let shared: number;
let named: number;
let ended: number;
/** The folder with the certificate for `ended.localhost`, which is its own authority. */
let certificates: string;

beforeAll(async () => {
  await installMissing(realClients, () => {});
  const folder = stack.use(await tempFolder());
  shared = await freePort();
  named = await freePort();
  ended = await freePort();
  ports.web = await serveHttp(createServer((_, response) => response.end('web')));
  ports.api = await serveHttp(createServer((_, response) => response.end('api')));
  ports.rpc = await serveHttp(createHttp2Server((_, response) => response.end('rpc')));
  const { key, certificate } = await makeCertificate(folder, 'secure.localhost');
  const tls = { key: await readFile(key), cert: await readFile(certificate), allowHTTP1: true };
  ports.secure = await serveHttp(createSecureServer(tls, (_, response) => response.end('secure')));
  certificates = join(folder.path, 'certificates');
  await mkdir(certificates);
  const own = await makeCertificate(folder, 'ended.localhost');
  await copyFile(own.certificate, join(certificates, 'ended.crt'));
  await copyFile(own.key, join(certificates, 'ended.key'));
  [postgres, sshKey] = await Promise.all([startPostgres(folder), startSsh(folder)]);
}, 300_000);

afterAll(() => stack.disposeAsync());

async function serveHttp(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function makeCertificate(
  folder: TempFolder,
  name: string,
): Promise<{ readonly key: string; readonly certificate: string }> {
  const [key, certificate] = [join(folder.path, `${name}.key`), join(folder.path, `${name}.crt`)];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', certificate],
  ]);
  return { key, certificate };
}

/** Starts Debian's Postgres with ssl on, and returns the folder of its programs. Postgres refuses to run as root. */
async function startPostgres(folder: TempFolder): Promise<string> {
  const userId = 65_534;
  const [version = ''] = (await readdir('/usr/lib/postgresql')).toSorted().slice(-1);
  const bin = join('/usr/lib/postgresql', version, 'bin');
  const { key, certificate } = await makeCertificate(folder, 'db.localhost');
  await chmod(folder.path, 0o711);
  await chown(key, userId, userId);
  const data = join(folder.path, 'data');
  await run('install', ['--directory', '--owner', String(userId), '--mode', '700', data]);
  const asUser = ['setpriv', '--reuid', String(userId), '--regid', String(userId), '--clear-groups'];
  const [program = '', ...before] = asUser;
  await run(program, [
    ...before,
    `${bin}/initdb`,
    '-D',
    data,
    '-U',
    'bench',
    '-A',
    'trust',
    '--no-sync',
    '--locale',
    'C',
  ]);
  ports.db = await freePort();
  const options = [
    'ssl=on',
    `ssl_cert_file=${certificate}`,
    `ssl_key_file=${key}`,
    'fsync=off',
    'unix_socket_directories=',
    // In its folder: what it keeps in /dev/shm stays there when it is killed.
    'dynamic_shared_memory_type=mmap',
  ];
  stack.use(
    await startProgram(
      [
        ...asUser,
        `${bin}/postgres`,
        '-D',
        data,
        '-h',
        '127.0.0.1',
        '-p',
        String(ports.db),
        ...options.flatMap((one) => ['-c', one]),
      ],
      [ports.db],
    ),
  );
  return bin;
}

/** Starts a small SSH server, and returns its public key. */
async function startSsh(folder: TempFolder): Promise<string> {
  const file = join(folder.path, 'ssh-host-key');
  const printed = await run('dropbearkey', ['-t', 'ed25519', '-f', file]);
  ports.shell = await freePort();
  stack.use(
    await startProgram(
      ['dropbear', '-F', '-E', '-s', '-p', `127.0.0.1:${ports.shell}`, '-r', file, '-P', join(folder.path, 'ssh.pid')],
      [ports.shell],
    ),
  );
  return /^ssh-ed25519 (\S+)/m.exec(printed)?.[1] ?? 'no key';
}

function sealaneFile(): string {
  const service = (name: string, listen: number, upstream: number, ...options: readonly string[]): string =>
    `  ${name}:\n    listen: 127.0.0.1:${listen}\n    upstreams: ["127.0.0.1:${upstream}"]\n${options.map((one) => `    ${one}\n`).join('')}`;
  return `services:
${service('web', shared, ports.web, 'host: web.localhost')}
${service('api', shared, ports.api, 'host: "api.localhost, *.api.localhost"')}
${service('rpc', shared, ports.rpc, 'host: rpc.localhost')}
${service('secure', shared, ports.secure, 'sni: secure.localhost')}
${service('db', shared, ports.db, 'sni: db.localhost')}
${service('ended', shared, ports.db, 'sni: ended.localhost', 'tls: terminate')}
${service('alone', ended, ports.db, 'tls: terminate')}
${service('shell', shared, ports.shell, 'sniff-timeout: 300ms')}
${service('only', named, ports.secure, 'sni: secure.localhost', 'host: plain.localhost')}
`;
}

const openssl = (...args: readonly string[]): Promise<string> =>
  // Runs openssl and ignores its exit code: the alert is in its output.
  run('sh', ['-c', 'openssl s_client "$@" </dev/null 2>&1 || true', 'openssl', ...args]);

describe.each(['stream', 'splice'])('one port for many services, through the %s driver', (driver) => {
  const relay = new AsyncDisposableStack();
  let sealane: Sealane;

  beforeAll(async () => {
    const folder = relay.use(await tempFolder());
    const file = await folder.write('sealane.yaml', sealaneFile());
    sealane = relay.use(
      startSealane('run', ...['--docker', 'none', '--config', file, '--driver', driver, '--certs', certificates]),
    );
    for (const name of ['web', 'api', 'rpc', 'secure', 'db', 'ended', 'alone', 'shell', 'only'])
      await sealane.line({ event: 'route-opened', service: name });
  }, 60_000);

  afterAll(() => relay.disposeAsync());

  const curl = (url: string, ...args: readonly string[]): Promise<string> =>
    run('curl', ['-sS', '--max-time', '20', '--ipv4', '--write-out', ' over HTTP/%{http_version}', ...args, url]);

  test.each([
    ['web.localhost', 'web'],
    ['api.localhost', 'api'],
    ['V2.API.localhost', 'api'],
  ])('curl to http://%s gets %s', async (host, answer) => {
    expect(await curl(`http://${host}:${shared}/`)).toBe(`${answer} over HTTP/1.1`);
  });

  test('curl with prior knowledge of HTTP/2 is routed by its authority', async () => {
    expect(await curl(`http://rpc.localhost:${shared}/`, '--http2-prior-knowledge')).toBe('rpc over HTTP/2');
  });

  test.each([
    ['--http2', '2'],
    ['--http1.1', '1.1'],
  ])(
    'curl to https:// is routed by its TLS name, and speaks the protocol agreed on with the server: %s',
    async (flag, version) => {
      expect(await curl(`https://secure.localhost:${shared}/`, '--insecure', flag)).toBe(`secure over HTTP/${version}`);
    },
  );

  test('openssl sees the certificate of the server that it names', async () => {
    const text = await openssl('-connect', `127.0.0.1:${shared}`, '-servername', 'secure.localhost');
    expect(text).toContain('subject=CN = secure.localhost');
  });

  test.each([
    ['no name', ['-noservername']],
    ['a name without a route', ['-servername', 'other.localhost']],
  ])('openssl with %s gets an alert', async (_, args) => {
    const text = await openssl('-connect', `127.0.0.1:${named}`, ...args);
    expect(text).toMatch(/tlsv1 unrecognized name.*SSL alert number 112/s);
    expect(text).not.toContain('BEGIN CERTIFICATE');
  });

  test('psql with sslmode=require is routed by its TLS name, and is encrypted', async () => {
    const where = `host=db.localhost hostaddr=127.0.0.1 port=${shared} user=bench dbname=postgres sslmode=require`;
    const query = 'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()';
    expect(await run(join(postgres, 'psql'), [where, '-Atc', query])).toMatch(/^t\|TLSv1\.[23]\n$/);
  });

  test('psql that prefers encryption without requiring it is encrypted', async () => {
    const where = `host=db.localhost hostaddr=127.0.0.1 port=${shared} user=bench dbname=postgres`;
    expect(await run(join(postgres, 'psql'), [where, '-Atc', 'select 6 * 7'])).toBe('42\n');
  });

  test.each([
    ['by its TLS name', (): number => shared],
    ['on a port with one service', (): number => ended],
  ])(
    'psql whose TLS Sealane ends is shown its certificate, and Postgres is spoken to in the clear: %s',
    async (_, port) => {
      const verify = `sslmode=verify-full sslrootcert=${join(certificates, 'ended.crt')}`;
      const where = `host=ended.localhost hostaddr=127.0.0.1 port=${port()} user=bench dbname=postgres ${verify}`;
      const query = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
      const text = await run(join(postgres, 'psql'), [where, '-At', '-c', '\\conninfo', '-c', query]);
      expect(text).toMatch(/^SSL connection \(protocol: TLSv1\.3,.*\nf\n$/m);
    },
  );

  test('psql whose TLS Sealane ends sends and receives more than any buffer holds', async () => {
    const where = `host=ended.localhost hostaddr=127.0.0.1 port=${shared} user=bench dbname=postgres sslmode=require`;
    const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index}\n`).join('');
    const input = `create temp table kept (line text);\ncopy kept from stdin;\n${lines}\\.\ntable kept;\n`;
    const kept = await run(join(postgres, 'psql'), [where, '-Atq', '-f', '-'], { input });
    expect(kept === lines).toBe(true);
  });

  test('psql that wants no encryption is not served where Sealane ends TLS', async () => {
    const where = `host=ended.localhost hostaddr=127.0.0.1 port=${ended} user=bench dbname=postgres sslmode=disable`;
    await expect(run(join(postgres, 'psql'), [where, '-Atc', 'select 1'])).rejects.toThrow('failed (2)');
    const line = await sealane.line({ event: 'session', session: { reason: 'tls-failed' } });
    expect(line).toMatchObject({ session: { reason: 'tls-failed', service: 'alone' } });
  });

  test('ssh-keyscan, which waits for the server to speak, reaches the SSH server behind all names', async () => {
    const keys = await run('ssh-keyscan', ['-t', 'ed25519', '-p', String(shared), '127.0.0.1']);
    expect(keys).toContain(`ssh-ed25519 ${sshKey}`);
  });

  test('curl to a host without a route gets a page with the hosts that have one', async () => {
    const page = await curl(`http://other.localhost:${named}/`, '--include');
    expect(page).toMatch(/^HTTP\/1\.1 404 /);
    expect(page).toContain('plain.localhost');
  });

  test('a client that found no service is recorded with the name that it requested', async () => {
    await openssl('-connect', `127.0.0.1:${named}`, '-servername', 'unrouted.localhost');
    const line = await sealane.line({ event: 'session', session: { name: 'unrouted.localhost' } });
    expect(line).toMatchObject({ session: { reason: 'no-route', name: 'unrouted.localhost' } });
  });
});
