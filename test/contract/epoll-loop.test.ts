import { closeSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EpollLoop } from '../../src/relay/driver/splice/epoll-loop.ts';
import { onEdge, openLibc, readyIn } from '../../src/relay/driver/splice/libc.ts';

/**
 * The splice driver's loop on the kernel's own events, with more events at once than one wait reports.
 */
const descriptors = 700;
const eight = new BigUint64Array([1n]);

test('events from before a timer was due are reported before it runs, however many there are', () => {
  using rig = loopRig(onEdge(readyIn));
  const toldWhenDue: number[] = [];
  const timer = rig.loop.clock.after(1, () => toldWhenDue.push(rig.told.size));
  rig.fill();
  rig.passTime(20);
  while (toldWhenDue.length === 0) rig.loop.turn(0);
  timer.cancel();

  expect(toldWhenDue).toEqual([descriptors]);
});

test('timers run although there are always more events to report', () => {
  // Level-triggered: the events are reported again for as long as the descriptors are not read.
  using rig = loopRig(readyIn);
  let isDue = false;
  rig.loop.clock.after(1, () => (isDue = true));
  rig.fill();
  rig.passTime(20);
  for (let turns = 0; turns < 20; turns++) rig.loop.turn(0);

  expect(isDue).toBe(true);
});

function loopRig(mask: number) {
  const libc = openLibc();
  if ('unavailable' in libc) throw new Error(libc.unavailable);
  const loop = new EpollLoop(libc);
  const told = new Set<number>();
  const all = Array.from({ length: descriptors }, () => libc.eventfd());
  for (const fd of all) loop.watch(fd, mask, { onReady: (ready) => void told.add(ready) });
  return {
    loop,
    told,
    fill() {
      for (const fd of all) writeSync(fd, eight);
    },
    passTime: (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
    [Symbol.dispose]() {
      for (const fd of all) closeSync(fd);
      closeSync(loop.wakeFd);
      loop.dispose();
    },
  };
}
