import { z } from 'zod';
import type { LogLine } from '../support/sealane/sealane.ts';

/** What Sealane's access log says of a session, as far as clients' failures are explained by it. */
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
 * When the dial that was answered began, or earlier by what those before it took that were not; milliseconds since the
 * epoch.
 */
export function dialedAtMs({ startedAtMs, heldMs }: SessionLine): number {
  return startedAtMs + heldMs;
}

/**
 * The same of a session that relayed for a millisecond or two, and with that much to spare. How long others went unanswered
 * before, no field says: it is the rest.
 */
export function answeredDialAtMs(session: SessionLine): number {
  const { startedAtMs, dialMs, totalMs, retries } = session;
  return retries === 0 ? dialedAtMs(session) : startedAtMs + totalMs - dialMs;
}

/** Between a client's clock when it connects and Sealane's when it accepts. */
const acceptMs = 2_000;

/** The session of a client's connection. Ports are used again within a second: the nearest in time is meant. */
export function findSession(
  sessions: readonly SessionLine[],
): (connection: { readonly localPort: number | undefined; readonly startedAtMs: number }) => SessionLine | undefined {
  const byClient = Map.groupBy(sessions, ({ client }) => client);
  return ({ localPort, startedAtMs }) => {
    const distance = (session: SessionLine): number => Math.abs(session.startedAtMs - startedAtMs);
    const [nearest] = (byClient.get(`127.0.0.1:${localPort}`) ?? []).toSorted((a, b) => distance(a) - distance(b));
    return nearest && distance(nearest) < acceptMs ? nearest : undefined;
  };
}
