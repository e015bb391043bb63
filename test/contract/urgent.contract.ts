import { describe, expect, test } from 'vitest';
import { publishAndBind, until, type CreateRig } from '../support/sockets/rig.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serve, type Peer, type TestServer } from '../support/sockets/sockets.ts';
import { sendUrgent, writeOut } from '../support/sockets/urgent.ts';

/**
 * The behaviour of any driver towards urgent data (tcp(7)): the urgent byte itself is dropped, and no other one.
 */
const sizes = [1, 5_000, 70_000, 300_000];
const cases = sizes.flatMap((before) => sizes.map((after) => [before, after] as const));

export function describeUrgentData(createRig: CreateRig): void {
  describe('an urgent byte', () => {
    test.each(['client', 'upstream'] as const)('of the %s loses none of the bytes around it', async (sender) => {
      await using rig = createRig();
      await using server = await serve();
      const port = await publishAndBind(rig, table([pool([upstream('api-1', { port: server.port })])]));
      for (const [before, after] of cases) {
        await using client = await dial(port);
        const peer = await hearer(client, server);
        const [from, to] = sender === 'client' ? [client, peer] : [peer, client];
        const sent = await sendAround(from, before, after);
        from.socket.end();
        const arrived = await to.read(sent.length);
        expect({ before, after, arrived: sent.equals(Buffer.from(arrived, 'latin1')) }).toEqual({
          before,
          after,
          arrived: true,
        });
        await to.ended;
        const ended = rig.records.next();
        to.socket.end();
        expect(await ended).toMatchObject({ reason: 'finished', bytesUp: 1 + (sender === 'client' ? sent.length : 0) });
      }
    });

    test('of a client that waits for its answer holds up none of the bytes behind it', async () => {
      await using rig = createRig();
      await using server = await serve();
      const port = await publishAndBind(rig, table([pool([upstream('api-1', { port: server.port })])]));
      for (const [before, after] of cases) {
        await using client = await dial(port);
        const peer = await hearer(client, server);
        const sent = await sendAround(client, before, after);
        expect(await peer.read(sent.length)).toBe(sent.toString('latin1'));
        peer.socket.write('answer');
        expect(await client.read(6)).toBe('answer');
        const ended = rig.records.next();
        client.socket.end();
        peer.socket.end();
        expect(await ended).toMatchObject({ reason: 'finished', bytesUp: 1 + sent.length, bytesDown: 6 });
      }
    });

    test('within the head of a request does not hide the name behind it', async () => {
      await using rig = createRig();
      await using server = await serve();
      const pools = [pool([upstream('web', { port: server.port })], { service: 'web' })];
      const names = [{ kind: 'host', pattern: 'web.test', service: 'web', tls: 'passthrough' }] as const;
      const port = await publishAndBind(rig, table(pools, [{ ...listener('web'), service: undefined, names }]));
      await using client = await dial(port);
      await writeOut(client.socket, Buffer.from('GET / HTTP/1.1\r\n'));
      await sendUrgent(client.socket);
      await writeOut(client.socket, Buffer.from('Host: web.test\r\n\r\n'));
      const peer = await server.accept();
      expect(await peer.read(34)).toBe('GET / HTTP/1.1\r\nHost: web.test\r\n\r\n');
    });
  });
}

/**
 * The upstream's connection that gets a first byte of the client. Where this machine is busy, a second dial is made beside
 * the first, and the server accepts both.
 */
async function hearer(client: Peer, server: TestServer): Promise<Peer> {
  client.socket.write('?');
  const hears = (): Peer | undefined => server.peers.find(({ unread }) => unread > 0);
  await until(() => hears() !== undefined);
  const peer = hears();
  await peer?.read(1);
  return peer ?? client;
}

async function sendAround({ socket }: Peer, before: number, after: number): Promise<Buffer> {
  const bytes = Buffer.alloc(before + after);
  for (let index = 0; index < bytes.length; index++) bytes[index] = (index * 7 + (index >> 8)) & 0xff;
  await writeOut(socket, bytes.subarray(0, before));
  await sendUrgent(socket);
  await writeOut(socket, bytes.subarray(before));
  return bytes;
}
