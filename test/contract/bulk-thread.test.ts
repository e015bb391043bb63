import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { workerCode } from '../../src/relay/plane/worker-code.ts';
import { dispatcherRig, publishAndBind, until, type CreateRig, type DispatcherRig } from '../support/sockets/rig.ts';
import { dial, serve, type TestServer } from '../support/sockets/sockets.ts';
import { openFiles, spliceHere, type SpliceHere } from '../support/sockets/splice.ts';
import { pool, table, upstream } from '../support/sockets/tables.ts';
import { describeBackPressure } from './back-pressure.contract.ts';
import { describeBytes } from './bytes.contract.ts';
import { describeUrgentData } from './urgent.contract.ts';

/**
 * The splice driver whose bulk thread takes over each direction that fills its share of one turn, as it else does only
 * with bulk that delays small messages.
 */
const eager = {
  bulkCode: workerCode().bulk,
  lendingRule: { fullTurns: 1, withinMs: Infinity, smallMessages: 0 },
};

const createRig: CreateRig = () => {
  const splice = spliceHere(eager);
  return dispatcherRig(() => splice.driver, splice.stop);
};

describe('splice driver, with all bulk in the bulk thread', () => {
  describeBytes(createRig);
  describeUrgentData(createRig);
  describeBackPressure(createRig);
});

describe('the bulk thread', () => {
  test('starts when bulk delays small messages, and not for bulk alone', async () => {
    const splice = spliceHere({ ...eager, lendingRule: { fullTurns: 32, withinMs: Infinity, smallMessages: 4 } });
    await using rig = dispatcherRig(() => splice.driver, splice.stop);
    await using server = await serve();
    const port = await publishAndBind(rig, table([pool([upstream('api-1', { port: server.port })])]));
    await using poured = await bulkThrough(port, server);
    await until(() => poured.received() > 100 * megabyte);
    expect(bulkThreads()).toBe(0);

    await using client = await dial(port);
    const peer = await server.accept();
    await until(() => {
      client.socket.write('ping');
      return bulkThreads() === 1;
    });
    peer.socket.end();
  });

  test('gives back a direction whose client resets, and closes its descriptors', () =>
    whileBulkIsLent(async ({ rig, poured }) => {
      poured.client.socket.resetAndDestroy();
      expect(await rig.records.next()).toMatchObject({ reason: 'client-reset' });
      expect(await poured.peer.closed).toBe('reset');
      await rig.close();
    }));

  test('ends with a driver that is disposed while bulk passes', () =>
    whileBulkIsLent(async ({ splice, poured }) => {
      splice.stop();
      expect(await poured.client.closed).toBe('reset');
    }));

  test('resets the sessions that it has when it dies, and the others go on', async () => {
    const dying = { script: 'setTimeout(() => { throw new Error("on purpose"); }, 50)', isSource: true };
    const splice = spliceHere({ ...eager, bulkCode: dying });
    await using rig = dispatcherRig(() => splice.driver, splice.stop);
    await using server = await serve();
    const port = await publishAndBind(rig, table([pool([upstream('api-1', { port: server.port })])]));
    await using other = await dial(port);
    const otherPeer = await server.accept();
    const warned = once(process, 'warning');
    await using poured = await bulkThrough(port, server);

    expect(await poured.client.closed).toBe('reset');
    expect(String(await warned)).toContain('on purpose');
    other.socket.write('still there');
    expect(await otherPeer.read(11)).toBe('still there');
    await using next = await bulkThrough(port, server);
    await until(() => next.received() > 50 * megabyte);
  });

  test('counts as activity what it moves, and its end as idleness', async () => {
    const splice = spliceHere(eager);
    await using rig = dispatcherRig(() => splice.driver, splice.stop);
    await using server = await serve();
    const spec = pool([upstream('api-1', { port: server.port })], { idleTimeoutMs: 300 });
    const port = await publishAndBind(rig, table([spec]));
    await using poured = await bulkThrough(port, server);
    const startedMs = performance.now();
    await until(() => bulkThreads() === 1 && performance.now() - startedMs > 1_000);
    expect(rig.active('api-1')).toBe(1);

    poured.stop();
    expect(await rig.records.next()).toMatchObject({ reason: 'idle-timeout', bytesUp: 0 });
  });
});

const megabyte = 1024 * 1024;

/** A client that reads what a server pours until it is told to stop. */
async function bulkThrough(port: number, server: TestServer) {
  const client = await dial(port);
  const peer = await server.accept();
  let received = 0;
  const pouring = { isOver: false };
  client.socket.on('data', (bytes: Buffer) => (received += bytes.length));
  const block = Buffer.alloc(megabyte);
  const pourOn = (): void => {
    while (!pouring.isOver && peer.socket.write(block));
  };
  peer.socket.on('drain', pourOn);
  pourOn();
  return {
    client,
    peer,
    received: () => received,
    stop: () => (pouring.isOver = true),
    async [Symbol.asyncDispose]() {
      pouring.isOver = true;
      await client[Symbol.asyncDispose]();
    },
  };
}

/** `end` ends the driver while the bulk thread has a direction; no descriptor may be left then. */
async function whileBulkIsLent(
  end: (parts: {
    splice: SpliceHere;
    rig: DispatcherRig;
    poured: Awaited<ReturnType<typeof bulkThrough>>;
  }) => Promise<void>,
): Promise<void> {
  const before = await filesWithoutBulkThreads();
  const splice = spliceHere(eager);
  const rig = dispatcherRig(() => splice.driver, splice.stop);
  {
    await using server = await serve();
    const port = await publishAndBind(rig, table([pool([upstream('api-1', { port: server.port })])]));
    await using poured = await bulkThrough(port, server);
    await until(() => bulkThreads() === 1 && poured.received() > megabyte);
    await end({ splice, rig, poured });
  }
  await until(() => bulkThreads() === 0 && openFiles() === before);
}

/** The number of open descriptors, once the threads of earlier drivers have ended. */
async function filesWithoutBulkThreads(): Promise<number> {
  await until(() => bulkThreads() === 0);
  return openFiles();
}

/** The number of this process's bulk threads. */
function bulkThreads(): number {
  const names = readdirSync('/proc/self/task').map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
    } catch {
      return 'gone';
    }
  });
  return names.filter((name) => name === 'bulk').length;
}
