import { oldest } from '../boundary/live-sessions.ts';
import type { LiveSession, LiveSessions, SessionFilter } from '../boundary/report.ts';
import type { Session } from './session.ts';

/**
 * Lists the live sessions of all pools. Sessions beyond the filter's limit are counted, not described. Pure.
 */
interface ListedPool {
  readonly service: string;
  /** The pool's sessions in order of arrival. */
  readonly sessions: Iterable<Pick<Session, 'snapshot'>>;
}

export function listSessions(pools: readonly ListedPool[], filter: SessionFilter, nowMs: number): LiveSessions {
  const sessions: LiveSession[] = [];
  let total = 0;
  for (const pool of pools) {
    if (filter.service !== undefined && filter.service !== pool.service) continue;
    let listed = 0;
    for (const session of pool.sessions) {
      const snapshot = session.snapshot(nowMs);
      if (!snapshot || !isWanted(snapshot, filter)) continue;
      total += 1;
      if (listed++ < filter.limit) sessions.push(snapshot);
    }
  }
  return { sessions: oldest(sessions, filter.limit), total };
}

function isWanted({ state, client }: LiveSession, filter: SessionFilter): boolean {
  return (
    (filter.state === undefined || filter.state === state) &&
    (filter.client === undefined || client.startsWith(filter.client))
  );
}
