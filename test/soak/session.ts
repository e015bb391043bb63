import { z } from 'zod';
import type { LogLine } from '../support/sealane/sealane.ts';

/** The fields of Sealane's access log that explain clients' failures. */
const sessionSchema = z.object({
  session: z.object({
    client: z.string(),
    upstream: z.string().optional(),
    upstreamKey: z.string().optional(),
    startedAtMs: z.number(),
    heldMs: z.number(),
    dialMs: z.number(),
    totalMs: z.number(),
    bytesDown: z.number(),
    retries: z.number(),
    reason: z.string(),
    lastDialError: z.string().optional(),
  }),
});

export type SessionLine = z.output<typeof sessionSchema>['session'];

export function sessionsOf(lines: readonly LogLine[]): SessionLine[] {
  return lines.flatMap((line) => {
    if (!('session' in line)) return [];
    const { data } = sessionSchema.safeParse(line);
    return data ? [data.session] : [];
  });
}

/**
 * The time at which the answered dial began, in milliseconds since the epoch. It is too early by the duration of failed
 * dials before it.
 */
export function dialedAtMs({ startedAtMs, heldMs }: SessionLine): number {
  return startedAtMs + heldMs;
}

/**
 * The time at which the answered dial began, for a session that relayed for only a millisecond or two, and inaccurate
 * by as much. No field has the duration of the failed dials before it, so it is derived from the end of the session.
 */
export function answeredDialAtMs(session: SessionLine): number {
  const { startedAtMs, dialMs, totalMs, retries } = session;
  return retries === 0 ? dialedAtMs(session) : startedAtMs + totalMs - dialMs;
}

/** The largest time between a client's connect and Sealane's accept. */
const acceptMs = 2_000;

/**
 * Finds the session of a client's connection. Ports are reused within a second, so the session nearest in time counts.
 */
export function findSession(
  sessions: readonly SessionLine[],
): (connection: { readonly localPort: number | undefined; readonly startedAtMs: number }) => SessionLine | undefined {
  const byPort = Map.groupBy(sessions, ({ client }) => Number(client.split(':').at(-1)));
  return ({ localPort, startedAtMs }) => {
    const distance = (session: SessionLine): number => Math.abs(session.startedAtMs - startedAtMs);
    const [nearest] = (byPort.get(localPort ?? 0) ?? []).toSorted((a, b) => distance(a) - distance(b));
    return nearest && distance(nearest) < acceptMs ? nearest : undefined;
  };
}
