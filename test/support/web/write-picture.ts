import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../../dev/machine/command.ts';
import { startBrowser } from './browser.ts';
import { serveDashboard } from './dashboard.ts';
import { startFakeEngine } from '../fake-engine/fake-engine.ts';
import { freePort } from '../sockets/free-port.ts';

/**
 * `npm run docs:picture`: writes the dashboard's pictures for the README, in light and dark. They show an example shop:
 * the containers are those of a fake engine; the traffic is real and goes to local ports. It takes as long as the charts
 * show. It runs in a network namespace of its own, where the containers' addresses are on a network (Linux).
 */
if (process.argv[2] !== 'inside') {
  const again = [process.execPath, import.meta.filename, 'inside', ...process.argv.slice(2)];
  const { status } = spawnSync('unshare', ['--map-root-user', '--net', ...again], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
const seconds = Number(process.argv[3] ?? 100);
const files = { light: 'docs/dashboard.webp', dark: 'docs/dashboard-dark.webp' } as const;

interface Part {
  readonly service: string;
  readonly replicas: number;
  readonly port: number;
  /** The number of clients. */
  readonly clients: number;
  /** The size of each answer in bytes. 0: no process listens. */
  readonly answer: number;
  readonly labels?: Readonly<Record<string, string>>;
}

const shop: readonly Part[] = [
  { service: 'web', replicas: 3, port: 3000, clients: 14, answer: 24_000 },
  { service: 'api', replicas: 2, port: 4000, clients: 9, answer: 6_000 },
  { service: 'db', replicas: 1, port: 5432, clients: 6, answer: 1_500 },
  { service: 'cache', replicas: 1, port: 6379, clients: 4, answer: 300 },
  { service: 'search', replicas: 1, port: 9200, clients: 2, answer: 0 },
  { service: 'mail', replicas: 1, port: 1025, clients: 0, answer: 100, labels: { 'sealane.wieght': '2' } },
];

await using engine = await startFakeEngine();
const opened: (Server | Socket)[] = [];
let address = 0;
await addNetwork();
const replicas: string[] = [];

/** The network of the containers, with the addresses that they get. */
async function addNetwork(): Promise<void> {
  await run('ip', ['link', 'set', 'lo', 'up']);
  await run('ip', ['link', 'add', 'shop', 'type', 'bridge']);
  await run('ip', ['link', 'set', 'shop', 'up']);
  const count = shop.reduce((sum, { replicas: own }) => sum + own, 0);
  for (let host = 1; host <= count; host += 1) await run('ip', ['address', 'add', `10.20.0.${host}/24`, 'dev', 'shop']);
}

async function startReplica(part: Part, number: number): Promise<string> {
  const ip = `10.20.0.${++address}`;
  if (part.answer > 0) await serve(ip, part.port, part.answer);
  return engine.run({
    name: `shop-${part.service}-${number}`,
    labels: {
      'sealane.listen': `127.0.0.1:${part.port}`,
      'sealane.port': String(part.port),
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': part.service,
      'com.docker.compose.container-number': String(number),
      ...part.labels,
    },
    networks: { shop: { networkId: 'net-shop', ip } },
    exposedPorts: [part.port],
  });
}

/** Serves answers of `answer` bytes. */
async function serve(host: string, port: number, answer: number): Promise<void> {
  const server = createServer((socket) => {
    opened.push(socket);
    socket.on('error', () => {});
    socket.on('data', () => socket.write(Buffer.alloc(answer)));
  });
  opened.push(server);
  server.listen(port, host);
  await once(server, 'listening');
}

/** Sends requests at a varying rate until the end. */
async function ask(port: number, phase: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  opened.push(socket);
  socket.on('error', () => {});
  socket.resume();
  while (!socket.destroyed) {
    socket.write(Buffer.alloc(400));
    await sleep(25 + 20 * Math.sin(performance.now() / 9_000 + phase) + Math.random() * 30);
  }
}

const admin = await freePort();
await using served = await serveDashboard(['--docker', engine.url, '--access-log', 'off'], admin);
for (const part of shop) {
  for (let number = 1; number <= part.replicas; number += 1) replicas.push(await startReplica(part, number));
}
await using browser = await startBrowser();
await using t = await browser.open(served.url, { width: 1360, height: 1000 });
await t.page.getByRole('row', { name: 'shop/web' }).filter({ hasText: '3 of 3 ready' }).waitFor();
for (const part of shop) {
  for (let client = 0; client < part.clients; client += 1) void ask(part.port, part.port);
}
await sleep(seconds * 600);
engine.pause(replicas[4] ?? '');
await sleep(seconds * 390);
const session = await t.page.context().newCDPSession(t.page);
for (const colorScheme of ['light', 'dark'] as const) {
  await t.page.emulateMedia({ colorScheme });
  // The charts are drawn anew with the next second's figures.
  await sleep(2_000);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  await writeFile(files[colorScheme], data, 'base64');
  process.stdout.write(`${files[colorScheme]} is written\n`);
}
for (const one of opened) if ('destroy' in one) one.destroy();
for (const one of opened) if ('close' in one) one.close();
process.exit(0);
