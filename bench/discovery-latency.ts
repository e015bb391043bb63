import { createConnection } from 'node:net';
import type Dockerode from 'dockerode';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { acquireEngine } from '../dev/engine/acquire.ts';
import type { EngineClient } from '../src/demo/engine-client.ts';
import { startSealane, type LogLine } from '../test/support/sealane/sealane.ts';
import { freePort } from '../test/support/sockets/free-port.ts';
import { buildToolsImage } from '../test/support/engine/images.ts';

/**
 * `npm run bench:discovery`: the time from a container's start to its first session, and from its death to its last
 * one, from the engine's event times to the clients' times and the access log. Needs a Docker engine, or root on Debian
 * or Ubuntu.
 */
const starts = 200;
const deaths = 20;

/** Dials to a dead container count as late from this many milliseconds after its death. */
const graceMs = 10;

await using engine = await acquireEngine({ allowPrivate: true, onProgress: say });
const image = await buildToolsImage(engine, say);
const events = await followEvents(engine.client);
await using replicas = await startReplicas(engine.client, image);
say(`${starts} starts`);
const measured = await measureStarts();
print(
  'start event → first connection answered',
  measured.map(({ answeredMs }) => answeredMs),
);
print(
  'start event → it answers who dials it without Sealane, every millisecond',
  measured.map(({ ownMs }) => ownMs),
);
print(
  'its own answer → answer through Sealane',
  measured.map(({ answeredMs, ownMs }) => answeredMs - ownMs),
);
say(`${deaths} deaths under load`);
const deathTally = await measureDeaths();
process.stdout.write(
  `die event → sessions sent there more than ${graceMs} ms later: ${deathTally.late} of ${deathTally.dials} sessions\n`,
);

/** Milliseconds after the engine's event of a start. */
interface Start {
  /** A client that dials the container itself again and again had the first byte of an answer. */
  readonly ownMs: number;
  /** A client that waited at Sealane had it. */
  readonly answeredMs: number;
}

async function measureStarts(): Promise<Start[]> {
  const port = await freePort();
  const container = await replicas.create({ 'bench.listen': String(port), 'bench.port': '8080', 'bench.hold': '30s' });
  await container.start();
  await using sealane = startSealane('--docker', engine.host, '--label-prefix', 'bench', '--bind', '127.0.0.1');
  await sealane.line({ event: 'route-opened' });
  const address = await addressOf(container);
  const samples: Start[] = [];
  for (let round = 0; round < starts; round += 1) {
    const from = sealane.lines.length;
    await container.kill({ signal: 'SIGKILL' });
    await sealane.line({ event: 'upstream-removed' }, from);
    // The client waits before the container starts, so it gets the first answer of the new run.
    const answered = firstByte(port);
    const started = events.next(container.id, 'start');
    const own = started.then(() => firstOwnByte(address));
    await container.start();
    const [answeredAtMs, startedAtMs, ownAtMs] = [await answered, await started, await own];
    // No other container takes the address on this engine.
    if ((await addressOf(container)) !== address) throw new Error('the container has another address now');
    samples.push({ ownMs: ownAtMs - startedAtMs, answeredMs: answeredAtMs - startedAtMs });
  }
  await container.remove({ force: true });
  return samples;
}

async function measureDeaths(): Promise<{ late: number; dials: number }> {
  const port = await freePort();
  const labels = { 'bench.listen': String(port), 'bench.port': '8080', 'bench.pool': 'deaths' };
  const stays = await replicas.create(labels);
  const dies = await replicas.create(labels);
  await stays.start();
  await dies.start();
  await using sealane = startSealane('--docker', engine.host, '--label-prefix', 'bench', '--bind', '127.0.0.1');
  await sealane.line({ event: 'route-opened' });
  const name = (await dies.inspect()).Name.slice(1);
  let late = 0;
  let dials = 0;
  for (let round = 0; round < deaths; round += 1) {
    const from = sealane.lines.length;
    const ending = new AbortController();
    const lanes = Array.from({ length: 4 }, async () => {
      while (!ending.signal.aborted) await firstByte(port);
    });
    await sealane.line({ event: 'session', session: { upstream: name } }, from);
    const died = events.next(dies.id, 'die');
    await dies.kill({ signal: 'SIGKILL' });
    const diedAtMs = await died;
    await sealane.line({ event: 'upstream-removed', upstream: name }, from);
    while (Date.now() < diedAtMs + 200) await firstByte(port);
    ending.abort();
    await Promise.all(lanes);
    const sessions = sealane.lines
      .slice(from)
      .flatMap(sessionOf)
      .filter((session) => session.upstream === name);
    dials += sessions.length;
    late += sessions.filter((session) => session.startedAtMs + session.heldMs > diedAtMs + graceMs).length;
    const again = sealane.lines.length;
    await dies.start();
    await sealane.line({ event: 'upstream-added', upstream: name }, again);
  }
  return { late, dials };
}

function sessionOf(line: LogLine): { upstream: string | undefined; startedAtMs: number; heldMs: number }[] {
  const parsed = z
    .object({ session: z.object({ upstream: z.string().optional(), startedAtMs: z.number(), heldMs: z.number() }) })
    .safeParse(line);
  return parsed.success ? [{ upstream: undefined, ...parsed.data.session }] : [];
}

/** The time at which the first byte of an answer, or the end without one, arrived; in milliseconds since the epoch. */
async function firstByte(port: number): Promise<number> {
  const socket = createConnection(port, '127.0.0.1');
  socket.write('GET / HTTP/1.0\r\n\r\n');
  // A reset, when the dialed container dies, counts as the end, too.
  await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => undefined);
  const nowMs = performance.timeOrigin + performance.now();
  socket.destroy();
  return nowMs;
}

/** As above, of a client that dials a container until it answers. The address must be a running container's. */
async function firstOwnByte(address: string): Promise<number> {
  for (;;) {
    const socket = createConnection(8080, address);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (!isOpen) {
      await pause(1);
      continue;
    }
    socket.write('GET / HTTP/1.0\r\n\r\n');
    await once(socket, 'data');
    const nowMs = performance.timeOrigin + performance.now();
    socket.destroy();
    return nowMs;
  }
}

async function addressOf(container: Dockerode.Container): Promise<string> {
  return (await container.inspect()).NetworkSettings.Networks['bridge']?.IPAddress ?? '';
}

/** The times of the engine's events, from its event stream. */
async function followEvents(client: EngineClient): Promise<{ next(id: string, action: string): Promise<number> }> {
  const stream = await client.getEvents({ filters: { type: ['container'] } });
  const waiting: { readonly id: string; readonly action: string; readonly resolve: (ms: number) => void }[] = [];
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const id = /"ID":"(\w+)"/.exec(line)?.[1];
      const action = /"Action":"(\w+)"/.exec(line)?.[1];
      const timeNs = /"timeNano":(\d+)/.exec(line)?.[1];
      const index = waiting.findIndex((one) => one.id === id && one.action === action);
      if (index >= 0) waiting.splice(index, 1)[0]?.resolve(Number(BigInt(timeNs ?? 0) / 1000n) / 1000);
    }
  });
  stream.on('error', () => undefined);
  return { next: (id, action) => new Promise((resolve) => waiting.push({ id, action, resolve })) };
}

async function startReplicas(client: EngineClient, imageName: string) {
  const made: { remove(options: { force: boolean }): Promise<unknown> }[] = [];
  return {
    async create(labels: Record<string, string>) {
      const script = 'mkdir -p /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www';
      const container = await client.createContainer({ Image: imageName, Cmd: ['sh', '-c', script], Labels: labels });
      made.push(container);
      return container;
    },
    async [Symbol.asyncDispose]() {
      for (const container of made) await container.remove({ force: true }).catch(() => undefined);
    },
  };
}

function print(what: string, samples: readonly number[]): void {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0).toFixed(1);
  process.stdout.write(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms over ${samples.length}\n`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
