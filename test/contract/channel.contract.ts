import { describe, expect, test } from 'vitest';
import type { Channel, ChannelEvents, Driver, Preface, RelayEnd } from '../../src/relay/driver/driver.ts';
import { Feed } from '../support/sockets/feed.ts';
import { dial, serve, type Peer, type TestServer } from '../support/sockets/sockets.ts';

/**
 * The behaviour of a driver towards a client before an upstream is dialed for it, and towards an upstream that gets a
 * preface.
 */
export function describeChannel(
  name: string,
  create: () => { readonly driver: Driver; readonly stop: () => void },
): void {
  describe(`${name}: a client that is peeked at`, () => {
    test('keeps its bytes: they are reported again as more arrive, and the upstream gets all of them', async () => {
      await using server = await serve();
      await using accepted = await clientOf(create);
      const { client, channel, seen } = accepted;
      channel.peek(100);
      client.socket.write('first ');
      await seen.find(({ text }) => text === 'first ');
      client.socket.write('second');
      await seen.find(({ text }) => text === 'first second');
      const peer = await accepted.relayTo(server);
      client.socket.write(' third');

      expect(await peer.read(18)).toBe('first second third');
      expect(channel.bytesUp).toBe(18);
    });

    test('is reported up to the limit, whatever it has sent', async () => {
      await using accepted = await clientOf(create);
      accepted.client.socket.write('x'.repeat(50_000));
      accepted.channel.peek(10);

      expect(await accepted.seen.find(() => true)).toEqual({ text: 'xxxxxxxxxx', ended: false });
    });

    test('is reported when it sends a thousand bytes one by one', async () => {
      await using accepted = await clientOf(create);
      accepted.channel.peek(2_000);
      for (let sent = 0; sent < 1_000; sent++) {
        accepted.client.socket.write('y');
        if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }

      expect(await accepted.seen.find(({ text }) => text.length === 1_000)).toEqual({
        text: 'y'.repeat(1_000),
        ended: false,
      });
    });

    test('is peeked at ever more seldom while it drips behind a long head', async () => {
      await using accepted = await clientOf(create);
      const peeks: number[] = [];
      const dripping = accepted.seen.find(() => {
        peeks.push(performance.now());
        return peeks.length === promptAndEvenPeeks + 8;
      });
      accepted.client.socket.write('h'.repeat(30_000));
      accepted.channel.peek(60_000);
      const drip = setInterval(() => accepted.client.socket.write('y'), 1);
      await dripping;
      clearInterval(drip);
      const pauses = peeks.map((atMs, index) => atMs - (peeks[index - 1] ?? atMs)).slice(-3);

      expect(Math.min(...pauses)).toBeGreaterThan(200);
    });

    test('is reported as ended, with the bytes that it sent before or with none', async () => {
      await using talker = await clientOf(create);
      talker.channel.peek(100);
      talker.client.socket.end('last words');
      expect(await talker.seen.find(({ ended }) => ended)).toEqual({ text: 'last words', ended: true });

      await using listener = await clientOf(create);
      listener.client.socket.end();
      listener.channel.peek(100);
      expect(await listener.seen.find(() => true)).toEqual({ text: '', ended: true });
    });

    test('is reported as left when it resets', async () => {
      await using accepted = await clientOf(create);
      accepted.channel.peek(100);
      accepted.client.socket.write('z');
      await accepted.seen.find(() => true);
      accepted.client.socket.resetAndDestroy();

      expect(await accepted.left.find(() => true)).toBe('reset');
    });

    test('loses the bytes that are consumed, and no more', async () => {
      await using server = await serve();
      await using accepted = await clientOf(create);
      accepted.channel.peek(100);
      accepted.client.socket.write('HEADER and body');
      await accepted.seen.find(({ text }) => text.length === 15);
      accepted.channel.consume(7);
      accepted.channel.peek(100);
      expect(await accepted.seen.find(({ text }) => text.length < 15)).toEqual({ text: 'and body', ended: false });
      accepted.channel.write(Buffer.from('S'));
      expect(await accepted.client.read(1)).toBe('S');
      const peer = await accepted.relayTo(server);

      expect(await peer.read(8)).toBe('and body');
    });

    test('is not reported to the owner that was attached before', async () => {
      await using accepted = await clientOf(create);
      accepted.channel.peek(100);
      accepted.client.socket.write('a');
      await accepted.seen.find(() => true);
      const later = new Feed<string>();
      accepted.channel.attach({ ...nothing, onClientBytes: (bytes) => later.push(Buffer.from(bytes).toString()) });
      accepted.client.socket.write('b');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(later.all).toEqual([]);
      accepted.channel.peek(100);

      expect(await later.find(() => true)).toBe('ab');
      expect(accepted.seen.all).toHaveLength(1);
    });

    test('has the address that it connected to', async () => {
      await using accepted = await clientOf(create);
      expect(accepted.channel.local).toBe(`127.0.0.1:${accepted.port}`);
    });
  });

  describe(`${name}: a client that is rejected`, () => {
    test('gets its answer and an end in order, though it goes on sending', async () => {
      await using accepted = await clientOf(create);
      const { client, channel } = accepted;
      client.socket.write('x'.repeat(200_000));
      channel.peek(1);
      await accepted.seen.find(() => true);
      channel.reject(Buffer.from('go away'));

      expect(await client.readToEnd()).toBe('go away');
      client.socket.write('x'.repeat(200_000));
      client.socket.end();
      expect(await client.closed).toBe('ended');
    });

    test('is not kept for long when it never ends', async () => {
      await using accepted = await clientOf(create);
      accepted.channel.reject(Buffer.from('go away'));

      expect(await accepted.client.readToEnd()).toBe('go away');
      const before = performance.now();
      while (!accepted.client.socket.destroyed && performance.now() - before < 10_000) {
        accepted.client.socket.write('still here');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(accepted.client.socket.destroyed).toBe(true);
    });
  });

  describe(`${name}: an upstream that gets a preface`, () => {
    test.each([
      ['before the bytes of a client that has sent some', true],
      ['before the bytes of a client that sends later', false],
    ])('gets it %s', async (_, early) => {
      await using server = await serve();
      await using accepted = await clientOf(create);
      if (early) {
        accepted.client.socket.write('hello');
        accepted.channel.peek(5);
        await accepted.seen.find(({ text }) => text === 'hello');
      }
      const peer = await accepted.relayTo(server, { bytes: Buffer.from('PREFACE ') });
      if (!early) {
        expect(await peer.read(8)).toBe('PREFACE ');
        accepted.client.socket.write('hello');
      }

      expect(await peer.read(early ? 13 : 5)).toBe(early ? 'PREFACE hello' : 'hello');
      expect(accepted.channel.bytesUp).toBe(5);
      peer.socket.end('answer');
      expect(await accepted.client.readToEnd()).toBe('answer');
    });

    test('gets a long preface whole, and a client’s end behind it', async () => {
      await using server = await serve();
      await using accepted = await clientOf(create);
      accepted.client.socket.end('hello');
      accepted.channel.peek(100);
      await accepted.seen.find(({ ended }) => ended);
      const preface = 'p'.repeat(60_000);
      const peer = await accepted.relayTo(server, { bytes: Buffer.from(preface) });

      expect(await peer.readToEnd()).toBe(`${preface}hello`);
    });

    test('answers with the expected byte, which is kept from the client, then gets the client’s bytes', async () => {
      await using server = await serve();
      await using accepted = await clientOf(create);
      accepted.client.socket.write('hello');
      accepted.channel.peek(5);
      await accepted.seen.find(({ text }) => text === 'hello');
      const peer = await accepted.relayTo(server, { bytes: Buffer.from('TLS?'), expect: 0x53 });
      expect(await peer.read(4)).toBe('TLS?');
      accepted.client.socket.write(' there');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(peer.unread).toBe(0);
      peer.socket.write('S and more');

      expect(await peer.read(11)).toBe('hello there');
      expect(await accepted.client.read(9)).toBe(' and more');
    });

    test.each(['N', ''])('that gives another answer (%j) ends the session', async (answer) => {
      await using server = await serve();
      await using accepted = await clientOf(create);
      const peer = await accepted.relayTo(server, { bytes: Buffer.from('TLS?'), expect: 0x53 });
      await peer.read(4);
      peer.socket.end(answer);

      expect(await accepted.relayEnded.find(() => true)).toBe('upstream-refused-tls');
      expect(await accepted.client.closed).toBe('reset');
    });

    test('that resets before it answers ends the session', async () => {
      await using server = await serve();
      await using accepted = await clientOf(create);
      const peer = await accepted.relayTo(server, { bytes: Buffer.from('TLS?'), expect: 0x53 });
      await peer.read(4);
      peer.socket.resetAndDestroy();

      expect(await accepted.relayEnded.find(() => true)).toBe('upstream-reset');
    });
  });
}

/** The peeks at a client that drips before the pauses grow (see peek-pace.ts). */
const promptAndEvenPeeks = 24;

const nothing: ChannelEvents = {
  onClientLeft() {},
  onDialed() {},
  onDialFailed() {},
  onUpstreamLost() {},
  onRelayEnded() {},
};

/** An accepted client, with the test in place of the session. */
async function clientOf(create: () => { readonly driver: Driver; readonly stop: () => void }) {
  const { driver, stop } = create();
  const accepted = Promise.withResolvers<Channel>();
  const bound = Promise.withResolvers<number>();
  const dialed = Promise.withResolvers<void>();
  const seen = new Feed<{ readonly text: string; readonly ended: boolean }>();
  const left = new Feed<'reset' | 'ended'>();
  const relayEnded = new Feed<RelayEnd>();
  const listener = driver.listen(
    { host: '127.0.0.1', port: 0, reusePort: false },
    {
      onListening: (_, port) => bound.resolve(port),
      onFailed: (code) => bound.reject(new Error(code)),
      onResourceWarning() {},
      onChannel(channel) {
        channel.attach({
          onClientBytes: (bytes, ended) => seen.push({ text: Buffer.from(bytes).toString('latin1'), ended }),
          onClientLeft: (how) => left.push(how),
          onDialed: () => dialed.resolve(),
          onDialFailed: (code) => dialed.reject(new Error(code)),
          onUpstreamLost() {},
          onRelayEnded: (reason) => relayEnded.push(reason),
        });
        accepted.resolve(channel);
      },
    },
  );
  const port = await bound.promise;
  const client = await dial(port);
  const channel = await accepted.promise;
  return {
    client,
    channel,
    port,
    seen,
    left,
    relayEnded,
    async relayTo(server: TestServer, preface?: Preface): Promise<Peer> {
      channel.dial({ host: '127.0.0.1', port: server.port });
      await dialed.promise;
      channel.relay(undefined, preface);
      return server.accept();
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      listener.close();
      channel.abort();
      stop();
    },
  };
}
