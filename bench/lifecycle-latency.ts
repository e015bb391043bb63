import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { hasFields } from '../test/support/sealane/sealane.ts';
import { Client } from '../test/soak/client.ts';
import { prepareEngine, type SoakEngine } from '../test/soak/engine.ts';
import { startOpenLoad } from '../test/soak/open-load.ts';
import { quantile } from '../test/soak/quantile.ts';
import { answeredDialAtMs, sessionsOf, type SessionLine } from '../test/soak/session.ts';
import { SoakEnvironment } from '../test/soak/environment.ts';
import { wallMs } from '../test/soak/wall-clock.ts';
import type { ContainerEvent } from '../test/support/engine/events.ts';
import type { TestContainer } from '../test/support/engine/containers.ts';

/**
 * `npm run bench:lifecycle`: the time from a replica's stop signal to its last dial, and from the opening of its port
 * to its first answer. Options: `-- --times 10`, `-- --only stops`, `-- --json file`. Exit code 1 when a goal is
 * missed. Needs a Docker engine, or root on Debian or Ubuntu.
 */
const goals = { stopToLastDialP99Ms: 10, openToAnswerP99Ms: 60 };
/** Each of two replicas gets a connection every few milliseconds, which is the precision of the last dial's time. */
const perSecond = 500;
const opensAfterMs = [0, 1_000, 3_000];

const { values } = parseArgs({
  options: { times: { type: 'string', default: '50' }, only: { type: 'string' }, json: { type: 'string' } },
});
const times = Number(values.times);

interface Measure {
  readonly what: string;
  readonly goalP99Ms: number;
  readonly samplesMs: readonly number[];
  /** What happened in each round, to explain late ones. */
  readonly details?: readonly object[];
}

await using engine = await prepareEngine(say);
const measures: Measure[] = [];
if (values.only !== 'starts') {
  say(`${times} stops under load`);
  const stops = await measureStops(engine);
  measures.push({
    what: 'stop signal → last session dialed to the replica',
    goalP99Ms: goals.stopToLastDialP99Ms,
    samplesMs: stops.map(({ lastDialMs }) => Math.max(0, lastDialMs)),
    details: stops,
  });
}
for (const openAfterMs of values.only === 'stops' ? [] : opensAfterMs) {
  say(`${times} starts, the port open after ${openAfterMs} ms`);
  measures.push({
    what: `port opens ${openAfterMs} ms after start → a waiting client is answered`,
    goalP99Ms: goals.openToAnswerP99Ms,
    samplesMs: await measureStarts(engine, openAfterMs),
  });
}
const results = measures.map(summarize);
for (const { what, p50Ms, p99Ms, mostMs, goalP99Ms, good } of results) {
  process.stdout.write(
    `${good ? '✓' : '✗'} ${what}: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms (goal ${goalP99Ms}), ` +
      `most ${mostMs.toFixed(1)} ms over ${times}\n`,
  );
}
const good = results.every((result) => result.good);
const json = JSON.stringify({ times, perSecond, good, results });
process.stdout.write(`${json}\n`);
if (values.json !== undefined) await writeFile(values.json, `${json}\n`);
process.exitCode = good ? 0 : 1;

/** The times of one stop, in milliseconds after the engine's `kill` event. */
interface Stop {
  /** When the event reached this program, which is as near to the engine as Sealane. */
  readonly heardMs: number;
  /** When Sealane logged that it drains the replica; its relay knew by then. */
  readonly drainingMs: number;
  /** When the replica was last dialed in this run; negative: before the event. */
  readonly lastDialMs: number;
  /** The access log's records of the sessions that were dialed too late. */
  readonly late: readonly SessionLine[];
}

async function measureStops(soakEngine: SoakEngine): Promise<Stop[]> {
  await using environment = await SoakEnvironment.open(soakEngine);
  const replicas = await environment.start(2);
  const load = startOpenLoad(environment.port, perSecond);
  const stops: {
    readonly name: string;
    readonly from: number;
    readonly killed: ContainerEvent;
    readonly endMs: number;
  }[] = [];
  await load.answered(perSecond);
  for (let round = 0; round < times; round += 1) {
    const one = replicas[round % replicas.length] as TestContainer;
    const from = environment.mark();
    const killed = soakEngine.events.next(one.id, 'kill');
    await one.stop();
    stops.push({ name: one.name, from, killed: await killed, endMs: wallMs() });
    const again = environment.mark();
    await one.start();
    await environment.ready(one.name, again);
    await load.answered(perSecond / 10);
  }
  await load.stop();
  // The last records are written when Sealane stops.
  await environment.sealane.stop();
  if (load.failures.length > 0) say(`${load.failures.length} connections failed; npm run soak says why`);
  // A stall of the whole machine delays every measurement, so it is reported.
  say(`the load's own clock was late by ${load.slippedMs.toFixed(0)} ms at most`);
  const { lines } = environment.sealane;
  const dials = Map.groupBy(sessionsOf(lines), ({ upstream }) => upstream);
  return stops.map(({ name, from, killed: { atMs, heardAtMs }, endMs }) => {
    const before = (dials.get(name) ?? []).filter((session) => answeredDialAtMs(session) < endMs);
    const draining = lines
      .slice(from)
      .find((line) => hasFields(line, { event: 'upstream-changed', upstream: name, state: 'draining' }));
    return {
      heardMs: heardAtMs - atMs,
      drainingMs: (draining?.time ?? Infinity) - atMs,
      lastDialMs: Math.max(...before.map(answeredDialAtMs)) - atMs,
      late: before.filter((session) => answeredDialAtMs(session) - atMs > goals.stopToLastDialP99Ms),
    };
  });
}

/** The times from the opening of the replica's port, which the replica prints, to the answer to a waiting client. */
async function measureStarts(soakEngine: SoakEngine, openAfterMs: number): Promise<number[]> {
  await using environment = await SoakEnvironment.open(soakEngine);
  const [replica] = await environment.start(1, { openAfterMs, labels: { hold: '30s' } });
  if (!replica) throw new Error('no replica was started');
  const samples: number[] = [];
  while (samples.length < times) {
    const from = environment.mark();
    await replica.kill('SIGKILL');
    await environment.left(replica.name, from);
    const client = new Client(environment.port);
    const answered = client.ask('close').then(wallMs);
    await replica.start();
    const answeredAtMs = await answered;
    client.close();
    samples.push(answeredAtMs - (await openedAtMs(replica, samples.length + 2)));
  }
  return samples;
}

/** The time that the replica printed in its run number `run`. The output reaches the engine a moment later. */
async function openedAtMs(replica: TestContainer, run: number): Promise<number> {
  for (;;) {
    const opened = (await replica.logs()).match(/(?<=listening )[\d.]+/g) ?? [];
    if (opened.length >= run) return Number(opened[run - 1]);
  }
}

function summarize(measure: Measure) {
  const at = (share: number): number => quantile(measure.samplesMs, share);
  const p99Ms = at(0.99);
  return { ...measure, good: p99Ms <= measure.goalP99Ms, p50Ms: at(0.5), p99Ms, mostMs: at(1) };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
