import { parseArgs } from 'node:util';
import { startProgram } from '../support/programs/programs.ts';
import { executable, startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { startRequestLoad } from '../support/swap/request-load.ts';
import { endOrphan, namedWhoami, startSwap } from '../support/swap/swap-command.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * `npm run soak:swap`: a service is swapped and given back again and again under 200 connections a second, in each way of
 * `sealane swap`, and the command is killed. The goal is that no connection fails; the exit code is 1 when one does.
 * Options: `-- --times 20`, `-- --kills 5`, `-- --threads 2`.
 */
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    kills: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
  },
});

await using folder = await tempFolder();
const owns = [await freePort(), await freePort()];
const port = await freePort();
const admin = `127.0.0.1:${await freePort()}`;
const upstreams = owns.map((own) => `'127.0.0.1:${own}'`).join(', ');
const config = await folder.write(
  'sealane.yaml',
  `services: { shop/api: { listen: ${port}, drain: 1s, upstreams: [${upstreams}] } }\n`,
);
await using running = new AsyncDisposableStack();
for (const own of owns) {
  const whoami = ['env', 'WHOAMI_NAME=own', process.execPath, executable, 'whoami', '--port', `${own}`];
  running.use(await startProgram(whoami, [own]));
}
await using sealane = startSealane(
  ...['--docker', 'none', '--config', config, '--admin', admin, '--workers', values.threads, '--access-log', 'failed'],
);
await sealane.line({ event: 'route-opened', service: 'shop/api' });
await using load = startRequestLoad(port);

const ways = [[], ['--drain'], ['--share', '30%'], ['--strict']] as const;
for (let round = 0; round < Number(values.times); round++) {
  const way = ways[round % ways.length] ?? [];
  await using command = startSwap('--admin', admin, 'api', ...way, '--', ...namedWhoami('mine'));
  await load.more('mine', 50);
  await command.end('SIGTERM');
  await load.more('own', 50);
  say(`swapped and given back ${round + 1} times ${way.join(' ')}`);
}
for (let round = 0; round < Number(values.kills); round++) {
  await using command = startSwap('--admin', admin, 'api', '--', ...namedWhoami('killed'));
  await load.more('killed', 50);
  const from = sealane.lines.length;
  await command.end('SIGKILL');
  await sealane.line({ event: 'stand-in-ended', reason: 'its lease of 5s ran out' }, from);
  // On a busy machine the process may still be answering, and what dies with it is no fault of the swap.
  await load.more('own', 500);
  await endOrphan(command);
  say(`killed ${round + 1} times`);
}
const { made, failed } = await load.stop('own', 'mine', 'killed');
const count = Object.values(failed).reduce((sum, one) => sum + one, 0);
say(`${count === 0 ? '✓' : '✗'} ${made} connections, ${count} failed ${count === 0 ? '' : JSON.stringify(failed)}`);
process.exitCode = count === 0 ? 0 : 1;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
