import { once } from 'node:events';
import { readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { programEntries } from '../../dev/images/machine-files.ts';
import { run, which } from '../../dev/machine/command.ts';
import { binaryPath } from '../../dev/packaging/binary/path.ts';
import { freePort } from '../../test/support/sockets/free-port.ts';
import { quantile } from '../../test/soak/quantile.ts';
import { output, start } from '../relay/processes.ts';

/**
 * Sealane's two forms beside HAProxy and Traefik, where these are on the PATH: how large each is, and how soon after its
 * start it relays one port to a server on this machine. The server speaks first.
 */
interface Candidate {
  readonly name: string;
  readonly program: string;
  readonly version: readonly string[];
  /** Relays a port; what it needs for that is written to `folder`. */
  readonly relay: (port: number, server: number, folder: string) => Promise<readonly string[]>;
  /** What it needs beside its program and the libraries of that. */
  readonly files?: string;
}

export async function besideOthers(folder: string, times: number): Promise<void> {
  await run('npm', ['run', '--silent', 'build:binary'], { timeoutMs: 300_000 });
  const candidates = await candidatesIn(folder);
  await using server = await greeter();
  const samples = candidates.map(() => ({ version: [] as number[], listens: [] as number[], answers: [] as number[] }));
  for (let round = 0; round < times; round += 1) {
    for (const [index, candidate] of candidates.entries()) {
      const startedMs = performance.now();
      await output(candidate.program, candidate.version);
      samples[index]?.version.push(performance.now() - startedMs);
      const { listensMs, answersMs } = await startOnce(candidate, server.port, folder);
      samples[index]?.listens.push(listensMs);
      samples[index]?.answers.push(answersMs);
    }
  }
  process.stdout.write(`\n| | files | with gzip | version | listens | first answer |\n|---|---|---|---|---|---|\n`);
  for (const [index, candidate] of candidates.entries()) {
    const taken = samples[index];
    const ms = [taken?.version, taken?.listens, taken?.answers].map(
      (all) => `${quantile(all ?? [], 0.5).toFixed(0)} ms`,
    );
    const mb = (await sizes(candidate)).map((bytes) => `${(bytes / 1e6).toFixed(1)} MB`);
    process.stdout.write(`| ${[candidate.name, ...mb, ...ms].join(' | ')} |\n`);
  }
}

async function candidatesIn(folder: string): Promise<readonly Candidate[]> {
  const main = join(folder, 'package/dist/main.js');
  const relay = (port: number, server: number): string[] => [
    'relay',
    '--listen',
    `127.0.0.1:${port}`,
    `127.0.0.1:${server}`,
  ];
  const candidates: Candidate[] = [
    {
      name: 'Sealane, executable',
      program: binaryPath,
      version: ['--version'],
      relay: (port, server) => Promise.resolve(relay(port, server)),
    },
    {
      name: 'Sealane, package and Node',
      program: process.execPath,
      version: [main, '--version'],
      relay: (port, server) => Promise.resolve([main, ...relay(port, server)]),
      files: join(folder, 'package'),
    },
  ];
  const haproxy = await which('haproxy');
  if (haproxy !== undefined)
    candidates.push({ name: 'HAProxy', program: haproxy, version: ['-v'], relay: haproxyRelay });
  const traefik = await which('traefik');
  if (traefik !== undefined)
    candidates.push({ name: 'Traefik', program: traefik, version: ['version'], relay: traefikRelay });
  return candidates;
}

async function haproxyRelay(port: number, server: number, folder: string): Promise<readonly string[]> {
  const file = join(folder, 'haproxy.cfg');
  const times = 'timeout connect 5s\n  timeout client 1h\n  timeout server 1h';
  const proxy = `listen relay\n  bind 127.0.0.1:${port}\n  server s 127.0.0.1:${server}\n`;
  await writeFile(file, `defaults\n  mode tcp\n  ${times}\n${proxy}`);
  return ['-db', '-f', file];
}

async function traefikRelay(port: number, server: number, folder: string): Promise<readonly string[]> {
  const file = join(folder, 'traefik.yml');
  const router = '    relay: { entryPoints: [relay], rule: "HostSNI(`*`)", service: relay }';
  const service = `    relay: { loadBalancer: { servers: [{ address: "127.0.0.1:${server}" }] } }`;
  await writeFile(file, `tcp:\n  routers:\n${router}\n  services:\n${service}\n`);
  // It asks nothing of other hosts.
  const quiet = ['--global.checknewversion=false', '--global.sendanonymoususage=false', '--log.level=ERROR'];
  return [`--entrypoints.relay.address=127.0.0.1:${port}/tcp`, `--providers.file.filename=${file}`, ...quiet];
}

async function startOnce(
  { program, relay }: Candidate,
  server: number,
  folder: string,
): Promise<{ readonly listensMs: number; readonly answersMs: number }> {
  const port = await freePort();
  const args = await relay(port, server, folder);
  const startedMs = performance.now();
  await using running = start(program, args, { stdio: 'ignore' });
  const [clients, seen]: [Set<Socket>, { listensMs?: number; answersMs?: number }] = [new Set(), {}];
  try {
    // A client that came too early may wait for long, so the next one does not wait for it.
    while (seen.answersMs === undefined) {
      const client = connect(port, '127.0.0.1').on('error', () => {});
      clients.add(client);
      client.once('connect', () => (seen.listensMs ??= performance.now() - startedMs));
      client.once('data', () => (seen.answersMs ??= performance.now() - startedMs));
      client.once('close', () => clients.delete(client));
      await sleep(2);
      if (performance.now() - startedMs > 20_000 || running.child.exitCode !== null)
        throw new Error(`${program} does not relay`);
    }
    return { listensMs: seen.listensMs ?? seen.answersMs, answersMs: seen.answersMs };
  } finally {
    for (const client of clients) client.destroy();
  }
}

async function greeter(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((socket) => socket.on('error', () => {}).end('hello\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** All files that it needs, the system's libraries among them; and these with gzip. */
async function sizes({ program, files }: Candidate): Promise<readonly [number, number]> {
  const paths = (await programEntries(program)).flatMap((entry) => (entry.kind === 'copy' ? [entry.source] : []));
  if (files !== undefined)
    for (const entry of await readdir(files, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) paths.push(join(entry.parentPath, entry.name));
  let [plain, zipped] = [0, 0];
  for (const path of new Set(await Promise.all(paths.map((each) => realpath(each))))) {
    const content = await readFile(path);
    plain += content.length;
    zipped += gzipSync(content).length;
  }
  return [plain, zipped];
}
