import { parentPort, workerData } from 'node:worker_threads';
import { ClientSessions, type ClientSessionMemory } from '../../src/relay/access/client-sessions.ts';

/**
 * One client's sessions come and go as fast as they can, beside others that do the same. `held` counts apart from the
 * relay who is in; posts how often it saw more than the limit, and how often it got in.
 */
const { memory, index, limit, rounds, held } = workerData as {
  readonly memory: ClientSessionMemory;
  readonly index: number;
  readonly limit: number;
  readonly rounds: number;
  readonly held: Int32Array;
};
const sessions = new ClientSessions(memory, index);
let exceeded = 0;
let taken = 0;
for (let round = 0; round < rounds; round++) {
  const place = sessions.enter('api', '10.0.0.1', limit);
  if (place === undefined) continue;
  taken += 1;
  if (Atomics.add(held, 0, 1) + 1 > limit) exceeded += 1;
  Atomics.sub(held, 0, 1);
  sessions.leave(place);
}
parentPort?.postMessage({ exceeded, taken });
