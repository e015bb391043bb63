import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { which } from '../dev/machine/command.ts';
import { installMissing } from '../dev/machine/packages.ts';
import { filesBeneath } from '../src/built/files.ts';
import { freePort } from '../test/support/sockets/free-port.ts';
import { startEngine } from './control/simulated-engine.ts';
import { quietest, readCpu } from './relay/load.ts';
import { available, canServe, earlierBuild, peerNames, recipes, startPeer, thisBuild } from './relay/peers.ts';
import { loadStream } from './relay/peers/nginx.ts';
import { builtCommit } from './relay/peers/sealane.ts';
import { cellLine, runLine, type AboutRun, type MeasuredCell } from './relay/recorded-run.ts';
import { rows, type Row } from './relay/rows.ts';
import { startServers } from './relay/servers.ts';
import { runsFolder } from './relay/stored.ts';
import { toMarkdown } from './relay/table.ts';
import { makeCertificate } from './relay/tls-load.ts';

/**
 * `npm run bench`: compares Sealane with its peers on loopback, interleaved in one run: each round measures every peer
 * once in every row, so that other work on the machine affects all alike. A cell that others disturb is measured again.
 * Prints medians of the rounds and ratios within them; `--save` stores each cell in bench/results/relay/.
 */
const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    workers: { type: 'string', default: '1' },
    rows: { type: 'string' },
    peers: { type: 'string' },
    note: { type: 'string' },
    save: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
  },
});
const [rounds, seconds, workers] = [Number(flags.rounds), Number(flags.seconds), Number(flags.workers)];
const usualWarmUpSeconds = 2;

/** The clients and servers of the rows, then the peers that Debian has. */
const needed = ['nginx', 'iperf3', 'wrk', 'openssl', 'curl'];
const fromDebian = [...needed, 'haproxy'].map((program) => ({ program, debianPackage: program }));
fromDebian.push({ program: 'docker-proxy', debianPackage: 'docker.io' });
if (flags.install) {
  await installMissing(fromDebian, say);
  if ((await loadStream()) === undefined)
    await installMissing([{ program: "nginx's stream module", debianPackage: 'libnginx-mod-stream' }], say);
}
for (const program of needed)
  if ((await which(program)) === undefined)
    throw new Error(`${program} is not on PATH (--install gets it from Debian)`);
const here = await available();
const missing = peerNames.filter((name) => !here.includes(name));
if (missing.length > 0) say(`not on this machine, so left out: ${missing.join(', ')}`);
const peers = named(flags.peers, here);
const chosen = named(flags.rows, Object.keys(rows));

const about = await aboutRun();
const cells: MeasuredCell[] = [];
const file = join(runsFolder, `${about.date.slice(0, 16).replaceAll(':', '')}-${about.commit.slice(0, 7)}.jsonl`);
// A stored run is never overwritten, and no other is added to it.
if (flags.save) await writeFile(file, runLine(about), { flag: 'wx' });

const folder = await mkdtemp(join(tmpdir(), 'sealane-bench-'));
await using ends = new AsyncDisposableStack();
ends.defer(() => rm(folder, { recursive: true, force: true }));
const servers = ends.use(await startServers(folder));
const engine = ends.use(await startEngine({ containers: 10, replicas: 10, firstPort: await freePort() }));
const certificate = await makeCertificate(folder);

const builds = await digestOfBuilds();
for (let round = 1; round <= rounds; round += 1) {
  for (const row of chosen) {
    // The order rotates from round to round, so that warmed-up caches do not always favour the same peer.
    for (const peer of [...peers.slice(round % peers.length), ...peers.slice(0, round % peers.length)]) {
      say(`round ${round} of ${rounds}, ${row}, ${peer}`);
      await measure(row, peer, round).catch((error: unknown) => say(`failed: ${String(error)}`));
    }
  }
  if ((await digestOfBuilds()) === builds) continue;
  if (flags.save) await rm(file);
  throw new Error('a build changed during the run: its rows are of two builds');
}
process.stdout.write(`\n${toMarkdown({ about, cells })}`);
if (flags.save) say(`stored ${file}`);

/** Adds a cell, unless the peer can't do what the row needs. */
async function measure(name: string, peerName: string, round: number): Promise<void> {
  const row = rows[name] as Row;
  if (!canServe(peerName, row.ports) || (row.ofProcess && !(peerName in recipes))) return;
  const options = { folder, workers, certificate, engine: row.withEngine ? engine.url : undefined };
  await using peer = await startPeer(peerName, servers.ports, row.ports, options);
  // The warm-up makes compilers and allocators reach the state of a proxy that has run for long.
  await (row.warmUp ?? row.measure)(peer, row.warmUpSeconds ?? usualWarmUpSeconds);
  const { value, others, tries } = await quietest(() => row.measure(peer, seconds), readCpu);
  if (tries > 1) say(`others used the machine, measured ${tries} times: ${(100 * others).toFixed(0)} % at best`);
  const cell = { row: name, peer: peerName, round, others, tries, ...value };
  cells.push(cell);
  if (flags.save) await appendFile(file, cellLine(cell));
}

async function aboutRun(): Promise<AboutRun> {
  const built = await builtCommit(thisBuild);
  const versions = peers.map(async (name) => [name, (await recipes[name]?.version()) ?? ''] as const);
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    ...{ commit: built.replace(/-dirty$/, ''), dirty: built.endsWith('-dirty') },
    ...{ node: process.versions.node, kernel: release().split('-')[0] ?? '', arch: process.arch },
    ...{ cpu: cpu?.model ?? 'unknown CPU', cores: cpus().length },
    ...{ rounds, seconds, workers },
    peers: Object.fromEntries(await Promise.all(versions)),
    note: flags.note,
  };
}

/** Changes with any file of the builds that are measured. */
async function digestOfBuilds(): Promise<string> {
  const digest = createHash('sha256');
  for (const main of earlierBuild === undefined ? [thisBuild] : [thisBuild, earlierBuild]) {
    const files = filesBeneath(new URL('.', pathToFileURL(main)));
    for (const path of (await files.paths()).toSorted()) digest.update(path).update(await files.read(path));
  }
  return digest.digest('hex');
}

/** The names that a flag asks for, in its order. @throws for one that is not there */
function named(flag: string | undefined, all: readonly string[]): readonly string[] {
  const names = flag?.split(',') ?? all;
  for (const name of names) if (!all.includes(name)) throw new Error(`there is no ${name}, only ${all.join(', ')}`);
  return names;
}

function say(line: string): void {
  process.stderr.write(`[bench] ${line}\n`);
}
