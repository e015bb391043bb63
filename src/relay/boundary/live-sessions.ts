import type { LiveSession, LiveSessions } from './report.ts';

/**
 * The running sessions, as they cross from a relay thread to the control thread, and merged into one list of all
 * threads. Pure.
 */
/** Prints the list for the way between threads; the map becomes an array, since JSON has no maps. */
export function printLiveSessions({ held, ...list }: LiveSessions): string {
  return JSON.stringify({ ...list, held: [...held] });
}

export function readLiveSessions(json: string): LiveSessions {
  const { held, ...list } = JSON.parse(json) as Omit<LiveSessions, 'held'> & { readonly held: [string, number][] };
  return { ...list, held: new Map(held) };
}

/** Merges the lists of several threads into one. */
export function mergeLiveSessions(lists: readonly LiveSessions[], limit: number): LiveSessions {
  const held = new Map<string, number>();
  for (const list of lists) {
    for (const [service, count] of list.held) held.set(service, (held.get(service) ?? 0) + count);
  }
  return {
    sessions: oldest(
      lists.flatMap(({ sessions }) => sessions),
      limit,
    ),
    total: lists.reduce((sum, { total }) => sum + total, 0),
    held,
  };
}

/** The longest-running sessions, in order of their start. */
export function oldest(sessions: readonly LiveSession[], limit: number): LiveSession[] {
  return sessions.toSorted((a, b) => a.startedAtMs - b.startedAtMs).slice(0, limit);
}
