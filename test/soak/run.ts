import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareEngine } from './engine.ts';
import { readOptions } from './options.ts';
import { runScenario, type Outcome } from './run-scenario.ts';
import { forMachines, isGood, table } from './report.ts';

/**
 * `npm run soak`: repeats everything that happens to containers, under load on a real engine. The goal is that no
 * connection fails that Sealane could have saved; the exit code is 1 when one does. It takes about a quarter of an
 * hour; `-- --times 2` and `-- --only crash` shorten it.
 */
const perSecond = 200;
const longLived = 50;

const { times, chosen, json, logs } = readOptions(process.argv.slice(2));
const startedMs = performance.now();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}

await using engine = await prepareEngine(say);
if (logs !== undefined) await mkdir(logs, { recursive: true });
const outcomes: Outcome[] = [];
for (const scenario of chosen) {
  const outcome = await runScenario(engine, scenario, {
    times,
    perSecond,
    longLived,
    signal: interrupted.signal,
    onLog: async (lines) => {
      if (logs === undefined) return;
      await writeFile(join(logs, `${scenario.name}.log`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    },
    onRound: (done) => process.stderr.isTTY && process.stderr.write(`\r${scenario.name} ${done} of ${times}`),
  });
  outcomes.push(outcome);
  const { rounds, connections, failed, unavoidable, longestWaitMs, abortReason } = outcome;
  say(
    `${isGood(outcome) ? '✓' : '✗'} ${scenario.name}: ${rounds} rounds, ${connections} connections, ` +
      `${failed.length} failed, ${unavoidable.length} unavoidable, longest ${longestWaitMs.toFixed(0)} ms` +
      (abortReason === undefined ? '' : `; ${abortReason}`),
  );
}
const good = outcomes.every(isGood);
const failures = outcomes.reduce((sum, { failed }) => sum + failed.length, 0);
process.stdout.write(`\n${table(outcomes)}\n\n`);
process.stdout.write(
  `${good ? '✓' : '✗'} ${failures} failed connections (goal 0) in ${outcomes.length} scenarios × ${times} rounds\n`,
);
if (json !== undefined)
  await writeFile(
    json,
    `${JSON.stringify({ times, perSecond, longLived, good, outcomes: outcomes.map(forMachines) }, null, 2)}\n`,
  );
process.exitCode = good ? 0 : 1;

function say(line: string): void {
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}[${seconds} s] ${line}\n`);
}
