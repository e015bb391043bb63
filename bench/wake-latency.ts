import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Client } from '../test/soak/client.ts';
import { prepareEngine } from '../test/soak/engine.ts';
import { quantile } from '../test/soak/quantile.ts';
import { wallMs } from '../test/soak/wall-clock.ts';
import { startContainer, uniqueName, type TestContainer } from '../test/support/engine/containers.ts';
import { buildPostgresImage } from '../test/support/engine/postgres-image.ts';
import { startSealane, upstreamIs } from '../test/support/sealane/sealane.ts';
import { freePort } from '../test/support/sockets/free-port.ts';

/**
 * `npm run bench:wake`: what Sealane adds to the starts of three containers, a web server that needs an API, which needs
 * PostgreSQL, until the client that waits for the web server is answered. Each container's own start lasts from the request
 * to the engine to the opening of its port, which it prints. Options: `-- --times 20`, `-- --json file`. Exit code 1 when the goal is missed.
 * Needs a Docker engine, or root on Debian or Ubuntu.
 */
const goalP99Ms = 150;

const { values } = parseArgs({ options: { times: { type: 'string', default: '20' }, json: { type: 'string' } } });
const times = Number(values.times);

await using engine = await prepareEngine(say);
await using kept = new AsyncDisposableStack();
const postgres = await buildPostgresImage(engine.engine.host, say);
if (!engine.engine.private)
  kept.defer(() => engine.engine.client.getImage(postgres.name).remove({ force: true }) as Promise<void>);
const prefix = uniqueName('wake');
const port = await freePort();
const sealane = kept.use(
  startSealane('--label-prefix', prefix, '--bind', '127.0.0.1', '--engine-actions', 'start,stop'),
);
await sealane.line({ event: 'engine-connected' });
const project = uniqueName('shop');
const db = await start('db', postgres.name, 5432, {});
const api = await start('api', engine.image, 8080, { 'com.docker.compose.depends_on': 'db:service_started:false' });
const own = { listen: String(port), port: '8080', pool: 'web', sleep: '1h', 'sleep.with': 'api' };
const web = await start(
  'web',
  engine.image,
  8080,
  Object.fromEntries(Object.entries(own).map(([name, text]) => [`${prefix}.${name}`, text])),
);
const chain = [db, api, web];
await sealane.line(upstreamIs(web.name, 'ready', 'web'));

const samples: Sample[] = [];
for (let round = 0; round < times; round += 1) samples.push(await measure(round + 2));
const added = samples.map(({ addedMs }) => addedMs).toSorted((a, b) => a - b);
const total = samples.map(({ totalMs }) => totalMs).toSorted((a, b) => a - b);
const [p50Ms, p99Ms] = [quantile(added, 0.5), quantile(added, 0.99)];
const good = p99Ms <= goalP99Ms;
process.stdout.write(
  `${good ? '✓' : '✗'} a wake of three containers, less their own starts: p50 ${p50Ms.toFixed(1)} ms, ` +
    `p99 ${p99Ms.toFixed(1)} ms (goal ${goalP99Ms}); with them p50 ${quantile(total, 0.5).toFixed(0)} ms over ${times}\n`,
);
const json = JSON.stringify({ times, goalP99Ms, good, p50Ms, p99Ms, samples });
process.stdout.write(`${json}\n`);
if (values.json !== undefined) await writeFile(values.json, `${json}\n`);
process.exitCode = good ? 0 : 1;

interface Sample {
  readonly totalMs: number;
  readonly addedMs: number;
}

async function measure(run: number): Promise<Sample> {
  const before = sealane.lines.length;
  // Those that need others end first, so that nothing is put to sleep by Sealane itself.
  await web.kill('SIGKILL');
  await api.kill('SIGKILL');
  // A PostgreSQL that was killed would have to recover its data at its next start.
  await db.stop();
  await sealane.line(upstreamIs(web.name, 'asleep', 'web'), before);
  // A container that was stopped by hand rests for 3 s.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  const from = sealane.lines.length;
  const client = new Client(port);
  await client.ask('close');
  const totalMs = wallMs() - client.startedAtMs;
  client.close();
  let ownMs = 0;
  for (const one of chain) {
    const asked = await sealane.line({ event: 'engine-action', action: 'start', containerId: one.id }, from);
    ownMs += (await openedAtMs(one, run)) - asked.time;
  }
  return { totalMs, addedMs: totalMs - ownMs };
}

function start(
  service: string,
  image: string,
  exposed: number,
  labels: Readonly<Record<string, string>>,
): Promise<TestContainer> {
  const of = { 'com.docker.compose.project': project, 'com.docker.compose.service': service };
  const create = { ExposedPorts: { [`${exposed}/tcp`]: {} } };
  return startContainer({
    image,
    name: `${project}-${service}`,
    labels: { ...of, ...labels },
    create,
  }).then((one) => kept.use(one));
}

/** The time that the container printed in its run number `run`. The output reaches the engine a moment later. */
async function openedAtMs(container: TestContainer, run: number): Promise<number> {
  for (;;) {
    // The replica prints milliseconds since 1970; PostgreSQL a date in front of each line.
    const opened =
      (await container.logs()).match(/(?<=^listening )[\d.]+|^[-\d]+ [:.\d]+ GMT(?=.* listening on IPv4)/gm) ?? [];
    const at = opened[run - 1];
    if (at !== undefined) return at.endsWith('GMT') ? Date.parse(at) : Number(at);
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
