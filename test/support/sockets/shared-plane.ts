import { afterAll } from 'vitest';
import type { DriverName } from '../../../src/relay/boundary/messages.ts';
import type { Refusal } from '../../../src/relay/boundary/report.ts';
import type { PlaneTotals } from '../../../src/relay/plane/figures.ts';
import type { PlaneOptions } from '../../../src/relay/plane/plane.ts';
import { planeRig, until, type CreateRig, type PlaneRig, type Rig } from './rig.ts';
import { table } from './tables.ts';

/**
 * Rigs on one plane, one after the other: the threads of a plane take a tenth of a second to start. Each rig sees only
 * what belongs to it. A plane that was drained or closed, or still has sessions when its test is over, is not used again.
 */
export function sharePlane(driver: DriverName, options: Partial<PlaneOptions>): CreateRig {
  let idle: PlaneRig | undefined;
  afterAll(async () => idle?.close());
  return () => {
    const plane = idle ?? planeRig(driver, options);
    idle = undefined;
    return borrow(plane, () => (idle = plane));
  };
}

/** Events older than a rig would be taken for its own, so a plane is free when all sessions have their record. */
const patienceMs = 250;

function borrow(plane: PlaneRig, giveBack: () => void): Rig {
  const before = { totals: plane.totals(), bytes: new Map<string, ReturnType<Rig['bytes']>>() };
  for (const feed of [plane.records, plane.statuses, plane.suspects, plane.log]) feed.all.length = 0;
  let isOver = false;
  const end = <T>(result: T): T => {
    isOver = true;
    return result;
  };
  return {
    ...plane,
    publish(published) {
      plane.publish(published);
      for (const { upstreams } of published.pools) {
        for (const { key } of upstreams) if (!before.bytes.has(key)) before.bytes.set(key, plane.bytes(key));
      }
    },
    bytes(key) {
      const [now, start = { up: 0, down: 0 }] = [plane.bytes(key), before.bytes.get(key)];
      return { up: now.up - start.up, down: now.down - start.down };
    },
    totals: () => since(plane.totals(), before.totals),
    drain: (deadlineMs) => end(plane.drain(deadlineMs)),
    close: () => end(plane.close()),
    async [Symbol.asyncDispose]() {
      if (isOver) return plane.close();
      plane.publish(table([]));
      const isQuiet = (): boolean => {
        const { accepted, open } = since(plane.totals(), before.totals);
        return open === 0 && plane.records.all.length === accepted;
      };
      await until(isQuiet, patienceMs).then(giveBack, () => plane.close());
    },
  };
}

function since(now: PlaneTotals, before: PlaneTotals): PlaneTotals {
  const refused = Object.fromEntries(
    Object.entries(now.refused).map(([reason, times]) => [reason, times - before.refused[reason as Refusal]]),
  ) as PlaneTotals['refused'];
  return { ...now, accepted: now.accepted - before.accepted, refused };
}
