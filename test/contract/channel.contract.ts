import { describe, expect, test } from 'vitest';
import type { Channel, ChannelEvents, Driver, Preface, RelayEnd } from '../../src/relay/driver/driver.ts';
import { Feed } from '../support/sockets/feed.ts';
import { dial, serve, type Peer, type TestServer } from '../support/sockets/sockets.ts';

/**
 * What a driver does with a client before anybody is dialed for it, and with what is said to an upstream first.
 */
export function describeChannel(
  name: string,
  create: () => { readonly driver: Driver; readonly stop: () => void },
): void {
  describe(`${name}: a client that is peeked at`, () => {
    test('keeps its bytes: they are told again as more comes, and the upstream gets all of them', async () => {
      await using server = await serve();
      await using head = await clientOf(create);
      const { client, channel, seen } = head;
      channel.peek(100);
      client.socket.write('first ');
      await seen.find(({ text }) => text === 'first ');
      client.socket.write('second');
      await seen.find(({ text }) => text === 'first second');
      const peer = await head.relayTo(server);
      client.socket.write(' third');

      expect(await peer.read(18)).toBe('first second third');
      expect(channel.bytesUp).toBe(18);
    });

    test('is told of up to the limit, whatever it has sent', async () => {
      await using head = await clientOf(create);
      head.client.socket.write('x'.repeat(50_000));
      head.channel.peek(10);

      expect(await head.seen.find(() => true)).toEqual({ text: 'xxxxxxxxxx', ended: false });
    });

    test('is told of when it comes byte by byte, a thousand of them', async () => {
      await using head = await clientOf(create);
      head.channel.peek(2_000);
      for (let sent = 0; sent < 1_000; sent++) {
        head.client.socket.write('y');
        if (sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }

      expect(await head.seen.find(({ text }) => text.length === 1_000)).toEqual({
        text: 'y'.repeat(1_000),
        ended: false,
      });
    });

    test('is peeked at ever more seldom while it drips behind a long head', async () => {
      await using head = await clientOf(create);
      const peeks: number[] = [];
      const dripping = head.seen.find(() => {
        peeks.push(performance.now());
        return peeks.length === promptAndEvenPeeks + 8;
      });
      head.client.socket.write('h'.repeat(30_000));
      head.channel.peek(60_000);
      const drip = setInterval(() => head.client.socket.write('y'), 1);
      await dripping;
      clearInterval(drip);
      const pauses = peeks.map((atMs, index) => atMs - (peeks[index - 1] ?? atMs)).slice(-3);

      expect(Math.min(...pauses)).toBeGreaterThan(200);
    });

    test('is told to have ended, with what it sent before or with nothing', async () => {
      await using talker = await clientOf(create);
      talker.channel.peek(100);
      talker.client.socket.end('last words');
      expect(await talker.seen.find(({ ended }) => ended)).toEqual({ text: 'last words', ended: true });

      await using listener = await clientOf(create);
      listener.client.socket.end();
      listener.channel.peek(100);
      expect(await listener.seen.find(() => true)).toEqual({ text: '', ended: true });
    });

    test('is told to have left when it is reset', async () => {
      await using head = await clientOf(create);
      head.channel.peek(100);
      head.client.socket.write('z');
      await head.seen.find(() => true);
      head.client.socket.resetAndDestroy();

      expect(await head.left.find(() => true)).toBe('reset');
    });

    test('loses what is taken, and no more', async () => {
      await using server = await serve();
      await using head = await clientOf(create);
      head.channel.peek(100);
      head.client.socket.write('HEADER and body');
      await head.seen.find(({ text }) => text.length === 15);
      head.channel.consume(7);
      head.channel.peek(100);
      expect(await head.seen.find(({ text }) => text.length < 15)).toEqual({ text: 'and body', ended: false });
      head.channel.write(Buffer.from('S'));
      expect(await head.client.read(1)).toBe('S');
      const peer = await head.relayTo(server);

      expect(await peer.read(8)).toBe('and body');
    });

    test('is not told of to whoever was attached before', async () => {
      await using head = await clientOf(create);
      head.channel.peek(100);
      head.client.socket.write('a');
      await head.seen.find(() => true);
      const later = new Feed<string>();
      head.channel.attach({ ...nothing, onClientBytes: (bytes) => later.push(Buffer.from(bytes).toString()) });
      head.client.socket.write('b');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(later.all).toEqual([]);
      head.channel.peek(100);

      expect(await later.find(() => true)).toBe('ab');
      expect(head.seen.all).toHaveLength(1);
    });

    test('knows the address that it came to', async () => {
      await using head = await clientOf(create);
      expect(head.channel.local).toBe(`127.0.0.1:${head.port}`);
    });
  });

  describe(`${name}: a client that is rejected`, () => {
    test('gets its answer and an end in order, though it goes on sending', async () => {
      await using head = await clientOf(create);
      const { client, channel } = head;
      client.socket.write('x'.repeat(200_000));
      channel.peek(1);
      await head.seen.find(() => true);
      channel.reject(Buffer.from('go away'));

      expect(await client.readToEnd()).toBe('go away');
      client.socket.write('x'.repeat(200_000));
      client.socket.end();
      expect(await client.closed).toBe('ended');
    });

    test('is not kept for long when it never ends', async () => {
      await using head = await clientOf(create);
      head.channel.reject(Buffer.from('go away'));

      expect(await head.client.readToEnd()).toBe('go away');
      const before = performance.now();
      while (!head.client.socket.destroyed && performance.now() - before < 10_000) {
        head.client.socket.write('still here');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(head.client.socket.destroyed).toBe(true);
    });
  });

  describe(`${name}: an upstream that is told something first`, () => {
    test.each([
      ['before a client that was there already', true],
      ['before a client that speaks later', false],
    ])('gets it %s', async (_, early) => {
      await using server = await serve();
      await using head = await clientOf(create);
      if (early) {
        head.client.socket.write('hello');
        head.channel.peek(5);
        await head.seen.find(({ text }) => text === 'hello');
      }
      const peer = await head.relayTo(server, { bytes: Buffer.from('PREFACE ') });
      if (!early) {
        expect(await peer.read(8)).toBe('PREFACE ');
        head.client.socket.write('hello');
      }

      expect(await peer.read(early ? 13 : 5)).toBe(early ? 'PREFACE hello' : 'hello');
      expect(head.channel.bytesUp).toBe(5);
      peer.socket.end('answer');
      expect(await head.client.readToEnd()).toBe('answer');
    });

    test('gets a long one whole, and a client’s end behind it', async () => {
      await using server = await serve();
      await using head = await clientOf(create);
      head.client.socket.end('hello');
      head.channel.peek(100);
      await head.seen.find(({ ended }) => ended);
      const preface = 'p'.repeat(60_000);
      const peer = await head.relayTo(server, { bytes: Buffer.from(preface) });

      expect(await peer.readToEnd()).toBe(`${preface}hello`);
    });

    test('answers with the expected byte, which nobody else sees, and only then hears the client', async () => {
      await using server = await serve();
      await using head = await clientOf(create);
      head.client.socket.write('hello');
      head.channel.peek(5);
      await head.seen.find(({ text }) => text === 'hello');
      const peer = await head.relayTo(server, { bytes: Buffer.from('TLS?'), expect: 0x53 });
      expect(await peer.read(4)).toBe('TLS?');
      head.client.socket.write(' there');
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(peer.unread).toBe(0);
      peer.socket.write('S and more');

      expect(await peer.read(11)).toBe('hello there');
      expect(await head.client.read(9)).toBe(' and more');
    });

    test.each(['N', ''])('that answers otherwise (%j) ends the session', async (answer) => {
      await using server = await serve();
      await using head = await clientOf(create);
      const peer = await head.relayTo(server, { bytes: Buffer.from('TLS?'), expect: 0x53 });
      await peer.read(4);
      peer.socket.end(answer);

      expect(await head.relayEnded.find(() => true)).toBe('upstream-refused-tls');
      expect(await head.client.closed).toBe('reset');
    });

    test('that is reset before it answers ends the session', async () => {
      await using server = await serve();
      await using head = await clientOf(create);
      const peer = await head.relayTo(server, { bytes: Buffer.from('TLS?'), expect: 0x53 });
      await peer.read(4);
      peer.socket.resetAndDestroy();

      expect(await head.relayEnded.find(() => true)).toBe('upstream-reset');
    });
  });
}

/** Of a client that drips, before the pauses grow (see peek-pace.ts). */
const promptAndEvenPeeks = 24;

const nothing: ChannelEvents = {
  onClientLeft() {},
  onDialed() {},
  onDialFailed() {},
  onUpstreamLost() {},
  onRelayEnded() {},
};

/** A client that was accepted, with the test as the session around it. */
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
      onTrouble() {},
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
