import { parentPort, workerData } from 'node:worker_threads';
import { CounterWriter, type CounterMemory } from '../../src/relay/counters.ts';

/**
 * Takes places and gives them back, as fast as it can, beside others that do the same. `held` counts apart from the
 * relay's own counters who has a place; posts how often it saw more than the limit, and how often it got one.
 */
const { memory, index, limit, rounds, held } = workerData as {
  readonly memory: CounterMemory;
  readonly index: number;
  readonly limit: number;
  readonly rounds: number;
  readonly held: Int32Array;
};
const counters = new CounterWriter(memory, index);
let exceeded = 0;
let taken = 0;
for (let round = 0; round < rounds; round++) {
  if (!counters.reserve(1, limit)) continue;
  taken += 1;
  if (Atomics.add(held, 0, 1) + 1 > limit) exceeded += 1;
  Atomics.sub(held, 0, 1);
  counters.addActive(1, -1);
}
parentPort?.postMessage({ exceeded, taken });
