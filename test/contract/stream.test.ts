import { expect, test } from 'vitest';
import { Counters, CounterWriter, createCounterMemory } from '../../src/relay/counters.ts';
import { Dispatcher } from '../../src/relay/dispatcher.ts';
import { createStreamDriver } from '../../src/relay/stream/driver.ts';
import { dispatcherRig } from '../support/sockets-rig.ts';
import { Feed } from '../support/sockets-feed.ts';
import { pool, table, upstream } from '../support/sockets-tables.ts';
import { dial, serveEcho } from '../support/sockets.ts';
import { describeDriver } from './driver.contract.ts';
import type { ListenerStatus } from '../../src/relay/report.ts';

describeDriver('stream driver', () => dispatcherRig(() => createStreamDriver()));

test('stream: clients beyond the limit of open files are reset and it is said so; others are served on', async () => {
  await using server = await serveEcho();
  const memory = createCounterMemory(1, 4);
  const statuses = new Feed<ListenerStatus>();
  const troubles = new Feed<string>();
  const dispatcher = new Dispatcher(
    {
      driver: createStreamDriver({ maxChannels: 2 }),
      random: Math.random,
      counters: new CounterWriter(memory, 0),
      onRecord: () => {},
      onListener: (_, status) => statuses.push(status),
      onSuspect: () => {},
      onTrouble: (code) => troubles.push(code),
    },
    { reusePort: false },
  );
  using stack = new DisposableStack();
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
