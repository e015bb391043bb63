import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { createStreamDriver } from '../../src/relay/driver/stream/driver.ts';
import { peerTimeouts, type PeerTimeouts } from '../../src/relay/driver/vanished-peer.ts';
import { dispatcherRig, publishAndBind, until, untilKernel, type DispatcherRig } from '../support/sockets/rig.ts';
import { dial, serve, type Peer } from '../support/sockets/sockets.ts';
import { spliceHere } from '../support/sockets/splice.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { hurry, isFull, otherEndOf, patienceOf, vanish } from '../support/sockets/vanish.ts';

/** The shortest that the kernel can do: a silent peer is given up after two seconds. */
const short: PeerTimeouts = { probeAfterMs: 1_000, probeIntervalMs: 1_000, probes: 1, longestRetryMs: 1_000 };

describe.concurrent.each([
  ['stream', (timeouts?: PeerTimeouts) => dispatcherRig(() => createStreamDriver({ ...(timeouts && { timeouts }) }))],
  [
    'splice',
    (timeouts?: PeerTimeouts) => {
      const splice = spliceHere({ tendingMs: 5, ...(timeouts && { timeouts }) });
      return dispatcherRig(() => splice.driver, splice.stop);
    },
  ],
] as const)('%s driver: a machine that vanishes', (_, createRig) => {
  test.each(['upstream', 'client'] as const)('as the %s of a silent session ends it', async (side) => {
    await using session = await meet(createRig(short));
    await talk(session);
    const { gone, left } = session.sides(side);
    vanish(gone.socket);

    expect(await session.rig.records.next()).toMatchObject({ reason: `${side}-timeout`, bytesUp: 2, bytesDown: 2 });
    expect(await left.closed).toBe('reset');
  });

  test.each(['upstream', 'client'] as const)(
    'as the %s with bytes on their way to it ends the session',
    async (side) => {
      await using session = await meet(createRig());
      await talk(session);
      const { gone, left } = session.sides(side);
      await session.isTended();
      hurry(otherEndOf(gone.socket), 500);
      vanish(gone.socket);
      left.socket.write('are you there?');

      expect(await session.rig.records.next()).toMatchObject({ reason: `${side}-timeout` });
      expect(await left.closed).toBe('reset');
    },
  );

  test('before a byte has passed leaves its client to another upstream', async () => {
    await using rig = createRig(short);
    await using first = await serve();
    await using second = await serve();
    const backup = upstream('second', { port: second.port, backup: true });
    const port = await publishAndBind(rig, table([pool([upstream('first', { port: first.port }), backup])]));
    await using client = await dial(port);
    vanish((await first.accept()).socket);
    const peer = await second.accept();
    peer.socket.end('hello');

    expect(await client.readToEnd()).toBe('hello');
    client.socket.end();
    const lastDialError = `ETIMEDOUT 127.0.0.1:${first.port}`;
    expect(await rig.records.next()).toMatchObject({ upstream: 'second', retries: 1, lastDialError });
  });

  test('is told from one that takes no bytes for longer, but acknowledges', async () => {
    await using full = await meet(createRig(short));
    await using silent = await meet(createRig(short));
    const bytes = Buffer.alloc(16 * 1024 * 1024, 'x');
    full.peer.socket.end(bytes);
    await untilKernel(() => isFull(full.client.socket));
    await talk(silent);
    vanish(silent.peer.socket);
    expect(await silent.rig.records.next()).toMatchObject({ reason: 'upstream-timeout' });

    expect(isFull(full.client.socket)).toBe(true);
    full.client.socket.end();
    expect(await buffer(full.client.socket)).toHaveLength(bytes.length);
    expect(await full.rig.records.find(() => true)).toMatchObject({ reason: 'finished', bytesDown: bytes.length });
  });

  test('is waited for as long on both sides, and no limit ends a peer that acknowledges', async () => {
    await using session = await meet(createRig());
    await session.isTended();
    await using server = await serve();
    await using other = await dial(server.port);
    const isLimitKnown = patienceOf(otherEndOf(other.socket)).longestRetryMs !== undefined;
    const expected = {
      ...peerTimeouts,
      isProbed: true,
      userTimeoutMs: 0,
      longestRetryMs: isLimitKnown ? peerTimeouts.longestRetryMs : undefined,
    };

    expect(patienceOf(otherEndOf(session.client.socket))).toEqual(expected);
    expect(patienceOf(otherEndOf(session.peer.socket))).toEqual(expected);
  });
});

type Session = Awaited<ReturnType<typeof meet>>;

/** Lets each side say something. */
async function talk({ client, peer }: Session): Promise<void> {
  client.socket.write('hi');
  await peer.read(2);
  peer.socket.write('ho');
  await client.read(2);
}

/** A session that no byte has passed yet. */
async function meet(rig: DispatcherRig) {
  const server = await serve();
  const port = await publishAndBind(rig, table([pool([upstream('api-1', { port: server.port })])]));
  const client = await dial(port);
  const peer = await server.accept();
  return {
    rig,
    client,
    peer,
    sides: (gone: 'client' | 'upstream'): { readonly gone: Peer; readonly left: Peer } =>
      gone === 'client' ? { gone: client, left: peer } : { gone: peer, left: client },
    /** A splice driver spares short sessions the calls on the upstream's socket. */
    isTended: () => until(() => patienceOf(otherEndOf(peer.socket)).probeAfterMs === peerTimeouts.probeAfterMs),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rig.close();
    },
  };
}
