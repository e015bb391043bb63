import { oldest } from '../boundary/live-sessions.ts';
import type { LiveSession, LiveSessions, SessionFilter } from '../boundary/report.ts';
import type { Session } from './session.ts';

/**
 * Looks at the sessions that go on. Bounded by the filter's limit: what is beyond it is counted, not described. Pure.
 */
interface Looked {
  readonly service: string;
  readonly heldCount: number;
  /** In order of arrival. */
  readonly sessions: Iterable<Pick<Session, 'look'>>;
}

export function lookAt(pools: readonly Looked[], filter: SessionFilter, nowMs: number): LiveSessions {
  const sessions: LiveSession[] = [];
  const held = new Map<string, number>();
  let total = 0;
  for (const pool of pools) {
    if (pool.heldCount > 0) held.set(pool.service, pool.heldCount);
    if (filter.limit === 0 || (filter.service !== undefined && filter.service !== pool.service)) continue;
    let taken = 0;
    for (const session of pool.sessions) {
      const seen = session.look(nowMs);
      if (!seen || !isWanted(seen, filter)) continue;
      total += 1;
      if (taken++ < filter.limit) sessions.push(seen);
    }
  }
  return { sessions: oldest(sessions, filter.limit), total, held };
}

function isWanted({ state, client }: LiveSession, filter: SessionFilter): boolean {
  return (
    (filter.state === undefined || filter.state === state) &&
    (filter.client === undefined || client.startsWith(filter.client))
  );
}
