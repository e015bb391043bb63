import { describe, expect, it } from 'vitest';
import { mergeLiveSessions } from '../../../../src/relay/boundary/live-sessions.ts';
import type { LiveSession, SessionFilter } from '../../../../src/relay/boundary/report.ts';
import { listSessions } from '../../../../src/relay/sessions/list-sessions.ts';

function session(client: string, startedAtMs: number, state: LiveSession['state'] = 'relaying'): LiveSession {
  const nothing = { upstream: undefined, upstreamKey: undefined, endpoint: undefined, lastDialError: undefined };
  const figures = { ageMs: 0, bytesUp: 0, bytesDown: 0, retries: 0 };
  return { service: 'shop/api', listener: '127.0.0.1:80', client, startedAtMs, state, ...nothing, ...figures };
}

const pools = [
  { service: 'constructor', sessions: [session('10.0.0.3:1', 3), session('10.0.0.1:1', 1, 'held')] },
  { service: 'web', sessions: [session('10.0.0.2:1', 2), session('192.168.0.1:1', 4)] },
].map(({ service, sessions }) => ({ service, sessions: sessions.map((one) => ({ snapshot: () => one })) }));

function list(filter: Partial<SessionFilter>) {
  const { sessions, total } = listSessions(pools, { limit: 10, ...filter }, 0);
  return { clients: sessions.map(({ client }) => client), total };
}

describe('live sessions', () => {
  it('are listed oldest first; those beyond the limit are only counted', () => {
    expect(list({ limit: 2 })).toEqual({ clients: ['10.0.0.1:1', '10.0.0.2:1'], total: 4 });
  });

  it.each([
    [{ service: 'web' }, ['10.0.0.2:1', '192.168.0.1:1']],
    [{ service: 'constructor' }, ['10.0.0.1:1', '10.0.0.3:1']],
    [{ state: 'held' as const }, ['10.0.0.1:1']],
    [{ client: '192.168.' }, ['192.168.0.1:1']],
  ])('are those that %j asks for', (filter, clients) => {
    expect(list(filter)).toEqual({ clients, total: clients.length });
  });

  it('of several threads are one list', () => {
    const filter = { limit: 3 };
    const lists = [listSessions(pools, filter, 0), listSessions(pools, filter, 0)];
    const { sessions, total } = mergeLiveSessions(lists, filter.limit);
    expect([sessions.map(({ startedAtMs }) => startedAtMs), total]).toEqual([[1, 1, 2], 8]);
  });
});
