import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { createAdminApp } from '../../src/admin/app.ts';
import { servicesSchema } from '../../src/admin/schema.ts';
import { adminSource } from '../support/sealane/admin-source.ts';
import { askSealane } from '../support/sealane/ask.ts';
import { startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { dial, serveEcho } from '../support/sockets/sockets.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * The servers of the admin API in a running Sealane: on a loopback address, on another address, and on a unix socket.
 */
async function configured(folder: { write(name: string, text: string): Promise<string> }): Promise<readonly string[]> {
  const port = await freePort();
  const text = `services: { web: { listen: '127.0.0.1:${port}', upstreams: ['127.0.0.1:1'] } }`;
  return ['run', '--docker', 'none', '--config', await folder.write('sealane.yaml', text)];
}

const statusOf = async (url: string, init: RequestInit = {}): Promise<number> => (await fetch(url, init)).status;

it('on an address beyond loopback, Sealane generates a token and logs a login link with it', async () => {
  await using folder = await tempFolder();
  const port = await freePort();
  await using sealane = startSealane(...(await configured(folder)), '--admin', `0.0.0.0:${port}`);
  const { url } = await sealane.line({ event: 'admin-link', url: /^http:\/\/localhost:\d+\/login\?token=/ });
  const link = new URL(String(url));
  expect(await statusOf(`${link.origin}/api/services`)).toBe(401);
  expect(await statusOf(`${link.origin}/readyz`)).toBe(200);
  const token = link.searchParams.get('token') ?? '';
  expect(await statusOf(`${link.origin}/api/services`, { headers: { authorization: `Bearer ${token}` } })).toBe(200);
  const login = await fetch(link, { redirect: 'manual' });
  const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
  expect(await statusOf(`${link.origin}/api/services`, { headers: { cookie } })).toBe(200);
});

it('a configured token is required on loopback, too, and is never logged', async () => {
  await using folder = await tempFolder();
  const [port, token] = [await freePort(), 'a-secret-that-was-given'];
  const args = await configured(folder);
  await using sealane = startSealane(
    ...args,
    '--admin',
    `127.0.0.1:${port}`,
    '--admin-token',
    token,
    '--log-level',
    'debug',
  );
  await sealane.line({ event: 'route-opened', service: 'web' });
  const url = `http://127.0.0.1:${port}/api/services`;
  expect(await statusOf(url)).toBe(401);
  expect(await statusOf(url, { headers: { authorization: `Bearer ${token}` } })).toBe(200);
  expect(await sealane.stop()).toBe(0);
  expect(JSON.stringify(sealane.lines)).not.toContain(token);
});

it('a unix socket serves its owner without a token, and a stale socket of a dead Sealane is replaced', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'admin.sock');
  const args = [...(await configured(folder)), '--admin-socket', path];
  const first = startSealane(...args);
  await first.line({ event: 'route-opened', service: 'web' });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  // SIGKILL leaves Sealane no time to remove the socket.
  await first[Symbol.asyncDispose]();
  await using second = startSealane(...args);
  await second.line({ event: 'route-opened', service: 'web' });
  const { services } = servicesSchema.parse(JSON.parse(await askSocket(path, '/api/services')));
  expect(services.map(({ name }) => name)).toEqual(['web']);
});

it('the bundle describes its API, too, as the source does', async () => {
  await using folder = await tempFolder();
  const port = await freePort();
  await using sealane = startSealane(...(await configured(folder)), '--admin', `127.0.0.1:${port}`);
  await sealane.line({ event: 'route-opened', service: 'web' });
  const document = (await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json()) as object;
  expect(await new Validator().validate({ ...document })).toMatchObject({ valid: true });
  const app = createAdminApp(adminSource(), { token: undefined, names: [] });
  const described = (await (await app.request('/openapi.json', { headers: { host: 'localhost' } })).json()) as object;
  expect({ ...document, info: {} }).toEqual({ ...described, info: {} });
});

it('a stopping Sealane is not ready but still healthy while its sessions end', async () => {
  await using folder = await tempFolder();
  await using echo = await serveEcho();
  const [listen, port] = [await freePort(), await freePort()];
  const text = `services: { web: { listen: '127.0.0.1:${listen}', upstreams: ['127.0.0.1:${echo.port}'] } }`;
  const config = await folder.write('sealane.yaml', text);
  await using sealane = startSealane('--docker', 'none', '--config', config, '--admin', `127.0.0.1:${port}`);
  await sealane.line({ event: 'route-opened', service: 'web' });
  const client = await dial(listen);
  await client.echo('hello');
  expect(await statusOf(`http://127.0.0.1:${port}/readyz`)).toBe(200);
  const stopped = sealane.stop();
  await sealane.line({ event: 'stopping' });
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { ready: false, reason: 'it is stopping: no new sessions' },
  ]);
  expect(await statusOf(`http://127.0.0.1:${port}/healthz`)).toBe(200);
  const health = await askSealane(['health', '--admin', `127.0.0.1:${port}`]);
  expect(health).toMatchObject({ code: 1, stdout: 'not ready: it is stopping: no new sessions\n' });
  await client[Symbol.asyncDispose]();
  expect(await stopped).toBe(0);
});

it('a file at the path of the socket is left alone, and reported as an obstacle', async () => {
  await using folder = await tempFolder();
  const path = await folder.write('notes.txt', 'worth keeping');
  await using sealane = startSealane(...(await configured(folder)), '--admin', 'off', '--admin-socket', path);
  await sealane.line({ event: 'admin-bind-failed', name: /notes\.txt$/ });
  expect(await readFile(path, 'utf8')).toBe('worth keeping');
});

it('oversized and hostile requests get an error or a closed connection, and the next request is served', async () => {
  await using folder = await tempFolder();
  const port = await freePort();
  await using sealane = startSealane(...(await configured(folder)), '--admin', `127.0.0.1:${port}`);
  await sealane.line({ event: 'route-opened', service: 'web' });
  const hostile = [
    `GET /api/services HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    'GET /../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'GET http://evil.example/api/services HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    'GET /api/services HTTP/1.1\r\nConnection: close\r\n\r\n',
    '\u0016\u0003\u0001\u0000\u0000',
  ];
  const answers = [];
  for (const text of hostile) answers.push((await raw(port, text)).split(' ')[1] ?? 'closed');
  // The connection of the first request may be closed before its answer is read.
  expect(answers).toEqual([expect.stringMatching(/431|closed/), '404', '404', '403', '400', '400']);
  expect(await statusOf(`http://127.0.0.1:${port}/api/services`)).toBe(200);
});

function askSocket(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

/** The first line of the answer to raw bytes. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  return answer.split('\r\n')[0] ?? '';
}
