import type { LiveSession, LiveSessions } from './report.ts';

/**
 * The sessions that go on, as they cross from a relay thread to the control thread, and as one list of all threads'. Pure.
 */
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

/** Those that go on for the longest, in order of their start. */
export function oldest(sessions: readonly LiveSession[], limit: number): LiveSession[] {
  return sessions.toSorted((a, b) => a.startedAtMs - b.startedAtMs).slice(0, limit);
}
