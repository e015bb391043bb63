import { expect, it } from 'vitest';
import { uniqueName } from '../support/engine/containers.ts';
import { startReplica } from '../support/engine/replica.ts';
import { askSealane } from '../support/sealane/ask.ts';
import { sealaneCommand, startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { openTerminal } from '../support/sealane/terminal.ts';

it('status, why, events and top show containers that start and stop, and mistakes in their labels', async () => {
  const prefix = uniqueName('label');
  const [admin, port] = [`127.0.0.1:${await freePort()}`, await freePort()];
  await using sealane = startSealane('--label-prefix', prefix, '--bind', '127.0.0.1', '--admin', admin);
  await sealane.line({ event: 'engine-connected' });
  await using terminal = await openTerminal(`${sealaneCommand.join(' ')} top --admin ${admin}`, { columns: 140 });
  await terminal.shows(/no services yet/);

  const labels = { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: 'web' };
  await using first = await startReplica({ labels });
  await using second = await startReplica({ labels: { ...labels, [`${prefix}.wieght`]: '\u001b[31m3' } });
  await terminal.shows(/^web +(?:up|degraded) +2\/2 /m);
  // All upstreams have room, so all are shown.
  await terminal.shows(new RegExp(`^ {2}${first.name} +ready`, 'm'));

  const ask = (...args: readonly string[]) => askSealane([...args, '--admin', admin]);
  const { stdout: status } = await ask('status');
  expect(status).toMatch(new RegExp(`^web +127\\.0\\.0\\.1:${port} +\\w+ +2/2 `, 'm'));
  expect(status).toContain(
    `problem ${second.name}: unknown label "${prefix}.wieght" (did you mean "${prefix}.weight"?)`,
  );

  expect(await ask('why', second.name)).toMatchObject({ stdout: expect.stringContaining(`${prefix}.weight`) });
  expect(await ask('why', 'web')).toMatchObject({ code: 0 });

  await first.stop();
  await terminal.shows(/^web +\w+ +1\/1 /m);
  await second.pause();
  await terminal.shows(/^web +down +0\/1 /m);
  await terminal.shows(new RegExp(`^ {2}${second.name} +paused`, 'm'));
  expect(await ask('why', 'web')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^web is unreachable: .*paused/),
  });
  await second.unpause();
  await terminal.shows(/^web +\w+ +1\/1 /m);

  const { stdout: events } = await ask('events');
  expect(events).toMatch(new RegExp(`engine kill .*${first.name}`));
  expect(events).toMatch(new RegExp(`${second.name} in web is paused`));
});
