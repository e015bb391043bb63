import { parseArgs } from 'node:util';
import { startRequestLoad } from '../support/swap/request-load.ts';
import { endOrphan, namedWhoami, startSwap } from '../support/swap/swap-command.ts';
import { standInContainer, standOnHost, type Stand } from './swap/stand.ts';

/**
 * `npm run soak:swap`: a service is swapped and given back again and again under 200 connections a second, in each way of
 * `sealane swap`, and the command is killed; once with Sealane on the host, and once in a container. The goal is that no
 * connection fails; the exit code is 1 when one does.
 * Options: `-- --times 20`, `-- --kills 5`, `-- --threads 2`, `-- --rounds 3`, `-- --on-host` or `-- --in-container`
 * (which needs a Docker engine, or root on Debian or Ubuntu) for one of both.
 */
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    kills: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '1' },
    'on-host': { type: 'boolean', default: false },
    'in-container': { type: 'boolean', default: false },
  },
});
const hasBoth = values['on-host'] === values['in-container'];
const places = [
  ...(hasBoth || values['on-host'] ? [() => standOnHost(values.threads)] : []),
  ...(hasBoth || values['in-container'] ? [() => standInContainer(values.threads, say)] : []),
];
for (const stands of places) {
  await using stand = await stands();
  for (let round = 0; round < Number(values.rounds); round++) if (!(await soak(stand))) process.exitCode = 1;
}

/** Whether no connection failed. */
async function soak(stand: Stand): Promise<boolean> {
  await using load = startRequestLoad(stand.port);
  const ways = [[], ['--drain'], ['--share', '30%'], ['--strict']] as const;
  for (let round = 0; round < Number(values.times); round++) {
    const way = ways[round % ways.length] ?? [];
    await using command = startSwap(...stand.admin, 'api', ...way, '--', ...namedWhoami('mine'));
    await load.more('mine', 50);
    await command.end('SIGTERM');
    await load.more('own', 50);
  }
  const lapsesMs: number[] = [];
  for (let round = 0; round < Number(values.kills); round++) {
    await using command = startSwap(...stand.admin, 'api', '--', ...namedWhoami('killed'));
    await load.more('killed', 50);
    const killedAtMs = performance.now();
    await command.end('SIGKILL');
    await stand.untilGivenBack();
    lapsesMs.push(performance.now() - killedAtMs);
    // On a busy machine the process may still be answering, and what dies with it is no fault of the swap.
    await load.more('own', 500);
    await endOrphan(command);
  }
  const { made, failed } = await load.stop('own', 'mine', 'killed');
  const count = Object.values(failed).reduce((sum, one) => sum + one, 0);
  say(
    `${count === 0 ? '✓' : '✗'} Sealane ${stand.title}: swapped and given back ${values.times} times, killed ${values.kills} ` +
      `times: ${made} connections, ${count} failed ${count === 0 ? '' : JSON.stringify(failed)}; given back after a kill ` +
      `within ${Math.max(0, ...lapsesMs).toFixed(0)} ms`,
  );
  if (count > 0) for (const line of await stand.failedSessions()) say(`  ${line}`);
  return count === 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
