import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  Counters,
  CounterWriter,
  createCounterMemory,
  overflowSlot,
  threadCell,
  upstreamCell,
} from '../../../../src/relay/boundary/counters.ts';
import { RecordSender } from '../../../../src/relay/worker/record-sender.ts';
import type { ListenerStatus, SessionRecord } from '../../../../src/relay/boundary/report.ts';
import { SharedListeners } from '../../../../src/relay/plane/shared-listeners.ts';
import { Slots, type SlotUse } from '../../../../src/relay/boundary/slots.ts';
import type { KeyChange } from '../../../../src/relay/boundary/table-change.ts';
import { workerCode } from '../../../../src/relay/plane/worker-code.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { listener, table } from '../../../support/sockets/tables.ts';

describe('counters', () => {
  test('sum up the cells of all workers', () => {
    const memory = createCounterMemory(3, 8);
    const writers = [0, 1, 2].map((index) => new CounterWriter(memory, index));
    for (const [index, writer] of writers.entries()) {
      writer.addActive(5, 1);
      writer.add(5, upstreamCell.bytesUp, 10 ** index);
      writer.count(threadCell.accepted, 1);
      writer.addHeld(2, index);
    }
    const reader = new Counters(memory);
    expect(reader.totalsOf(5)).toMatchObject({ active: 3, bytesUp: 111, bytesDown: 0 });
    for (const slot of [4, 6]) expect(reader.totalsOf(slot)).toMatchObject({ active: 0, bytesUp: 0 });
    expect(reader.worker(1)).toMatchObject({ accepted: 1, closed: 0 });
    expect(reader.totals()).toMatchObject({ accepted: 3, closed: 0 });
    expect([1, 2, 3].map((slot) => reader.heldOf(slot))).toEqual([0, 3, 0]);
    expect(reader.held).toBe(3);
  });

  test('lose the open sessions of a worker that died, but not its totals', () => {
    const memory = createCounterMemory(2, 8);
    const [first, second] = [new CounterWriter(memory, 0), new CounterWriter(memory, 1)];
    for (const writer of [first, second]) {
      writer.addActive(1, 1);
      writer.add(1, upstreamCell.sessions, 1);
      writer.count(threadCell.accepted, 2);
      writer.addHeld(1, 1);
    }
    const reader = new Counters(memory);
    reader.clearWorker(0);
    expect(reader.totalsOf(1)).toMatchObject({ active: 1, sessions: 2 });
    expect(reader.worker(0)).toMatchObject({ accepted: 2, closed: 2 });
    expect(reader.worker(1)).toMatchObject({ accepted: 2, closed: 0 });
    expect([reader.heldOf(1), reader.held, reader.open]).toEqual([1, 1, 2]);
  });

  test('reserve sessions up to a limit over all workers, and don’t count a refused one', () => {
    const memory = createCounterMemory(2, 8);
    const [first, second] = [new CounterWriter(memory, 0), new CounterWriter(memory, 1)];
    expect([first.reserve(1, 2), second.reserve(1, 2), first.reserve(1, 2), second.reserve(1, 2)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(first.activeOf(1)).toBe(2);
    second.addActive(1, -1);
    expect(first.reserve(1, 2)).toBe(true);
  });

  test('never reserve more than the limit for threads that race', async () => {
    const memory = createCounterMemory(4, 2);
    const held = new Int32Array(new SharedArrayBuffer(4));
    const url = new URL('../../../support/sockets/reserving-worker.ts', import.meta.url);
    const outcomes = await Promise.all(
      [0, 1, 2, 3].map(async (index) => {
        const worker = new Worker(url, { workerData: { memory, index, limit: 2, places: 2_000, held } });
        const [outcome] = (await once(worker, 'message')) as [{ readonly exceeded: number }];
        return outcome;
      }),
    );
    expect(outcomes).toEqual(outcomes.map(() => ({ exceeded: 0 })));
    expect(new Counters(memory).activeOf(1)).toBe(0);
  });

  test('start at zero for the next owner of a slot, without a change to the slots beside it', () => {
    const memory = createCounterMemory(2, 8);
    const writer = new CounterWriter(memory, 1);
    for (const slot of [1, 2, 3]) writer.add(slot, upstreamCell.dials, 7);
    writer.clearSlot(2);
    expect([1, 2, 3].map((slot) => writer.totalsOf(slot).dials)).toEqual([7, 0, 7]);
  });
});

describe('slots', () => {
  const use = (appliedByAll: number, active: readonly number[] = []): SlotUse & { readonly cleared: number[] } => {
    const cleared: number[] = [];
    return {
      appliedByAll,
      isActive: (slot) => active.includes(slot),
      clear: (slot) => void cleared.push(slot),
      cleared,
    };
  };

  const coming = (...present: readonly string[]): KeyChange => ({ present, left: [] });
  const leaving = (...left: readonly string[]): KeyChange => ({ present: [], left });

  test('stay with their upstream and are not shared', () => {
    const slots = new Slots(8);
    const first = slots.assign(coming('a', 'b'), 1, use(0));
    const second = slots.assign(coming('b', 'c', 'a'), 2, use(1));
    expect(second.get('a')).toBe(first.get('a'));
    expect(new Set(second.values()).size).toBe(3);
    expect([...second.values()]).not.toContain(overflowSlot);
    expect(slots.all).toEqual(second);
  });

  test('are reused only when every worker has dropped the upstream and none has a session on it', () => {
    const slots = new Slots(8);
    const old = slots.assign(coming('a'), 1, use(0)).get('a') ?? -1;
    slots.assign(leaving('a'), 2, use(1));
    expect(slots.assign(coming('b'), 3, use(1)).get('b')).not.toBe(old);
    expect(slots.assign(coming('c'), 4, use(3, [old])).get('c')).not.toBe(old);
    const last = use(4);
    expect(slots.assign(coming('d'), 5, last).get('d')).toBe(old);
    expect(last.cleared).toEqual([old]);
  });

  test('are assigned again to an upstream that returns', () => {
    const slots = new Slots(8);
    const before = slots.assign(coming('a'), 1, use(0)).get('a');
    slots.assign(leaving('a'), 2, use(1));
    expect(slots.slotOf('a')).toBe(before);
    expect(slots.assign(coming('a'), 3, use(1)).get('a')).toBe(before);
  });

  test('run out into a shared one, and count the upstreams that share it', () => {
    const slots = new Slots(3);
    expect(slots.assign(coming('a', 'b', 'c', 'd'), 1, use(0)).get('d')).toBe(overflowSlot);
    expect(slots.without).toBe(2);
    slots.assign(leaving('c', 'd'), 2, use(1));
    expect(slots.without).toBe(0);
  });
});

describe('the record sender', () => {
  const record = { service: 's' } as SessionRecord;
  const createRecordSender = () => {
    const clock = new ManualClock();
    const sent: { readonly size: number; readonly dropped: number }[] = [];
    const recordSender = new RecordSender(
      { clock, send: (records, dropped) => void sent.push({ size: records.length, dropped }) },
      { batchSize: 10, delayMs: 50, maxInFlight: 2, maxWaiting: 15 },
    );
    const add = (count: number): void => {
      for (let index = 0; index < count; index++) recordSender.add(record);
    };
    return { clock, sent, recordSender, add };
  };

  test('sends a full batch at once and a lone record after a short while', () => {
    const { clock, sent, add } = createRecordSender();
    add(11);
    expect(sent).toEqual([{ size: 10, dropped: 0 }]);
    clock.advance(50);
    expect(sent).toEqual([
      { size: 10, dropped: 0 },
      { size: 1, dropped: 0 },
    ]);
  });

  test('keeps a limited number of records for a busy reader, and reports how many it dropped', () => {
    const { sent, recordSender, add, clock } = createRecordSender();
    add(20 + 15 + 7);
    clock.advance(1_000);
    expect(sent).toHaveLength(2);
    recordSender.onReceived();
    expect(sent[2]).toEqual({ size: 10, dropped: 7 });
    recordSender.onReceived();
    recordSender.onReceived();
    clock.advance(50);
    expect(sent[3]).toEqual({ size: 5, dropped: 0 });
  });

  test('sends all waiting records at the end', () => {
    const { sent, recordSender, add } = createRecordSender();
    add(20 + 15);
    recordSender.sendAll();
    expect(sent.map(({ size }) => size)).toEqual([10, 10, 10, 5]);
  });
});

describe('a listen address that several workers share', () => {
  const spec = listener('s', 0, 'k');
  const withPort0 = table([], [spec]);
  const listening: ListenerStatus = { kind: 'listening', host: '127.0.0.1', port: 4_000 };
  const failed: ListenerStatus = { kind: 'failed', code: 'EADDRINUSE', message: 'taken' };

  test('with port 0 is bound by worker 0 first, then by all workers with the port that it was assigned', () => {
    const shared = new SharedListeners(2);
    expect(shared.tableFor(0, withPort0).listeners).toEqual([spec]);
    expect(shared.tableFor(1, withPort0).listeners).toEqual([]);
    expect(shared.onStatus(0, spec, listening)).toEqual({ report: undefined, portFound: true });
    for (const worker of [0, 1]) expect(shared.tableFor(worker, withPort0).listeners[0]?.port).toBe(4_000);
    expect(shared.onStatus(1, spec, listening)).toEqual({ report: listening, portFound: false });
  });

  test('has failed when one worker can’t bind, listens when all do, and only changes are reported', () => {
    const shared = new SharedListeners(2);
    const fixed = { ...spec, port: 4_000 };
    expect(shared.onStatus(1, fixed, failed).report).toEqual(failed);
    expect(shared.onStatus(0, fixed, failed).report).toBeUndefined();
    expect(shared.onStatus(0, fixed, listening).report).toBeUndefined();
    expect(shared.onStatus(1, fixed, listening).report).toEqual(listening);
    shared.forgetWorker(1);
    expect(shared.onStatus(1, fixed, listening).report).toBeUndefined();
  });

  test('is forgotten by the table that drops it', () => {
    const shared = new SharedListeners(1);
    shared.onStatus(0, spec, listening);
    shared.keepOnly(table([], []));
    expect(shared.tableFor(0, withPort0).listeners).toEqual([spec]);
    expect(shared.onStatus(0, spec, listening).report).toEqual(listening);
  });
});

test.each([
  [
    'file:///app/src/relay/plane/worker-code.ts',
    '/app/src/relay/worker/worker.ts',
    '/app/src/relay/driver/splice/bulk/thread.ts',
  ],
  ['file:///app/dist/chunks/daemon-x1.js', '/app/dist/relay-worker.js', '/app/dist/bulk-thread.js'],
  ['file:///app/dist/main.js', '/app/dist/relay-worker.js', '/app/dist/bulk-thread.js'],
])('seen from %s relay threads run %s and bulk threads %s', (from, relay, bulk) => {
  expect(workerCode(from)).toEqual({
    relay: { script: relay, isSource: false },
    bulk: { script: bulk, isSource: false },
  });
});
