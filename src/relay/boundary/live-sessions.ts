import type { LiveSession, LiveSessions, SessionFilter } from './report.ts';
import type { Session } from '../sessions/session.ts';

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

/** As it crosses between threads: JSON has no maps. */
export function printLook({ held, ...look }: LiveSessions): string {
  return JSON.stringify({ ...look, held: [...held] });
}

export function readLook(json: string): LiveSessions {
  const { held, ...look } = JSON.parse(json) as Omit<LiveSessions, 'held'> & { readonly held: [string, number][] };
  return { ...look, held: new Map(held) };
}

/** What several threads saw, as one. */
export function mergeLooks(looks: readonly LiveSessions[], limit: number): LiveSessions {
  const held = new Map<string, number>();
  for (const look of looks) {
    for (const [service, count] of look.held) held.set(service, (held.get(service) ?? 0) + count);
  }
  return {
    sessions: oldest(
      looks.flatMap(({ sessions }) => sessions),
      limit,
    ),
    total: looks.reduce((sum, { total }) => sum + total, 0),
    held,
  };
}

function oldest(sessions: readonly LiveSession[], limit: number): LiveSession[] {
  return sessions.toSorted((a, b) => a.startedAtMs - b.startedAtMs).slice(0, limit);
}

function isWanted({ state, client }: LiveSession, filter: SessionFilter): boolean {
  return (
    (filter.state === undefined || filter.state === state) &&
    (filter.client === undefined || client.startsWith(filter.client))
  );
}
