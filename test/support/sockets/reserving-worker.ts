import { parentPort, workerData } from 'node:worker_threads';
import { CounterWriter, type CounterMemory } from '../../../src/relay/boundary/counters.ts';

/**
 * Takes places and gives them back as fast as it can, beside other threads that do the same. `held` counts the taken
 * places apart from the relay's own counters. Ends when it has taken `places` of them, and posts how often it saw more
 * than the limit.
 */
const { memory, index, limit, places, held } = workerData as {
  readonly memory: CounterMemory;
  readonly index: number;
  readonly limit: number;
  readonly places: number;
  readonly held: Int32Array;
};
const counters = new CounterWriter(memory, index);
const nothing = new Int32Array(new SharedArrayBuffer(4));
/** On a busy machine the thread that has the place may be waiting for this processor. */
const pause = (): unknown => Atomics.wait(nothing, 0, 0, 0.01);
let exceeded = 0;
let taken = 0;
while (taken < places) {
  if (!counters.reserve(1, limit)) {
    pause();
    continue;
  }
  taken += 1;
  if (Atomics.add(held, 0, 1) + 1 > limit) exceeded += 1;
  Atomics.sub(held, 0, 1);
  counters.addActive(1, -1);
}
parentPort?.postMessage({ exceeded });
