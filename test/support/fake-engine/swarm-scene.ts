import type { SwarmSnapshot } from '../../../src/docker/swarm/facts.ts';
import { createSwarmWatch, type SwarmWatch } from '../../../src/swarm/swarm-watch.ts';
import type { LogFields } from '../../../src/telemetry/logger.ts';
import { ManualClock } from '../manual-clock.ts';
import { settle } from './port.ts';
import { InMemorySwarm } from './swarm-port.ts';

/**
 * The watch of a Swarm in memory, with a record of its calls, changes and log lines.
 */
export interface SwarmScene extends AsyncDisposable {
  readonly swarm: InMemorySwarm;
  readonly clock: ManualClock;
  readonly watch: SwarmWatch;
  readonly logged: LogFields[];
  changes(): number;
  /** The snapshot, which must be there. */
  snapshot(): SwarmSnapshot;
  /** The tasks of the snapshot, each as `id: desired state/state`. */
  tasks(): string[];
  /** The calls since the last time. */
  calls(): string[];
  /** Advances the clock from timer to timer, so that the calls of each are answered before the next one is due. */
  pass(ms: number): Promise<void>;
  /** Advances the clock to the next timer. */
  next(): Promise<void>;
}

export async function watchSwarm(prepare: (swarm: InMemorySwarm) => void = () => {}): Promise<SwarmScene> {
  const swarm = new InMemorySwarm();
  const clock = new ManualClock();
  const logged: LogFields[] = [];
  let changes = 0;
  const log = (fields: LogFields): void => void logged.push(fields);
  prepare(swarm);
  const watch = createSwarmWatch(
    {
      api: swarm,
      clock,
      random: () => 1,
      logger: { debug: log, info: log, warn: log, error: log },
      onChange: () => (changes += 1),
    },
    {
      isLabelled: ({ labels, template }) => 'sealane.port' in labels || 'sealane.port' in template.labels,
      resyncIntervalMs: 300_000,
    },
  );
  watch.connected();
  await settle();
  await advance(clock, 0);
  const snapshot = (): SwarmSnapshot => {
    const { snapshot: last } = watch.state();
    if (!last) throw new Error('the Swarm was not read');
    return last;
  };
  return {
    swarm,
    clock,
    watch,
    logged,
    changes: () => changes,
    snapshot,
    tasks: () => [...snapshot().tasks.values()].map(({ id, desiredState, state }) => `${id}: ${desiredState}/${state}`),
    calls: () => swarm.calls.splice(0),
    pass: (ms) => advance(clock, ms),
    next: () => advance(clock, clock.nextDelayMs() ?? 0),
    [Symbol.asyncDispose]: () => watch.stop(),
  };
}

/** Advances the clock from timer to timer, so that the calls of each are answered before the next one is due. */
export async function advance(clock: ManualClock, ms: number): Promise<void> {
  await settle();
  for (let left = ms; ;) {
    const step = Math.min(left, clock.nextDelayMs() ?? left);
    clock.advance(step);
    await settle();
    left -= step;
    if (left <= 0 && clock.nextDelayMs() !== 0) return;
  }
}
