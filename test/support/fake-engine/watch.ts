import { createWatcher, type EngineWatcher, type WatcherCollaborators } from '../../../src/discovery/watcher.ts';
import type { IdentityInputs } from '../../../src/docker/identity/identity.ts';
import { InMemoryEngine, settle } from './port.ts';
import { ManualClock } from '../manual-clock.ts';

/**
 * A watcher of an engine in memory, with a record of its warnings, changes and engine calls.
 */
export const onHost: IdentityInputs = {
  endpoint: 'unix:///var/run/docker.sock',
  platform: 'linux',
  cgroup: '',
  mountinfo: '',
  hostname: 'laptop',
  addresses: [],
  inContainer: false,
};

export interface WatchScene extends AsyncDisposable {
  readonly engine: InMemoryEngine;
  readonly clock: ManualClock;
  readonly watcher: EngineWatcher;
  readonly warnings: unknown[];
  changes(): number;
  ids(): string[];
  inspects(): string[];
}

export async function watch(
  prepare: (engine: InMemoryEngine) => void = () => {},
  over: Partial<WatcherCollaborators> = {},
  clock = new ManualClock(),
): Promise<WatchScene> {
  const engine = new InMemoryEngine();
  const warnings: unknown[] = [];
  let changes = 0;
  const silent = (): void => {};
  prepare(engine);
  const watcher = createWatcher(
    {
      engine,
      clock,
      random: () => 1,
      logger: { debug: silent, info: silent, error: silent, warn: (fields: unknown) => void warnings.push(fields) },
      onChange: () => (changes += 1),
      identity: () => Promise.resolve(onHost),
      ...over,
    },
    { labelPrefix: 'sealane', resyncIntervalMs: 300_000 },
  );
  watcher.start();
  await settle();
  return {
    engine,
    clock,
    watcher,
    warnings,
    changes: () => changes,
    ids: () => [...watcher.snapshot().containers.keys()].toSorted(),
    inspects: () => engine.calls.filter((call) => call.startsWith('inspect ')).map((call) => call.slice(8)),
    [Symbol.asyncDispose]: () => watcher.stop(),
  };
}

/** Advances the clock from timer to timer, so that the calls of each timer are answered before the next one is due. */
export async function pass({ clock }: WatchScene, ms: number): Promise<void> {
  for (let left = ms; left > 0;) {
    const step = Math.min(left, clock.nextDelayMs() ?? left);
    clock.advance(step);
    await settle();
    left -= step;
  }
}
