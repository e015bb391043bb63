import type { Catalog } from '../catalog/catalog.ts';
import type { AdminReads } from './source.ts';
import type { ApiStatus } from './status-schema.ts';

/** Shows what containers that sleep have spared, and what their wakes took. */
export function viewSleep(source: AdminReads, { services }: Catalog): ApiStatus['sleep'] {
  const { sleeps, sleptMs, memoryBytes, wakes, wakeMs, wakeFailures } = source.rests();
  const asleep = [...services.values()].flatMap(({ upstreams }) =>
    upstreams.filter((one) => one.state.kind === 'asleep'),
  );
  if (asleep.length + sleeps + wakes + wakeFailures === 0) return null;
  const asleepMs = Math.round(sleptMs);
  return { asleep: asleep.length, asleepMs, memoryBytes, wakes, wakeMs: Math.round(wakeMs), wakeFailures };
}
