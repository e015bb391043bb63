import { describe, expect, test } from 'vitest';
import { createStreamDriver } from '../../src/relay/driver/stream/driver.ts';
import { dispatcherRig, roomFor, until } from '../support/sockets/rig.ts';
import { dial, serve, type TestServer } from '../support/sockets/sockets.ts';
import { describeChannel } from './channel.contract.ts';
import { describeDriver } from './driver.contract.ts';
import { describeTls } from './tls.contract.ts';
import { describeUpstreamTls } from './upstream-tls.contract.ts';
import { describeLimit } from './limit.contract.ts';
import type { Channel } from '../../src/relay/driver/driver.ts';

describeDriver('stream driver', () => dispatcherRig(() => createStreamDriver()));

describeTls('stream driver', () => dispatcherRig(() => createStreamDriver()));

describeUpstreamTls('stream driver', () => dispatcherRig(() => createStreamDriver()));

describeChannel('stream driver', () => ({ driver: createStreamDriver(), stop: () => {} }));

describeLimit('stream driver', 'are reset', () => ({
  driver: createStreamDriver({ sockets: roomFor(5) }),
  stop: () => {},
}));

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

  test('first delivers the bytes that a side has not taken yet', async () => {
    await using server = await serve();
    await using relay = await relayTo(server);
    await using client = await dial(relay.port);
    const peer = await server.accept();
    const channel = await relay.channel;
    // The client doesn't read: once the kernel's buffers are full, the bytes that the relay has read stay in its own
    // buffer.
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

/** A relay to one upstream without a session around it: the test owns the client's channel. */
async function relayTo(server: TestServer) {
  const channel = Promise.withResolvers<Channel>();
  const port = Promise.withResolvers<number>();
  const seen = { ended: 0 };
  const listener = createStreamDriver().listen(
    { host: '127.0.0.1', port: 0, reusePort: false },
    {
      onListening: (_, given) => port.resolve(given),
      onFailed: (code) => port.reject(new Error(code)),
      onResourceWarning() {},
      onChannel(client) {
        client.attach({
          onClientLeft() {},
          onDialFailed: (code) => channel.reject(new Error(code)),
          onUpstreamLost() {},
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
