import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Counters, CounterWriter, createCounterMemory } from '../../src/relay/counters.ts';
import { Dispatcher } from '../../src/relay/dispatcher.ts';
import type { ListenerStatus } from '../../src/relay/report.ts';
import { Feed } from '../support/sockets-feed.ts';
import { dispatcherRig, until } from '../support/sockets-rig.ts';
import { openFiles, spliceHere } from '../support/sockets-splice.ts';
import { pool, table, upstream } from '../support/sockets-tables.ts';
import { dial, serveEcho } from '../support/sockets.ts';
import { describeDriver } from './driver.contract.ts';

describeDriver('splice driver', () => {
  const splice = spliceHere();
  return dispatcherRig(() => splice.driver, splice.stop);
});

test('splice: clients beyond the limit of open files are reset and it is said so; others are served on', async () => {
  await using server = await serveEcho();
  const memory = createCounterMemory(1, 4);
  const statuses = new Feed<ListenerStatus>();
  const troubles = new Feed<string>();
  const splice = spliceHere({ maxChannels: 2 });
  const dispatcher = new Dispatcher(
    {
      driver: splice.driver,
      random: Math.random,
      counters: new CounterWriter(memory, 0),
      onRecord: () => {},
      onSuspect: () => {},
      onListener: (_, status) => statuses.push(status),
      onTrouble: (code) => troubles.push(code),
    },
    { reusePort: false },
  );
  using stack = new DisposableStack();
  stack.defer(splice.stop);
  stack.defer(() => dispatcher.close());
  dispatcher.apply(table([pool([upstream('a', { port: server.port })])]), new Map([['a', 1]]));
  const status = await statuses.find(() => true);
  const port = status.kind === 'listening' ? status.port : 0;
  await using first = await dial(port);
  await using second = await dial(port);
  await Promise.all([first.echo('1'), second.echo('2')]);
  await using third = await dial(port);

  expect(await third.closed).toBe('reset');
  expect(troubles.all).toEqual(['EMFILE']);
  expect(await first.echo('on')).toBe('on');
  first.socket.end();
  await first.closed;
  await using fourth = await dial(port);
  expect(await fourth.echo('4')).toBe('4');
  expect(new Counters(memory).worker(0).accepted).toBe(3);
});

test('splice: what it opened is closed again when it is disposed of', async () => {
  const before = openFiles();
  const splice = spliceHere();
  splice.stop();
  await until(() => openFiles() === before);
  expect(openFiles()).toBe(before);
});

test.each(['exit', 'throw'])('splice: a process that ends without closing its relay (%s) is not kept', async (how) => {
  const script = fileURLToPath(new URL('../support/sockets-exit.ts', import.meta.url));
  const child = spawn(process.execPath, [script, 'splice', how], { stdio: ['ignore', 'ignore', 'pipe'] });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const kill = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(kill);
  expect(code).toBe(how === 'exit' ? 7 : 1);
  expect(errors.join('')).not.toContain('ExperimentalWarning');
});
