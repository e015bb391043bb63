import { openSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Counters, CounterWriter, createCounterMemory, threadCell } from '../../../../src/relay/boundary/counters.ts';
import type { Driver } from '../../../../src/relay/driver/driver.ts';
import { createReceivedCount } from '../../../../src/relay/boundary/descriptor-channel.ts';
import { nothingDetected } from '../../../../src/relay/intake/detect/step.ts';
import { clientInfoOf, type ClientInfo } from '../../../../src/relay/intake/client-info.ts';
import type { SessionRecord } from '../../../../src/relay/boundary/report.ts';
import { TlsEntrance } from '../../../../src/relay/worker/tls-entrance.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { FakeChannel, FakeDriver } from '../../../support/sockets/fake-channel.ts';

/** One thread accepts clients; another speaks TLS for it. */
describe('a client that is handed off to another thread', () => {
  test.each(['with detection', 'without detection'])(
    'is accepted once, and open in one thread at a time (%s)',
    async (which) => {
      const { sender, receiver, connect, counters, entered } = createThreads();
      const channel = new FakeChannel();
      const clientInfo = which === 'with detection' ? clientInfoOf(channel.client, 1_000, nothingDetected) : undefined;
      if (clientInfo) sender.counters.count(threadCell.accepted, 1);
      sender.entrance.handOff(Object.assign(channel, { release: () => 7 }), { ...where, clientInfo });
      expect(sender.entrance.waiting).toBe(1);
      expect([counters.totals().accepted, counters.open]).toEqual([1, 1]);
      connect();
      expect(sender.entrance.waiting).toBe(0);
      expect([counters.totals().accepted, counters.open]).toEqual([1, 0]);
      expect(await entered).toMatchObject({
        client: channel.client,
        startedAtWallMs: clientInfo ? 1_000 : sender.startedAtMs,
      });
      expect([counters.totals().accepted, counters.open]).toEqual([1, 1]);
      expect(receiver.records).toEqual([]);
      sender.entrance.end();
    },
  );

  test('is counted as closed when its thread dies, and not when the other does', async () => {
    const { sender, connect, counters, entered } = createThreads();
    const channel = Object.assign(new FakeChannel(), { release: () => 7 });
    sender.entrance.handOff(channel, { ...where, clientInfo: undefined });
    connect();
    await entered;
    counters.clearWorker(0);
    expect(counters.open).toBe(1);
    counters.clearWorker(1);
    expect(counters.open).toBe(0);
    sender.entrance.end();
  });

  test('is recorded as ended by the shutdown if it still waits when its thread stops', () => {
    const { sender, counters } = createThreads();
    const channel = Object.assign(new FakeChannel(), { release: () => openSync('/dev/null', 'r') });
    sender.entrance.handOff(channel, { ...where, clientInfo: undefined });
    sender.entrance.close();
    expect(sender.records).toMatchObject([{ reason: 'shutdown', service: 's', client: channel.client }]);
    expect([counters.totals().accepted, counters.open]).toEqual([1, 0]);
  });
});

const where = { listener: 'l', service: 's', tls: 'passthrough' } as const;
function createThreads() {
  const memory = createCounterMemory(2, 2);
  const clock = new ManualClock();
  const entered = Promise.withResolvers<ClientInfo | undefined>();
  const create = (worker: number, driver: Driver) => {
    const counters = new CounterWriter(memory, worker);
    const records: SessionRecord[] = [];
    const entrance = new TlsEntrance({
      driver,
      counters,
      onRecord: (record) => void records.push(record),
      onResourceWarning() {},
      ticketKeys: undefined,
      poolFor() {
        throw new Error('no client’s TLS is ended here');
      },
      cancels: {
        deliver() {
          throw new Error('no query is cancelled here');
        },
      },
      enter: (_channel, _listener, _service, clientInfo) => entered.resolve(clientInfo),
      onFewer() {},
    });
    return { counters, records, entrance, startedAtMs: clock.wallMs() };
  };
  const sender = create(0, new FakeDriver(clock));
  const adopt = (_fd: number, client: string): FakeChannel => new FakeChannel(client);
  const receiver = create(1, Object.assign(new FakeDriver(clock), { adopt }));
  const { port1, port2 } = new MessageChannel();
  const receivedCount = createReceivedCount();
  receiver.entrance.connect({ port: port1, receivedCount });
  return {
    sender,
    receiver,
    counters: new Counters(memory),
    entered: entered.promise,
    connect: () => sender.entrance.connect({ port: port2, receivedCount }),
  };
}
