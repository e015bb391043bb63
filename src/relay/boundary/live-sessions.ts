import type { LiveSession, LiveSessions } from './report.ts';

/**
 * The running sessions of all threads, merged into one list. Pure.
 */
/** Merges the lists of several threads into one. */
export function mergeLiveSessions(lists: readonly LiveSessions[], limit: number): LiveSessions {
  return {
    sessions: oldest(
      lists.flatMap(({ sessions }) => sessions),
      limit,
    ),
    total: lists.reduce((sum, { total }) => sum + total, 0),
  };
}

/** The longest-running sessions, in order of their start. */
export function oldest(sessions: readonly LiveSession[], limit: number): LiveSession[] {
  return sessions.toSorted((a, b) => a.startedAtMs - b.startedAtMs).slice(0, limit);
}
