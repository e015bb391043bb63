import { describe, expect, test } from 'vitest';
import type { ListenerSpec, NameSpec, PoolSpec } from '../../src/relay/boundary/table.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { publishAndBind, until, type CreateRig } from '../support/sockets/rig.ts';
import { listener, pool, table, upstream } from '../support/sockets/tables.ts';
import { dial, serve, type TestServer } from '../support/sockets/sockets.ts';

/**
 * Postgres' CancelRequest: it comes on a connection of its own, and every upstream that may run the query gets it.
 */
export const cancelRequest = Buffer.from([0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 1, 2, 0xca, 0xfe, 0xba, 0xbe]);
/** Version 3.2 of the protocol has longer keys. */
const longRequest = Buffer.concat([Buffer.from([0, 0, 0, 44, 0x04, 0xd2, 0x16, 0x2e]), Buffer.alloc(36, 7)]);

export function describeCancels(createRig: CreateRig): void {
  describe('a request to cancel a query', () => {
    test.each([
      ['a pool', { postgres: true, service: 'a' }, ['a-1', 'a-2']],
      ['the services of TLS names', { names: [sni('a.test', 'a'), sni('b.test', 'b')] }, ['a-1', 'a-2', 'b-1']],
      ['those and the catch-all', { postgres: true, names: [sni('b.test', 'b')], service: 'a' }, ['a-1', 'a-2', 'b-1']],
      ['the catch-all beside hosts', { postgres: true, names: [host('b.test', 'b')], service: 'a' }, ['a-1', 'a-2']],
    ] as const)('goes to every upstream of %s, and is closed as servers close it', async (_, options, reached) => {
      await using scene = await createScene(createRig);
      const port = await scene.bind(options);
      for (const request of [cancelRequest, longRequest]) {
        await using client = await dial(port);
        const ended = scene.rig.records.next();
        client.socket.write(request.subarray(0, 5));
        await new Promise((resolve) => setImmediate(resolve));
        client.socket.write(request.subarray(5));
        for (const name of reached) {
          const peer = await scene.server(name).accept();
          expect(await peer.read(request.length)).toBe(request.toString('latin1'));
          expect(client.socket.readableEnded).toBe(false);
          peer.socket.end();
        }

        expect(await client.readToEnd()).toBe('');
        client.socket.end();
        const { length } = reached;
        expect(await ended).toMatchObject({
          reason: 'finished',
          detail: expect.stringContaining(`${length} of ${length}`) as string,
        });
      }
      await until(() => scene.rig.totals().open === 0);
      const others = ['a-1', 'a-2', 'b-1'].filter((name) => !(reached as readonly string[]).includes(name));
      expect(others.flatMap((name) => scene.server(name).peers)).toEqual([]);
    });

    test('goes to upstreams that accept no new sessions or have no room for one', async () => {
      await using scene = await createScene(createRig);
      const port = await scene.bind({ postgres: true, service: 'a' }, { 'a-1': 'unavailable', 'a-2': 'suspect' });
      await using client = await dial(port);
      client.socket.write(cancelRequest);
      for (const name of ['a-1', 'a-2']) (await scene.server(name).accept()).socket.end();

      expect(await client.readToEnd()).toBe('');
    });

    test('tells each upstream the client’s address where a PROXY header does', async () => {
      await using scene = await createScene(createRig, { proxyProtocol: 'v1' });
      const port = await scene.bind({ postgres: true, service: 'a' });
      await using client = await dial(port);
      client.socket.write(cancelRequest);
      for (const name of ['a-1', 'a-2']) {
        const header = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} ${port}\r\n`;
        const peer = await scene.server(name).accept();
        expect(await peer.read(header.length + 16)).toBe(header + cancelRequest.toString('latin1'));
        peer.socket.end();
      }
      expect(await client.readToEnd()).toBe('');
    });

    test('is finished without an upstream that refuses', async () => {
      await using rig = createRig();
      await using server = await serve();
      const upstreams = [upstream('dead', { port: await freePort() }), upstream('live', { port: server.port })];
      const port = await publishAndBind(
        rig,
        table([pool(upstreams, { service: 'a' })], [shared({ postgres: true, service: 'a' })]),
      );
      await using client = await dial(port);
      client.socket.write(cancelRequest);
      (await server.accept()).socket.end();

      expect(await client.readToEnd()).toBe('');
      expect(await rig.records.find(() => true)).toMatchObject({ detail: expect.stringContaining('1 of 2') as string });
    });

    test('goes to no service that does not admit its client', async () => {
      await using scene = await createScene(createRig, { deny: ['127.0.0.0/8'] });
      const port = await scene.bind({ names: [sni('a.test', 'a'), sni('b.test', 'b')] });
      await using client = await dial(port);
      client.socket.write(cancelRequest);

      expect(await client.closed).toBe('reset');
      expect(await scene.rig.records.find(() => true)).toMatchObject({ reason: 'denied' });
      expect(['a-1', 'a-2', 'b-1'].flatMap((name) => scene.server(name).peers)).toEqual([]);
    });

    test('is closed when the relay closes', async () => {
      await using scene = await createScene(createRig);
      const port = await scene.bind({ postgres: true, service: 'a' });
      await using client = await dial(port);
      client.socket.write(cancelRequest);
      const peer = await scene.server('a-1').accept();
      await peer.read(16);
      await scene.rig.close();

      expect(await client.closed).toBe('reset');
      expect(await peer.readToEnd()).toBe('');
    });

    test('is the only first message that a pool of Postgres treats differently: other clients are relayed', async () => {
      await using scene = await createScene(createRig);
      const port = await scene.bind({ postgres: true, service: 'b', sniffTimeoutMs: 30 });
      const startup = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0]);
      for (const first of [startup, Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(0)]) {
        await using client = await dial(port);
        client.socket.write(first);
        const peer = await scene.server('b-1').accept();
        peer.socket.write('R');
        expect(await client.read(1)).toBe('R');
        expect(await peer.read(first.length)).toBe(first.toString('latin1'));
        peer.socket.end();
      }
    });
  });
}

const sni = (pattern: string, service: string): NameSpec => ({ kind: 'sni', pattern, service, tls: 'passthrough' });
const host = (pattern: string, service: string): NameSpec => ({ ...sni(pattern, service), kind: 'host' });

function shared(options: Partial<ListenerSpec>): ListenerSpec {
  return { ...listener('none', 0, 'shared'), service: undefined, ...options };
}

/** Two services, of two upstreams and of one. */
async function createScene(createRig: CreateRig, options: Partial<PoolSpec> = {}) {
  const rig = createRig();
  const servers = new Map<string, TestServer>();
  for (const name of ['a-1', 'a-2', 'b-1']) servers.set(name, await serve());
  const server = (name: string): TestServer => {
    const found = servers.get(name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  return {
    rig,
    server,
    bind(listens: Partial<ListenerSpec>, availability: Readonly<Record<string, 'unavailable' | 'suspect'>> = {}) {
      const pools = ['a', 'b'].map((service) => {
        const names = [...servers.keys()].filter((name) => name.startsWith(service));
        const upstreams = names.map((name) =>
          upstream(name, { port: server(name).port, availability: availability[name] ?? 'ready', maxConnections: 1 }),
        );
        return pool(upstreams, { service, ...options });
      });
      return publishAndBind(rig, table(pools, [shared(listens)]));
    },
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      for (const one of servers.values()) await one[Symbol.asyncDispose]();
    },
  };
}
