import { homedir } from 'node:os';
import { noActions } from '../dockerode/dockerode-actions.ts';
import { createDockerodeEngine, type DockerodeEngineOptions } from '../dockerode/dockerode-engine.ts';
import { EngineClock } from '../engine-clock.ts';
import type { Engine } from '../engine.ts';
import { FirstAnswering, type EngineAt } from './first-answering.ts';
import type { FoundEngine } from './find-engines.ts';

/** Opens an engine at its address, or at the first of its addresses that answers. Connects only when called. */
export function openEngine({ addresses }: FoundEngine, options: DockerodeEngineOptions = {}): Engine {
  const [only, ...others] = addresses;
  if (others.length === 0) return createDockerodeEngine(only, options);
  // One clock for all, since an engine's clock is asked for before its first call.
  const clock = new EngineClock();
  const candidates = addresses.map((address): EngineAt => {
    return { address, engine: createDockerodeEngine(address, { ...options, clock }) };
  });
  const { allowed } = options.actions ?? noActions;
  return new FirstAnswering(candidates, { clock, home: homedir(), allowed });
}
