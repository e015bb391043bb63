import { createClientRateMemory, type ClientRateMemory } from './client-rates.ts';
import { createClientSessionMemory, type ClientSessionMemory } from './client-sessions.ts';

/**
 * The shared memory in which all relay threads count clients, for limits and rates that hold over all of them.
 */
export interface AccessMemory {
  readonly sessions: ClientSessionMemory;
  readonly rates: ClientRateMemory;
}

export function createAccessMemory(workers: number, random: () => number): AccessMemory {
  const seed = (): number => Math.floor(random() * 2 ** 32);
  return { sessions: createClientSessionMemory(workers, seed()), rates: createClientRateMemory(seed()) };
}
