import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch, cpus, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { installMissing } from '../dev/machine/packages.ts';
import { toChart } from './relay/chart.ts';
import { available, peers, startHelloServer, startIperf, startWebServer, type Peer } from './relay/peers.ts';
import { makeCertificate } from './relay/tls-load.ts';
import { summarize, toTable, type RowResult } from './relay/report.ts';
import { rows, type Row, type Sample } from './relay/rows.ts';

/**
 * `npm run bench`: compares Sealane with its peers on loopback, interleaved in one run: each round measures every peer
 * once in every row, so that other work on the machine affects all alike. Reports medians of the rounds and ratios
 * within them.
 */
const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    workers: { type: 'string', default: '1' },
    rows: { type: 'string' },
    peers: { type: 'string' },
    json: { type: 'string' },
    chart: { type: 'string' },
    install: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const seconds = Number(flags.seconds);
const workers = Number(flags.workers);
const warmUpSeconds = 2;

if (flags.install) {
  await installMissing(
    [
      { program: 'haproxy', debianPackage: 'haproxy' },
      { program: 'nginx', debianPackage: 'nginx-light' },
      { program: 'iperf3', debianPackage: 'iperf3' },
      { program: 'wrk', debianPackage: 'wrk' },
      { program: 'docker-proxy', debianPackage: 'docker.io' },
    ],
    say,
  );
}
const names = flags.peers?.split(',') ?? available();
for (const name of names)
  if (!(name in peers)) throw new Error(`no peer ${name}; there are ${Object.keys(peers).join(', ')}`);
const missing = Object.keys(peers).filter((name) => !available().includes(name));
if (missing.length > 0) say(`not here, so left out: ${missing.join(', ')} (--install gets them from Debian, as root)`);
const usual = Object.keys(rows).filter((name) => !rows[name]?.onRequest);
const chosen = (flags.rows?.split(',') ?? usual).flatMap((name) => {
  const row = rows[name];
  if (!row) throw new Error(`no row ${name}; there are ${Object.keys(rows).join(', ')}`);
  return [{ name, row, samples: new Map<string, Sample[]>(names.map((peer) => [peer, []])) }];
});

const folder = await mkdtemp(join(tmpdir(), 'sealane-bench-'));
await using ends = new AsyncDisposableStack();
ends.defer(() => rm(folder, { recursive: true, force: true }));
const web = ends.use(await startWebServer(folder));
const iperf = ends.use(await startIperf());
const named = ends.use(await startHelloServer());
const backends = {
  http: web.port,
  bulk: iperf.port,
  named: named.port,
  proxied: web.proxied,
  tlsWeb: web.port,
  tlsBulk: named.port,
};
const certificate = await makeCertificate(folder);

const total = rounds * chosen.length * names.length;
let done = 0;
const failures: string[] = [];
for (let round = 0; round < rounds; round += 1) {
  for (const { name, row, samples } of chosen) {
    // The order rotates from round to round, so that warmed-up caches do not always favour the same peer.
    for (const peerName of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
      say(`${Math.floor((100 * done) / total)} %  round ${round + 1} of ${rounds}, ${name}, ${peerName}`);
      try {
        const sample = await measure(row, peerName);
        if (sample) samples.get(peerName)?.push(sample);
      } catch (error) {
        failures.push(`${row.title}, ${peerName}, round ${round + 1}: ${String(error)}`);
        say(failures.at(-1) ?? '');
      }
      done += 1;
    }
  }
}

const results = chosen.map(({ name, row, samples }) => summarize(name, row, samples));
process.stdout.write(`\n${results.map(toTable).join('\n\n')}\n`);
const threads = workers === 1 ? '1 thread' : `${workers} threads`;
const about = `${rounds} rounds of ${seconds} s, ${threads} each, ${cpus().length} cores (${arch()}), Linux ${release().split('-')[0]}, Node ${process.versions.node}`;
process.stdout.write(`\n${[about, ...failures.map((one) => `failed: ${one}`)].join('\n')}\n`);
if (flags.json !== undefined)
  await write(flags.json, `${JSON.stringify({ about, results, failures }, undefined, 2)}\n`);
if (flags.chart !== undefined) await write(flags.chart, toChart(results satisfies readonly RowResult[], about));

/** One sample, or undefined where the peer lacks the port that the row needs. */
async function measure(row: Row, peerName: string): Promise<Sample | undefined> {
  await using peer = await startPeer(peerName);
  if (row.needs && peer[row.needs] === undefined) return undefined;
  // The warm-up makes compilers and allocators reach the state of a proxy that has run for long.
  await (row.warmUp ?? row.measure)(peer, warmUpSeconds);
  return await row.measure(peer, seconds);
}

function startPeer(name: string): Promise<Peer> {
  const peer = peers[name];
  if (!peer) throw new Error(`no peer ${name}; there are ${Object.keys(peers).join(', ')}`);
  return peer.start(backends, { folder, workers, certificate });
}

async function write(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  say(`wrote ${file}`);
}

function say(line: string): void {
  process.stderr.write(`[bench] ${line}\n`);
}
