import { describe, expect, test } from 'vitest';
import { Counters, CounterWriter, createCounterMemory } from '../../src/relay/counters.ts';
import { Dispatcher } from '../../src/relay/dispatcher.ts';
import { createStreamDriver } from '../../src/relay/stream/driver.ts';
import { dispatcherRig, until } from '../support/sockets-rig.ts';
import { Feed } from '../support/sockets-feed.ts';
import { pool, table, upstream } from '../support/sockets-tables.ts';
import { dial, serve, serveEcho, type TestServer } from '../support/sockets.ts';
import { describeDriver } from './driver.contract.ts';
import type { Channel } from '../../src/relay/driver.ts';
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

describe('stream: a channel that is finished', () => {
  test('ends in order on both sides, not with a reset', async () => {
    await using server = await serve();
    await using relay = await relayTo(server);
    await using client = await dial(relay.port);
    const peer = await server.accept();
    const channel = await relay.channel;
    client.socket.write('question');
    expect(await peer.read(8)).toBe('question');
    peer.socket.write('answer');
    expect(await client.read(6)).toBe('answer');
    channel.finish();

    await Promise.all([client.ended, peer.ended]);
    client.socket.end();
    peer.socket.end();
    expect(await Promise.all([client.closed, peer.closed])).toEqual(['ended', 'ended']);
    expect(relay.ended).toBe(0);
  });

  test('delivers first what it has read for a side that has not taken it yet', async () => {
    await using server = await serve();
    await using relay = await relayTo(server);
    await using client = await dial(relay.port);
    const peer = await server.accept();
    const channel = await relay.channel;
    // The client doesn't read: once the kernel is full, what the relay has read stays in its own buffer.
    let sent = 0;
    while (!channel.hasUnsent) {
      peer.socket.write('x'.repeat(32_768));
      sent += 32_768;
      await until(() => channel.bytesDown === sent);
    }
    channel.finish();

    expect(await client.readToEnd()).toHaveLength(sent);
    client.socket.end();
    expect(await client.closed).toBe('ended');
  });
});

/** A relay of one upstream without any session around it: the channel of its client is the test's. */
async function relayTo(server: TestServer) {
  const channel = Promise.withResolvers<Channel>();
  const port = Promise.withResolvers<number>();
  const seen = { ended: 0 };
  const listener = createStreamDriver().listen(
    { host: '127.0.0.1', port: 0, reusePort: false },
    {
      onListening: (_, given) => port.resolve(given),
      onFailed: (code) => port.reject(new Error(code)),
      onTrouble() {},
      onChannel(client) {
        client.attach({
          onClientLeft() {},
          onDialFailed: (code) => channel.reject(new Error(code)),
          onDialed() {
            client.relay(undefined);
            channel.resolve(client);
          },
          onRelayEnded: () => void (seen.ended += 1),
        });
        client.dial({ host: '127.0.0.1', port: server.port });
      },
    },
  );
  return {
    port: await port.promise,
    channel: channel.promise,
    get ended() {
      return seen.ended;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      (await channel.promise).abort();
    },
  };
}
