import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { timelineEventSchema } from '../../src/admin/event-schema.ts';
import { servicesSchema } from '../../src/admin/schema.ts';
import { askSealane } from '../support/sealane/ask.ts';
import { runSealane, runWithClosedOutput, startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
let sealane: Sealane;
let upstream: ReturnType<typeof createServer>;
let admin: string;
let socket: string;
let listen: number;
const token = 'correct-horse-battery';

/** One Sealane for all tests: all upstreams of `web` answer, and one of the two of `shop/half`. */
beforeAll(async () => {
  folder = await tempFolder();
  upstream = createServer((client) => client.on('error', () => undefined).end('hello')).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  const [adminPort, web, half, closed] = [await freePort(), await freePort(), await freePort(), await freePort()];
  listen = web;
  admin = `127.0.0.1:${adminPort}`;
  socket = join(folder.path, 'admin.sock');
  const config = await folder.write(
    'sealane.yaml',
    [
      `admin: ${admin}`,
      `admin-socket: ${socket}`,
      `admin-token: ${token}`,
      'services:',
      `  web: { listen: ${web}, upstreams: [localhost:${port}] }`,
      `  shop/half: { listen: ${half}, health: tcp, upstreams: [localhost:${port}, localhost:${closed}] }`,
    ].join('\n'),
  );
  sealane = startSealane('--docker', 'none', '--config', config, '--admin', admin);
  await sealane.line({ event: 'route-opened', service: 'shop/half' });
  await sealane.line({ event: 'route-opened', service: 'web' });
  const client = createConnection(listen, '127.0.0.1').resume();
  await once(client, 'close');
}, 30_000);

afterAll(async () => {
  await sealane?.[Symbol.asyncDispose]();
  upstream?.close();
  await folder?.[Symbol.asyncDispose]();
});

const ask = (...args: readonly string[]) => askSealane([...args, '--admin', admin, '--admin-token', token]);

describe('sealane status', () => {
  it('shows the address, state and traffic of each service', async () => {
    const { code, stdout } = await ask('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^sealane 0\.1\.0 · up \d+s · (?:splice|stream) driver, 1 thread · no engine · \d clients?, 0 held$/m,
    );
    expect(stdout).toMatch(new RegExp(`^web +127\\.0\\.0\\.1:${listen} +up +1/1 +0 +0 +1 +0 B +5 B$`, 'm'));
    expect(stdout).toMatch(/^shop\/half .* degraded +1\/2 /m);
    expect(stdout).toMatch(/^shop\/half is degraded: 1 of 2 ready/m);
    expect(stdout).not.toContain('\u001b');
  });

  it('prints everything as JSON', async () => {
    const { stdout } = await ask('status', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      status: { version: '0.1.0' },
      services: [{ name: 'shop/half' }, { name: 'web', traffic: { sessions: 1, bytesDown: 5 } }],
      problems: expect.any(Array),
    });
  });

  it('connects to the socket without a token, or to the address in the environment or the file', async () => {
    const over = await askSealane(['status', '--json', '--admin-socket', socket]);
    expect(over).toMatchObject({ code: 0, stderr: '' });
    const file = join(folder.path, 'sealane.yaml');
    expect(await askSealane(['status'], { SEALANE_CONFIG: file })).toMatchObject({ code: 0, stderr: '' });
    const environment = { SEALANE_ADMIN: admin, SEALANE_ADMIN_TOKEN: token };
    expect(await askSealane(['status'], environment)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('sealane health', () => {
  it('connects to the socket when there is no address', async () => {
    const { code, stdout } = await askSealane(['health'], { SEALANE_ADMIN: 'off', SEALANE_ADMIN_SOCKET: socket });
    expect(stdout).toMatch(/^ready: \S/);
    expect(code).toBe(0);
  });
});

describe('sealane why', () => {
  it('exits with 0 when the subject can be reached', async () => {
    const { code, stdout } = await ask('why', 'web');
    expect(stdout).toMatch(/^web is reachable: /);
    expect(stdout).toMatch(/✓ listener +127\.0\.0\.1:\d+ is open/);
    expect(code).toBe(0);
  });

  it('explains a degraded service whose name has a slash, and says what to do', async () => {
    const { code, stdout } = await ask('why', 'shop/half');
    expect(stdout).toMatch(/^shop\/half is degraded: .*\n/);
    expect(stdout).toMatch(/[✗!] upstreams +localhost:\d+ .* has been starting for /);
    expect(stdout).toMatch(/next: \S/);
    expect(code).toBe(0);
  });

  it('exits with 1 for an unknown subject, and suggests a similar name', async () => {
    const { code, stdout } = await ask('why', 'wep');
    expect(stdout).toMatch(/^wep is unreachable: /);
    expect(stdout).toContain('web');
    expect(code).toBe(1);
  });

  it.each(['', '.', '..'])('says of %j, which no URL can hold, that nothing is called so', async (name) => {
    for (const command of ['why', 'drain'])
      expect(await ask(command, name)).toMatchObject({ code: 1, stderr: `sealane: nothing is called "${name}"\n` });
  });

  it('explains a port as JSON', async () => {
    const { stdout } = await ask('why', String(listen), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'port', services: ['web'], verdict: 'reachable' });
  });
});

describe('sealane events', () => {
  it('prints recent events, and ends', async () => {
    const { code, stdout } = await ask('events');
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} service-added +service web declared by the configuration$/m);
    expect(stdout).toMatch(/ upstream-added +localhost:\d+ \(127\.0\.0\.1:\d+\) joined shop\/half, starting/m);
    expect(code).toBe(0);
  });

  it('prints the last few, and those of one service', async () => {
    const all = (await ask('events', 'shop/half', '--json')).stdout.trimEnd().split('\n');
    const services = all.map((line) => timelineEventSchema.parse(JSON.parse(line)).service);
    expect(new Set(services)).toEqual(new Set(['shop/half']));
    expect((await ask('events', '-n', '1', 'shop/half', '--json')).stdout).toBe(`${all.at(-1)}\n`);
    expect(await ask('events', '-n', 'few')).toMatchObject({
      code: 2,
      stderr: 'sealane: -n must be a whole number, 0-1000, not "few"\n',
    });
    expect(await ask('events', 'wep')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'sealane: No service is called wep. Did you mean web?\n',
    });
  });

  it('continues after a known event, with one line of JSON for each event', async () => {
    const all = (await ask('events', '--json')).stdout.trimEnd().split('\n');
    const read = all.map((line) => timelineEventSchema.parse(JSON.parse(line)));
    const { stdout } = await ask('events', '--json', '--since', String(read.at(-2)?.id));
    // More may have happened meanwhile.
    const [next = ''] = stdout.split('\n');
    expect(JSON.parse(next)).toEqual(read.at(-1));
  });

  it('reports missing events after an event that is no longer kept, and prints those that are', async () => {
    const { code, stdout, stderr } = await ask('events', '--since', '1');
    expect(stderr).toMatch(/^sealane: some events are missing: /m);
    expect(stdout).toMatch(/ service-added +service web declared by the configuration$/m);
    expect(code).toBe(0);
  });
});

describe('sealane sessions', () => {
  it('lists those that are open, and those that ended with the reason', async () => {
    const client = createConnection(listen, '127.0.0.1').resume();
    await once(client, 'connect');
    const port = client.localPort;
    await once(client, 'close');
    await sealane.line({ event: 'session', session: { client: new RegExp(`:${port}$`) } });
    const { code, stdout } = await ask('sessions', '--recent', 'web');
    expect(stdout).toMatch(/^ENDED +CLIENT +SERVICE +UPSTREAM +WAITED +DIALED +UP +DOWN +REASON$/m);
    expect(stdout).toMatch(/ web +localhost:\d+ +\d+ ms +\d+ ms +0 B +5 B +finished$/m);
    expect(code).toBe(0);
    expect(await ask('sessions', '--failed', 'web')).toMatchObject({ stdout: 'no such session has ended lately\n' });
    expect(await ask('sessions', 'shop/half')).toMatchObject({ code: 0, stdout: 'no session is open\n' });
    expect(await ask('sessions', 'wep')).toMatchObject({
      code: 1,
      stderr: 'sealane: No service is called wep. Did you mean web?\n',
    });
  });
});

describe('a service whose clients failed', () => {
  it('is told with the number and the reasons in status and in the metrics', async () => {
    const [port, closed, at] = [await freePort(), await freePort(), `127.0.0.1:${await freePort()}`];
    const config = await folder.write(
      'failing.yaml',
      `services:\n  shop: { listen: ${port}, hold: 1ms, upstreams: [localhost:${closed}] }\n`,
    );
    await using failing = startSealane('--docker', 'none', '--config', config, '--admin', at);
    await failing.line({ event: 'route-opened', service: 'shop' });
    // A client may be reset before it knows that it was connected.
    for (let count = 0; count < 2; count++) createConnection(port, '127.0.0.1').on('error', () => undefined);
    const ended = () => failing.lines.filter(({ event }) => event === 'session');
    await vi.waitFor(() => expect(ended()).toHaveLength(2), { timeout: 30_000 });
    const { stdout } = await askSealane(['status', '--admin', at]);
    expect(stdout).toMatch(/^shop: 2 failed: 2 hold-expired \(sealane sessions --failed shop\)$/m);
    const metrics = await (await fetch(`http://${at}/metrics`)).text();
    expect(metrics).toContain('sealane_service_sessions_failed_total{service="shop",reason="hold-expired"} 2\n');
  });
});

describe('sealane drain, undrain, weight and close', () => {
  const upstreamOf = async (service: string) => {
    const { services } = servicesSchema.parse(JSON.parse((await ask('status', '--json')).stdout));
    const [first] = services.find(({ name }) => name === service)?.upstreams ?? [];
    return first;
  };

  it('change the upstream that the key names, and say what was done', async () => {
    const key = (await upstreamOf('web'))?.key ?? '';
    expect(await ask('drain', key)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^localhost:\d+ gets no new sessions; it has 0 sessions now\n$/),
    });
    expect(await upstreamOf('web')).toMatchObject({ state: 'draining', drained: true });
    expect(await ask('undrain', key)).toMatchObject({ code: 0 });
    expect(await upstreamOf('web')).toMatchObject({ state: 'ready', drained: false });
    expect(await ask('weight', key, '7')).toMatchObject({ code: 0, stdout: expect.stringMatching(/ has weight 7;/) });
    expect(await upstreamOf('web')).toMatchObject({ weight: 7, weightOverridden: true });
    expect(JSON.parse((await ask('weight', key, 'declared', '--json')).stdout)).toMatchObject({ upstream: key });
    expect(await upstreamOf('web')).toMatchObject({ weight: 1, weightOverridden: false });
    expect(await ask('close', key)).toMatchObject({ code: 0, stdout: expect.stringMatching(/ are closed;/) });
  });

  it.each([
    [['drain', 'gone:1'], 1, /^sealane: No upstream has the key or name gone:1; its process may have ended\.\n$/],
    [
      ['drain', 'shop/half'],
      1,
      /^sealane: shop\/half is a service; name one of its upstreams, such as localhost:\d+\.\n$/,
    ],
    [['weight', 'a', '257'], 2, /^sealane: weight must be a whole number, 0-256, or declared, not "257"\n$/],
    [['close'], 2, /missing required argument 'upstream'/],
  ] as const)('%j is answered in one line', async (args, expected, message) => {
    const { code, stderr } = await ask(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
  });

  it('name the keys to choose from where several upstreams have the name', async () => {
    const name = (await upstreamOf('web'))?.name ?? '';
    const { code, stderr } = await ask('drain', name);
    expect(stderr).toMatch(/name the upstream by its key: static\/\S+ or static\/\S+\.\n$/);
    expect(code).toBe(1);
  });
});

describe('a client command whose request fails', () => {
  /** A server that is not Sealane: it gives the same answer to every request. */
  async function impostor(status: number, body: string): Promise<AsyncDisposable & { readonly address: string }> {
    const server = createHttpServer((_request, response) => response.writeHead(status).end(body)).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    return {
      address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      [Symbol.asyncDispose]: () => closed(server),
    };
  }

  async function closed(server: HttpServer): Promise<void> {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  it.each(['events', 'events -f', 'top'])('%s: the answer is no stream of events', async (command) => {
    await using server = await impostor(200, '{}');
    const { code, stdout, stderr } = await askSealane([...command.split(' '), '--admin', server.address]);
    expect(stderr).toMatch(/^sealane: what answers at .* is not the admin API of this version of Sealane: .*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it.each(['status', 'events'])('%s: no server listens', async (command) => {
    const { code, stdout, stderr } = await askSealane([command, '--admin', `127.0.0.1:${await freePort()}`]);
    expect(stderr).toMatch(
      /^sealane: no Sealane answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\): is sealane running\?.*\n$/,
    );
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('the socket does not exist', async () => {
    const none = join(folder.path, 'none.sock');
    const { code, stderr } = await askSealane(['status', '--admin-socket', none]);
    expect(stderr).toMatch(/no Sealane answers at .*none\.sock \(ENOENT\)/);
    expect(code).toBe(1);
  });

  it.skipIf(process.getuid?.() !== 0)('the socket belongs to another user', async () => {
    await chmod(folder.path, 0o755);
    const { code, stderr } = await runSealane(['status', '--admin-socket', socket], {}, { uid: 65_534 });
    expect(stderr).toMatch(/no permission to open .*admin\.sock/);
    expect(code).toBe(1);
  });

  it('the token is missing or wrong', async () => {
    const without = await askSealane(['status', '--admin', admin]);
    expect(without.stderr).toMatch(/^sealane: 127\.0\.0\.1:\d+ requires a token: .*SEALANE_ADMIN_TOKEN.*\n$/);
    const wrong = await askSealane(['status', '--admin', admin, '--admin-token', 'x'.repeat(16)]);
    expect(wrong.stderr).toMatch(/rejects this token/);
    expect(wrong.code).toBe(1);
  });

  it.each([
    [200, '<html>', /is not the admin API of this version of Sealane: its answer is not JSON/],
    [200, '{"at":1}', /is not the admin API of this version/],
    [404, 'nothing', /is not the admin API of this version of Sealane: it answers 404/],
    [
      503,
      '{"type":"x","title":"x","status":503,"detail":"come\\u001b[31m back"}',
      /^sealane: come\\u\{1b\}\[31m back\n$/,
    ],
  ])('the server answers %i %j', async (status, body, message) => {
    await using other = await impostor(status, body);
    const { code, stderr } = await askSealane(['status', '--admin', other.address]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(code).toBe(1);
  });

  it.each([
    [['why'], /missing required argument 'subject'/],
    [['status', '--admin', 'off'], /--admin is off: name the address/],
    [['events', '--since', 'yesterday'], /--since must be an event's id/],
    [['statsu'], /did you mean "status"\?/],
  ])('%j is answered in one line', async (args, message) => {
    const { code, stderr } = await askSealane(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('a command whose output is no longer read', () => {
  it.each([['status'], ['why', 'web'], ['events', '-f'], ['top']])('%s ends silently', async (...args) => {
    const all = [...args, '--admin', admin, '--admin-token', token];
    expect(await runWithClosedOutput(all)).toEqual({ code: 141, stderr: '' });
  });

  it.each([['--help'], ['check', '--help'], ['completion', 'bash'], ['check', 'examples/redis/docker-compose.yml']])(
    '%s %s ends silently',
    async (...args) => {
      expect(await runWithClosedOutput(args)).toEqual({ code: 141, stderr: '' });
    },
  );
});
