import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestContainer } from '../support/engine/containers.ts';
import { prepareEngine, type SoakEngine } from './engine.ts';
import { SoakEnvironment } from './environment.ts';
import { startOpenLoad, type OpenLoad } from './open-load.ts';
import { quantile } from './quantile.ts';

/**
 * `npm run soak:packets`: what a lost packet costs a client. One of two replicas is stopped six times under 200
 * connections a second; then the network of one of two drops everything. Exit code 1 when a goal is missed. Needs root,
 * and a Docker engine or Debian or Ubuntu.
 */
const goals = { stopsMostMs: 300, silentP99Ms: 200 };
const perSecond = 200;
const stops = 6;
const connections = 2_400;

await using engine = await prepareEngine(say);
const results = [await measureStops(engine), await measureSilence(engine)];
for (const { what, good } of results) process.stdout.write(`${good ? '✓' : '✗'} ${what}\n`);
process.exitCode = results.every(({ good }) => good) ? 0 : 1;

interface Result {
  readonly what: string;
  readonly good: boolean;
}

async function measureStops(soakEngine: SoakEngine): Promise<Result> {
  await using environment = await SoakEnvironment.open(soakEngine);
  const replicas = await environment.start(2);
  const load = startOpenLoad(environment.port, perSecond);
  for (let round = 0; round < stops; round += 1) {
    const one = replicas[round % replicas.length] as TestContainer;
    await load.answered(connections / stops / 2);
    await one.stop();
    const again = environment.mark();
    await one.start();
    await environment.ready(one.name, again);
    await load.answered(connections / stops / 2);
  }
  await load.stop();
  const { mostMs, text } = waitsOf(load);
  return { what: `${stops} stops: ${text}`, good: mostMs <= goals.stopsMostMs && load.failures.length === 0 };
}

async function measureSilence(soakEngine: SoakEngine): Promise<Result> {
  await using environment = await SoakEnvironment.open(soakEngine);
  const [silent] = await environment.start(2);
  if (!silent) throw new Error('no replica was started');
  await silence(soakEngine, silent);
  const load = startOpenLoad(environment.port, perSecond);
  await load.answered(connections);
  await load.stop();
  const { p99Ms, text } = waitsOf(load);
  return { what: `one of two is silent: ${text}`, good: p99Ms <= goals.silentP99Ms && load.failures.length === 0 };
}

/** Takes the container's routes away: it gets all packets, and answers none. */
async function silence({ engine: { client } }: SoakEngine, { id }: TestContainer): Promise<void> {
  const { State } = await client.getContainer(id).inspect();
  await promisify(execFile)('nsenter', [
    '--target',
    String(State.Pid),
    '--net',
    'ip',
    'route',
    'flush',
    'table',
    'main',
  ]);
}

function waitsOf({ waitsMs, failures, slippedMs }: OpenLoad): { mostMs: number; p99Ms: number; text: string } {
  const [p50Ms, p99Ms, mostMs] = [quantile(waitsMs, 0.5), quantile(waitsMs, 0.99), Math.max(...waitsMs)];
  const text =
    `${waitsMs.length} connections, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ` +
    `slowest ${mostMs.toFixed(1)} ms, ${failures.length} failed (the load itself was late by ${slippedMs.toFixed(0)} ms)`;
  return { mostMs, p99Ms, text };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
