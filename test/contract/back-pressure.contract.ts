import { readFileSync } from 'node:fs';
import { resetNow } from '../../src/relay/driver/stream/reset.ts';
import { describe, expect, test } from 'vitest';
import { pour, soak } from '../support/sockets/bulk.ts';
import { publishAndBind, until, type CreateRig, type Rig } from '../support/sockets/rig.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serve, type Peer, type TestServer } from '../support/sockets/sockets.ts';

/**
 * The behaviour that any driver must show when one side does not take the bytes of the other.
 */
const megabyte = 1024 * 1024;

/** The most bytes that the kernel holds for the two connections of a session, one way (tcp(7), tcp_rmem and tcp_wmem). */
function mostInSockets(): number {
  if (process.platform !== 'linux') return 32 * megabyte;
  const most = (name: string): number => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').split(/\s+/)[2]);
  return 2 * (most('tcp_rmem') + most('tcp_wmem'));
}

export function describeBackPressure(createRig: CreateRig): void {
  const bind = (rig: Rig, server: TestServer): Promise<number> =>
    publishAndBind(rig, table([pool([upstream('api-1', { port: server.port })])]));
  /**
   * Lets a client send until neither the relay nor the upstream takes any more of its bytes, and returns how many the
   * relay has taken.
   */
  const stalled = async (rig: Rig, server: TestServer, client: Peer): Promise<{ taken: number; peer: Peer }> => {
    const peer = await server.accept();
    void pour(client.socket, 64 * megabyte, 3);
    await stallOf(() => client.socket.bytesWritten - client.socket.writableLength);
    return { taken: await stallOf(() => rig.bytes('api-1').up, 1_200), peer };
  };

  describe('back-pressure', () => {
    test.each(['client', 'upstream'] as const)(
      'a slow %s holds the other side back, and costs little more than its sockets hold',
      async (slow) => {
        await using rig = createRig();
        await using server = await serve();
        const port = await bind(rig, server);
        await using client = await dial(port);
        const peer = await server.accept();
        const mostHeld = mostInSockets() + 8 * megabyte;
        const [sender, reader] = slow === 'client' ? [peer, client] : [client, peer];

        const length = mostHeld + megabyte;
        const checksum = pour(sender.socket, length, 3);
        const swallowed = await stallOf(() => sender.socket.bytesWritten - sender.socket.writableLength);
        expect(swallowed).toBeLessThan(mostHeld);

        expect(await soak(reader.socket)).toEqual({ length, checksum: await checksum });
      },
    );

    test('a client that resets while the upstream takes no bytes ends its session all the same', async () => {
      await using rig = createRig();
      await using server = await serve();
      await using client = await dial(await bind(rig, server));
      const { peer } = await stalled(rig, server, client);
      resetNow(client.socket);

      await until(() => rig.records.all.length > 0);
      expect(rig.records.all[0]?.reason).toBe('client-reset');
      expect(rig.active('api-1')).toBe(0);
      peer.socket.resume();
      expect(await peer.closed).toBe('reset');
    });

    test('bytes that a client sent before it reset still reach an upstream that takes bytes again', async () => {
      await using rig = createRig();
      await using server = await serve();
      await using client = await dial(await bind(rig, server));
      const { taken, peer } = await stalled(rig, server, client);
      resetNow(client.socket);
      peer.socket.resume();

      expect(await peer.closed).toBe('reset');
      const record = await rig.records.find(() => true);
      expect(record.reason).toBe('client-reset');
      expect(record.bytesUp).toBeGreaterThan(taken);
    });
  });
}

/** The value at which a growing number has stayed for a while: no event reports that a sender is held back. */
async function stallOf(read: () => number, everyMs = 400): Promise<number> {
  for (let before = -1; ;) {
    const now = read();
    if (now === before && now > 0) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
