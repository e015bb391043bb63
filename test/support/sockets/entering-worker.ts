import { parentPort, workerData } from 'node:worker_threads';
import { ClientSessions, type ClientSessionMemory } from '../../../src/relay/boundary/client-sessions.ts';

/**
 * Opens and ends one client's sessions as fast as it can, beside other threads that do the same. `held` counts the open
 * sessions apart from the relay's own counters. Ends when it has opened `places` sessions, and posts how often it saw
 * more than the limit.
 */
const { memory, index, limit, places, held } = workerData as {
  readonly memory: ClientSessionMemory;
  readonly index: number;
  readonly limit: number;
  readonly places: number;
  readonly held: Int32Array;
};
const sessions = new ClientSessions(memory, index);
const nothing = new Int32Array(new SharedArrayBuffer(4));
/** On a busy machine the thread that has the place may be waiting for this processor. */
const pause = (): unknown => Atomics.wait(nothing, 0, 0, 0.01);
let exceeded = 0;
let taken = 0;
while (taken < places) {
  const place = sessions.acquire('api', '10.0.0.1', limit);
  if (place === undefined) {
    pause();
    continue;
  }
  taken += 1;
  if (Atomics.add(held, 0, 1) + 1 > limit) exceeded += 1;
  Atomics.sub(held, 0, 1);
  sessions.release(place);
}
parentPort?.postMessage({ exceeded });
