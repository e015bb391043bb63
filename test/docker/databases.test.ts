import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connect } from '../../src/demo/engine-client.ts';
import { run } from '../../dev/machine/command.ts';
import { certificateFor } from '../support/certificates/certificates.ts';
import { engineClient, startContainer, uniqueName, type TestContainer } from '../support/engine/containers.ts';
import { interrupt } from '../support/engine/psql.ts';
import { buildPostgresImage, type PostgresImage } from '../support/engine/postgres-image.ts';
import { eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { setUp, startBesideEngine } from '../support/engine/beside-engine.ts';
import { composeProject } from '../support/engine/compose.ts';
import { get } from '../support/engine/get.ts';
import { starts } from '../support/sealane/starts.ts';
import { type Sealane, startSealane, upstreamIs } from '../support/sealane/sealane.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { freePort } from '../support/sockets/free-port.ts';

/**
 * PostgreSQL and Redis from Debian in containers, with their own load generators as clients.
 */
let postgres: PostgresImage;

beforeAll(async () => {
  postgres = await buildPostgresImage(process.env['DOCKER_HOST'] ?? '', () => {});
});

afterAll(async () => {
  const engine = connect(process.env['DOCKER_HOST'] ?? '');
  await engine.getImage(postgres.name).remove({ force: true });
});

interface Databases extends AsyncDisposable {
  readonly sealane: Sealane;
  readonly postgres: { readonly container: TestContainer; readonly port: number };
  readonly redis: { readonly port: number };
  readonly labels: (route: Readonly<Record<string, string>>) => Record<string, string>;
}

async function startDatabases(): Promise<Databases> {
  await using made = new AsyncDisposableStack();
  const prefix = uniqueName('label');
  const labels = (route: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(route).map(([name, value]) => [`${prefix}.${name}`, value]));
  const sealane = made.use(startSealane('--label-prefix', prefix, '--bind', '127.0.0.1'));
  await sealane.line({ event: 'engine-connected' });
  const [postgresPort, redisPort] = [await freePort(), await freePort()];
  const container = made.use(
    await startPostgres(labels({ listen: String(postgresPort), port: '5432', pool: 'postgres' })),
  );
  made.use(
    await startContainer({
      image: inject('images').tools,
      command: ['redis-server', '--protected-mode', 'no', '--save', '', '--appendonly', 'no'],
      labels: labels({ listen: String(redisPort), port: '6379', pool: 'redis' }),
    }),
  );
  await sealane.line(upstreamIs(/./, 'ready', 'postgres'));
  await sealane.line(upstreamIs(/./, 'ready', 'redis'));
  const kept = made.move();
  return {
    sealane,
    postgres: { container, port: postgresPort },
    redis: { port: redisPort },
    labels,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function startPostgres(labels: Record<string, string>): Promise<TestContainer> {
  return startContainer({
    image: postgres.name,
    labels,
    // PostgreSQL accepts connections before it can serve them, which only its own protocol shows.
    create: {
      Healthcheck: {
        Test: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-d', 'postgres'],
        // Each check is a process in the container, which costs 70 ms of the processor.
        Interval: 1_000_000_000,
        Retries: 1,
      },
    },
  });
}

function pgbench(port: number, ...args: readonly string[]): Promise<string> {
  // A pgbench that hangs is killed by the timeout, which fails the test.
  return run(postgres.pgbench, ['-h', '127.0.0.1', '-p', String(port), '-U', 'bench', ...args, 'postgres'], {
    timeoutMs: 60_000,
  });
}

/** Restarts replicas, and kills and starts them. */
async function churn(replicas: readonly TestContainer[]): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    const one = replicas[round % replicas.length];
    if (round % 3 === 2) {
      await one?.kill('SIGKILL');
      await one?.start();
    } else {
      await one?.restart();
    }
  }
}

/** Puts a load on something again and again until `what` has settled, and resolves with what each said. */
async function loadedUntil(what: Promise<unknown>, load: () => Promise<string>): Promise<string[]> {
  const over = new AbortController();
  const end = what.finally(() => over.abort());
  const loading = (async () => {
    const said: string[] = [];
    do said.push(await load());
    while (!over.signal.aborted);
    return said;
  })();
  await Promise.allSettled([end, loading]);
  const [said] = await Promise.all([loading, end]);
  return said;
}

describe('databases from Debian', () => {
  it('are not disturbed by replicas of other services that come and go', async () => {
    await using databases = await startDatabases();
    const { postgres: server, redis, labels, sealane } = databases;
    const web = labels({ listen: String(await freePort()), port: '8080', pool: 'web' });
    await using first = await startReplica({ labels: web });
    await using second = await startReplica({ labels: web });
    await pgbench(server.port, '--initialize', '--quiet', '--scale', '1');

    const churning = churn([first, second]);
    const [transactions, requests] = await Promise.all([
      // By number: in a given time, a busy machine may not finish one.
      loadedUntil(churning, () => pgbench(server.port, '--client', '8', '--rate', '100', '--transactions', '25')),
      loadedUntil(churning, () =>
        run('redis-benchmark', ['-p', String(redis.port), '-t', 'set,get', '-n', '5000', '-c', '20', '--csv'], {
          timeoutMs: 60_000,
        }),
      ),
    ]);
    for (const said of transactions) expect(said).toContain('number of failed transactions: 0 (0.000%)');
    for (const said of requests) expect(said).toMatch(/"SET".*\n"GET"/);
    await sealane.stop();
    const ends = sealane.lines.flatMap((line) => sessionOf(line));
    const disturbed = ends.filter(
      ({ service, reason }) => service !== 'web' && reason !== 'finished' && reason !== 'client-reset',
    );
    expect(ends.length).toBeGreaterThan(28);
    expect(disturbed).toEqual([]);
  });

  it('sleep, and are woken by psql, which waits until PostgreSQL serves', async () => {
    const [prefix, port] = [uniqueName('label'), await freePort()];
    const settings = ['--label-prefix', prefix, '--bind', '127.0.0.1', '--engine-actions', 'start,stop'];
    await using sealane = startSealane(...settings);
    await sealane.line({ event: 'engine-connected' });
    const route = { listen: String(port), port: '5432', pool: 'db', sleep: '1s' };
    const labels = Object.fromEntries(Object.entries(route).map(([name, value]) => [`${prefix}.${name}`, value]));
    await using server = await startPostgres(labels);
    await sealane.line({ event: 'container-asleep', container: server.name });
    const target = `user=bench dbname=postgres hostaddr=127.0.0.1 port=${port} sslmode=disable`;
    expect(await run(postgres.psql, [target, '-X', '-A', '-t', '-c', 'select 41 + 1'])).toBe('42\n');
    await sealane.line({ event: 'container-woken', container: server.name });
  });

  it('cancel the query of a psql that is interrupted, on whichever replica it runs', async () => {
    const prefix = uniqueName('label');
    await using folder = await tempFolder();
    const { chain, key } = await certificateFor('db.localhost');
    await writeFile(join(folder.path, 'db.pem'), `${chain}${key}`);
    const settings = ['--label-prefix', prefix, '--bind', '127.0.0.1', '--certs', folder.path];
    await using sealane = startSealane(...settings);
    await sealane.line({ event: 'engine-connected' });
    const [plain, secure] = [await freePort(), await freePort()];
    const route = {
      ...{ listen: String(plain), port: '5432', pool: 'postgres' },
      ...{ 'secure.listen': String(secure), 'secure.port': '5432', 'secure.pool': 'secure' },
      ...{ 'secure.sni': 'db.localhost', 'secure.tls': 'terminate' },
    };
    const labels = Object.fromEntries(Object.entries(route).map(([name, value]) => [`${prefix}.${name}`, value]));
    await using replicas = new AsyncDisposableStack();
    for (const _ of [1, 2]) replicas.use(await startPostgres(labels));
    for (const pool of ['postgres', 'secure']) {
      const first = await sealane.line(upstreamIs(/./, 'ready', pool));
      await sealane.line(upstreamIs(/./, 'ready', pool), sealane.lines.indexOf(first) + 1);
    }
    const common = 'user=bench dbname=postgres hostaddr=127.0.0.1';
    const targets = [
      `${common} host=db.localhost port=${secure} sslmode=require`,
      `${common} port=${plain} sslmode=disable`,
    ];
    // With two replicas, a request that goes to one of them hits the right one every other time.
    for (const target of [...targets, ...targets, ...targets]) {
      expect(await interrupt(postgres.psql, target)).toContain('canceling statement due to user request');
    }
  });

  it('can restart under pgbench -C: every new connection waits and succeeds', async () => {
    await using databases = await startDatabases();
    const { container, port } = databases.postgres;
    await pgbench(port, '--initialize', '--quiet', '--scale', '1');

    // Each client has its own thread, so that a client that waits to connect does not block another one's transaction.
    const load = pgbench(
      port,
      '--connect',
      '--client',
      '4',
      '--jobs',
      '4',
      '--rate',
      '50',
      '--time',
      '7',
      '--select-only',
    );
    const restarts = (async () => {
      for (let round = 0; round < 3; round += 1) {
        const from = databases.sealane.lines.length;
        await container.restart();
        await databases.sealane.line(upstreamIs(/./, 'ready', 'postgres'), from);
      }
    })();
    const [output] = await Promise.all([load, restarts]);
    expect(output).toContain('number of failed transactions: 0 (0.000%)');
    const held = databases.sealane.lines.flatMap((line) => sessionOf(line)).filter(({ heldMs }) => heldMs > 0);
    expect(held.length).toBeGreaterThan(2);
  });
});

describe.concurrent('a compose project of a web server, an API and PostgreSQL, which sleeps,', () => {
  it('is woken in order by one client, survives what people do to it, and ends with its removal', async () => {
    const allowed = ['--engine-actions', 'start,stop'];
    await using t = await setUp(...allowed);
    const images = { DB_IMAGE: postgres.name, TOOLS_IMAGE: inject('images').tools };
    const variables = { ...images, PREFIX: t.prefix, LISTEN: String(t.port) };
    await using project = composeProject('test/support/engine/sleeping-shop', variables);
    await project.compose('up', '-d');
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const ids = await Promise.all(['db', 'api', 'web'].map((service) => project.container(service)));
    const [db = '', api = '', web = ''] = ids;

    // All are stopped by hand, and their port stays open.
    await project.compose('stop');
    let from = t.sealane.lines.length;
    expect(await get(t.port)).not.toBe('');
    const woken = await t.sealane.line({ event: 'container-woken', service: 'web' }, from);
    expect(woken.msg).toMatch(/was woken by (?:127\.0\.0\.1:\d+|a client) for web, ready after \d+ ms$/);
    expect(starts(t.sealane, from)).toEqual([db, api, web]);

    // Two hundred clients at once make one start.
    await engineClient().getContainer(web).stop();
    from = t.sealane.lines.length;
    const answers = await Promise.all(Array.from({ length: 200 }, () => whoAnswers(t.port)));
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toMatch(/^[0-9a-f]{12}$/);
    expect(starts(t.sealane, from).filter((id) => id === web)).toEqual([web]);

    // Another Sealane finds it asleep.
    await Promise.all(ids.map((id) => engineClient().getContainer(id).stop()));
    await t.sealane.stop();
    {
      await using second = startBesideEngine('--label-prefix', t.prefix, '--bind', t.host, ...allowed);
      await second.line({ event: 'route-opened', service: 'web' });
      expect(await get(t.port)).not.toBe('');
      expect(starts(second, 0)).toEqual([db, api, web]);

      // Recreated while clients wait: the container that is replaced is not started in between.
      from = second.lines.length;
      const before = await get(t.port);
      await project.compose('up', '-d', '--force-recreate', 'web');
      expect(await get(t.port)).not.toBe(before);
      expect(starts(second, from)).toEqual([]);

      // Its removal is the end of it: the port closes as that of any other service.
      await project.compose('down');
      await second.line({ event: 'service-lingers', service: 'web' }, from);
    }
  });

  it('stops the web server and then what that needs, and starts all for the next client, as the example does', async () => {
    await using project = composeProject('examples/sleep-and-wake', { POSTGRES_IMAGE: postgres.name });
    await project.compose('up', '-d', '--no-build');
    const port = await project.port('sealane', 8080);
    const ask = (): Promise<string> => get(port).catch(() => '');
    await eventually(ask, (text) => text.startsWith('Hostname: '));
    const ids = await Promise.all(['web', 'api', 'db'].map((service) => project.container(service)));
    const states = (): Promise<string[]> =>
      Promise.all(ids.map(async (id) => (await engineClient().getContainer(id).inspect()).State.Status));
    await eventually(states, (all) => all.every((state) => state === 'exited'), 60_000);
    expect(await get(port)).toMatch(/^Hostname: /);
    expect(await states()).toEqual(['running', 'running', 'running']);
  });
});

interface SessionLine {
  readonly service: string;
  readonly reason: string;
  readonly heldMs: number;
}

function sessionOf(line: object): SessionLine[] {
  return 'session' in line ? [line.session as SessionLine] : [];
}
