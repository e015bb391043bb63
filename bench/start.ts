import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { run } from '../dev/machine/command.ts';
import { quantile } from '../test/soak/quantile.ts';
import { besideOthers } from './start/beside-others.ts';
import { installNode } from '../test/shipped/nodes.ts';

/**
 * `npm run bench:start`: how long the packed package takes to start on each Node, without npx's own time, and how large it
 * is. `--version` until it ends; a relay until it prints its port; `run` until its first request is at the engine, which never answers it. Medians of
 * `-- --times 10` starts. Then the package and the single executable beside HAProxy and Traefik; `-- --only others` leaves
 * out the rest. Installs these Nodes with npm.
 */
const { values } = parseArgs({ options: { times: { type: 'string', default: '10' }, only: { type: 'string' } } });
const times = Number(values.times);
const engine = createServer();
engine.listen(0, '127.0.0.1');
await once(engine, 'listening');
const { port } = engine.address() as AddressInfo;
const folder = await mkdtemp(join(tmpdir(), 'sealane-start-'));
try {
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { timeoutMs: 300_000 });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  await run('tar', ['xzf', join(folder, tarball), '-C', folder]);
  if (values.only !== 'others') {
    await printSizes(tarball);
    await printStarts();
  }
  await besideOthers(folder, times);
} finally {
  engine.closeAllConnections();
  engine.close();
  await rm(folder, { recursive: true, force: true });
}

async function printStarts(): Promise<void> {
  process.stdout.write('\n| Node | `--version` | relay | `run` |\n|---|---|---|---|\n');
  for (const line of [22, 24, 26]) {
    const node = join(await installNode(line, folder), 'node');
    const version = (await run(node, ['--version'])).trim();
    const cells = [
      await median(node, ['--version'], /^\d/),
      await median(node, ['127.0.0.1:9'], /^\d+$/),
      await median(node, ['run', '--docker', `tcp://127.0.0.1:${port}`, '--admin', 'off'], undefined),
    ];
    process.stdout.write(`| ${version} | ${cells.map((ms) => `${ms.toFixed(0)} ms`).join(' | ')} |\n`);
  }
}

async function printSizes(tarball: string): Promise<void> {
  const dist = join(folder, 'package');
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => [(await stat(file)).size, file] as const));
  const total = sizes.reduce((sum, [size]) => sum + size, 0);
  process.stdout.write(`packed ${(await stat(join(folder, tarball))).size} B, unpacked ${total} B\n`);
  for (const [size, file] of sizes.toSorted(([a], [b]) => b - a).slice(0, 10))
    process.stdout.write(`  ${size} B ${file.slice(dist.length + 1)}\n`);
}

async function median(node: string, args: readonly string[], first: RegExp | undefined): Promise<number> {
  const samples: number[] = [];
  for (let round = 0; round < times; round += 1) {
    const startedMs = performance.now();
    const child = spawn(node, [join(folder, 'package/dist/main.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    await (first === undefined ? once(engine, 'request') : firstLine(child, first));
    samples.push(performance.now() - startedMs);
    child.kill('SIGKILL');
    await ended;
  }
  return quantile(
    samples.toSorted((a, b) => a - b),
    0.5,
  );
}

async function firstLine(child: ChildProcess, pattern: RegExp): Promise<void> {
  const found = Promise.withResolvers<void>();
  for (const input of [child.stdout, child.stderr]) {
    if (input) createInterface({ input }).on('line', (line) => pattern.test(line) && found.resolve());
  }
  child.once('close', () => found.reject(new Error(`it ended before a line like ${pattern}`)));
  await found.promise;
}
