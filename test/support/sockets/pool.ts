import { createAccessMemory } from '../../../src/relay/boundary/access-memory.ts';
import { openAccess } from '../../../src/relay/intake/access-policy.ts';
import { CounterWriter, createCounterMemory } from '../../../src/relay/boundary/counters.ts';
import { Pool } from '../../../src/relay/sessions/pool.ts';
import type { SessionRecord } from '../../../src/relay/boundary/report.ts';
import type { PoolSpec, UpstreamSpec } from '../../../src/relay/boundary/table.ts';
import { ManualClock } from '../manual-clock.ts';
import { FakeChannel } from './fake-channel.ts';
import { pool as poolSpec } from './tables.ts';

/**
 * A pool without a network, whose clock the test turns. The test plays the second of its two workers; the first upstream
 * named gets counter slot 1, and so on; the service has slot 1 among services.
 */
const serviceSlot = 1;

export type PoolRig = ReturnType<typeof createPool>;

export function createPool(upstreams: readonly UpstreamSpec[], options: Partial<PoolSpec> = {}) {
  const clock = new ManualClock();
  const memory = createCounterMemory(2, 16);
  const [counters, otherWorker] = [new CounterWriter(memory, 0), new CounterWriter(memory, 1)];
  const records: SessionRecord[] = [];
  const suspects: string[] = [];
  const warnings: string[] = [];
  const waiting: string[] = [];
  const pool = new Pool(
    {
      clock,
      random: () => 0.999_999,
      counters,
      onRecord: (record) => void records.push(record),
      onSuspect: (key, error) => void suspects.push(`${key}: ${error}`),
      onWaiting: (service, client) => void waiting.push(`${service}: ${client}`),
      onResourceWarning: ({ kind, code }) => void warnings.push(`${kind}: ${code}`),
      access: openAccess(
        createAccessMemory(1, () => 0.5),
        0,
      ),
    },
    poolSpec([], options),
  );
  const slots = new Map<string, number>();
  const apply = (specs: readonly UpstreamSpec[], changed: Partial<PoolSpec> = {}): void => {
    for (const { key } of specs) if (!slots.has(key)) slots.set(key, slots.size + 1);
    pool.apply(poolSpec(specs, { ...options, ...changed }), (key) => slots.get(key) ?? 0, serviceSlot);
  };
  const admit = (): FakeChannel => {
    const channel = new FakeChannel();
    pool.admit(channel, 'listener');
    return channel;
  };
  apply(upstreams);
  return {
    pool,
    clock,
    records,
    suspects,
    warnings,
    waiting,
    apply,
    admit,
    otherWorker,
    held: () => counters.heldOf(serviceSlot),
    counters,
  };
}
