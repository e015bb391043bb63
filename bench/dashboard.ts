import { parseArgs } from 'node:util';
import { startBrowser } from '../test/support/web/browser.ts';
import { freePort } from '../test/support/sockets/free-port.ts';
import { firstPort } from './control/first-port.ts';
import { startEngine } from './control/simulated-engine.ts';
import { start } from './relay/processes.ts';

/**
 * `npm run bench:dashboard`: how long the dashboard takes to show many services of a simulated engine. Times count from
 * the moment the browser gets the address; each round is a first visit.
 */
const { values: flags } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    replicas: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
  },
});
const executable = new URL('../dist/main.js', import.meta.url).pathname;
const services = Number(flags.services);
const containers = services * Number(flags.replicas);

await using engine = await startEngine({ containers, replicas: Number(flags.replicas), firstPort });
const admin = await freePort();
const args = ['run', '--docker', engine.url, '--admin', `127.0.0.1:${admin}`, '--log-level', 'warn'];
await using sealane = start(process.execPath, [executable, ...args, '--access-log', 'off', '--bind', '127.0.0.1']);
await using browser = await startBrowser();
void sealane;

const url = `http://127.0.0.1:${admin}/`;
while ((await servicesAt(url)).count < services) await new Promise((resolve) => setTimeout(resolve, 100));

interface Round {
  readonly apiMs: number;
  readonly apiKib: number;
  readonly paintMs: number;
  readonly rowsMs: number;
  readonly workMsPerSecond: number;
}

const rounds: Round[] = [];
for (let round = 0; round < Number(flags.rounds); round += 1) {
  const api = await servicesAt(url);
  await using t = await browser.open('about:blank');
  const startedMs = performance.now();
  await t.page.goto(url);
  await t.page.getByRole('row', { name: 'service-' }).first().waitFor();
  const rowsMs = performance.now() - startedMs;
  const paintMs = await t.page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN`);
  const before = await cpuMs();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const workMsPerSecond = ((await cpuMs()) - before) / 3;
  rounds.push({ apiMs: api.ms, apiKib: api.bytes / 1024, paintMs: Number(paintMs), rowsMs, workMsPerSecond });

  async function cpuMs(): Promise<number> {
    const session = await t.page.context().newCDPSession(t.page);
    await session.send('Performance.enable');
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  }
}
const median = (of: (round: Round) => number): string => {
  const sorted = rounds.map(of).sort((a, b) => a - b);
  return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(0);
};
process.stdout.write(
  `${services} services, ${containers} upstreams; medians of ${rounds.length} first visits\n` +
    `GET /api/services  ${median((one) => one.apiMs)} ms, ${median((one) => one.apiKib)} KiB\n` +
    `first paint        ${median((one) => one.paintMs)} ms\n` +
    `services shown     ${median((one) => one.rowsMs)} ms\n` +
    `work while open    ${median((one) => one.workMsPerSecond)} ms each second\n`,
);

async function servicesAt(
  base: string,
): Promise<{ readonly count: number; readonly ms: number; readonly bytes: number }> {
  const startedMs = performance.now();
  const response = await fetch(`${base}api/services`).catch(() => undefined);
  const text = (await response?.text()) ?? '';
  const ms = performance.now() - startedMs;
  const count = text === '' ? 0 : (JSON.parse(text) as { readonly services: readonly unknown[] }).services.length;
  return { count, ms, bytes: text.length };
}
