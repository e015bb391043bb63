import { expect, test } from 'vitest';
import { Courier } from '../../../../../src/relay/driver/splice/courier.ts';
import type { DialParts } from '../../../../../src/relay/driver/splice/upstream/dial.ts';
import { again } from '../../../../../src/relay/driver/splice/libc.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

/** A courier whose upstream sends as fast as it is read: so many pieces, and then its end or nothing. */
function start(pieces: number, last: number) {
  let reads = 0;
  const deferred: { runDeferred(): void }[] = [];
  const libc = {
    write: (_fd: number, _from: unknown, length: number) => length,
    read: () => (reads++ < pieces ? 65_536 : last),
  };
  const loop = {
    clock: new ManualClock(),
    defer: (one: { runDeferred(): void }) => void deferred.push(one),
    handTo() {},
  };
  const chunks = { scratch: { bytes: new Uint8Array(65_536) } };
  const ends: boolean[] = [];
  const delivery = {
    endpoint: { host: '127.0.0.1', port: 1 },
    bytes: Uint8Array.of(1),
    patienceMs: 1_000,
    hasRoom: true,
  };
  const courier = new Courier({ libc, loop, chunks } as unknown as DialParts, delivery, (is) => void ends.push(is));
  deferred.length = 0;
  courier.onDialed();
  const turn = (): number => {
    const before = reads;
    for (const one of deferred.splice(0)) one.runDeferred();
    return reads - before;
  };
  return { courier, deferred, ends, turn, loop };
}

test('a delivery reads a bounded number of times in one turn of its loop, and goes on in the next', () => {
  const { turn, ends } = start(40, 0);
  expect([turn(), turn(), turn(), turn()]).toEqual([16, 16, 9, 0]);
  expect(ends).toEqual([true]);
});

test('a delivery goes on once a turn, however often its socket is reported', () => {
  const { courier, deferred, turn } = start(1_000, again);
  for (let nth = 0; nth < 5; nth++) courier.onReady();
  expect(deferred).toHaveLength(1);
  turn();
  expect(deferred).toHaveLength(1);
});

test('a delivery is over after its time, although its upstream still sends', () => {
  const { turn, ends, loop, deferred } = start(1_000_000, 0);
  turn();
  loop.clock.advance(1_000);
  expect(ends).toEqual([true]);
  expect([turn(), deferred.length]).toEqual([0, 0]);
});
