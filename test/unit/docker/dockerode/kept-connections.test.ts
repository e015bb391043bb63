import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createDockerodeEngine } from '../../../../src/docker/dockerode/dockerode-engine.ts';

const head = 'HTTP/1.1 200 OK\r\nServer: Docker/29.0 (linux)\r\nApi-Version: 1.52\r\nContent-Length: 2\r\n\r\n';

/** An engine that only pings: `answers` says whether the nth request of a connection is answered, or the connection cut. */
async function startPinging(answers: (nth: number) => boolean) {
  const connections: { readonly socket: Socket; requests: number }[] = [];
  const server = createServer((socket) => {
    const connection = { socket, requests: 0 };
    connections.push(connection);
    socket.on('error', () => {});
    socket.on('data', () => {
      connection.requests += 1;
      if (answers(connection.requests)) socket.write(`${head}OK`);
      else socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    engine: createDockerodeEngine(`tcp://127.0.0.1:${port}`),
    connections,
    requests: () => connections.map(({ requests }) => requests),
    async [Symbol.asyncDispose]() {
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a connection to the engine', () => {
  test('is kept for the next calls, and closed once there are none', async () => {
    await using engine = await startPinging(() => true);
    for (let call = 0; call < 3; call += 1) await engine.engine.ping();
    expect(engine.requests()).toEqual([3]);
    const socket = engine.connections[0]?.socket;
    if (socket?.closed === false) await once(socket, 'close');
    await engine.engine.ping();
    expect(engine.requests()).toEqual([3, 1]);
  });

  test('that the engine closes under a call is replaced, and the call is made again', async () => {
    await using engine = await startPinging((nth) => nth === 1);
    for (let call = 0; call < 3; call += 1) await engine.engine.ping();
    expect(engine.requests()).toEqual([2, 2, 1]);
  });

  test('that is new is not replaced', async () => {
    await using engine = await startPinging(() => false);
    await expect(engine.engine.ping()).rejects.toThrow('closes the connection');
    expect(engine.requests()).toEqual([1]);
  });
});
