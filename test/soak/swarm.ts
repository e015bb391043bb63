import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { quantile } from './quantile.ts';
import { runRound, type Round } from './swarm/run-round.ts';
import { swarmScenarios } from './swarm/scenarios.ts';

/**
 * `npm run soak:swarm`: repeats what happens to a Swarm, under 200 connections a second to Sealane on a node, once on the
 * node's host and once in a container. The goal is that no connection fails but those that a lost node took with it; the
 * exit code is 1 when one does. Options: `-- --times 5`, `-- --only cut-off` (repeatable), `-- --json file`. Needs root on
 * Debian or Ubuntu.
 */
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
  },
});
const times = Number(values.times);
const chosen = swarmScenarios.filter(({ name }) => values.only?.includes(name) ?? true);
if (chosen.length === 0) throw new Error(`there are only ${swarmScenarios.map(({ name }) => name).join(', ')}`);

const standing = { host: "on a node's host", container: 'in a container' } as const;
const results = [];
for (const scenario of chosen) {
  for (const stand of ['host', 'container'] as const) {
    const rounds: Round[] = [];
    const aborted: string[] = [];
    for (let round = 0; round < times; round += 1) {
      try {
        rounds.push(await runRound(scenario, stand));
      } catch (error) {
        aborted.push(String(error));
      }
    }
    const failed = rounds.flatMap((round) => round.failed);
    const lost = rounds.flatMap((round) => round.lost);
    const waitsMs = rounds.flatMap((round) => round.waitsMs);
    const connections = rounds.reduce((sum, round) => sum + round.connections, 0);
    const good = failed.length === 0 && aborted.length === 0;
    results.push({ scenario: scenario.name, stand, good, connections, failed, lost, aborted });
    process.stdout.write(
      `${good ? '✓' : '✗'} ${scenario.title}, Sealane ${standing[stand]}: ${rounds.length} rounds, ${connections} ` +
        `connections, ${failed.length} failed, ${lost.length} lost with their node, p99 ` +
        `${quantile(waitsMs, 0.99).toFixed(1)} ms, longest ${quantile(waitsMs, 1).toFixed(0)} ms (the load itself was late ` +
        `by ${Math.max(0, ...rounds.map(({ slippedMs }) => slippedMs)).toFixed(0)} ms)\n`,
    );
    for (const reason of aborted) process.stdout.write(`  aborted: ${reason}\n`);
    for (const [kind, clients] of Object.entries({ failed, lost })) {
      const reasons = Map.groupBy(clients, ({ code, session }) => `${code}, ${session?.reason ?? 'no session'}`);
      for (const [reason, same] of reasons)
        process.stdout.write(`  ${same.length} ${kind}: ${reason}, such as ${JSON.stringify(same[0])}\n`);
    }
  }
}
const good = results.every((result) => result.good);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ times, good, results }, null, 2)}\n`);
process.exitCode = good ? 0 : 1;
