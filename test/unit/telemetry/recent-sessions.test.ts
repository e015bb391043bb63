import { describe, expect, it } from 'vitest';
import { emptyRecord, type SessionRecord } from '../../../src/relay/boundary/report.ts';
import { RecentSessions } from '../../../src/telemetry/recent-sessions.ts';

function ended(client: string, over: Partial<SessionRecord> = {}): SessionRecord {
  const base = { ...emptyRecord, listener: '127.0.0.1:80', startedAtMs: 0, reason: 'finished' as const };
  return { ...base, service: 'web', client, ...over };
}

function clientsOf(recent: RecentSessions, filter: Partial<Parameters<RecentSessions['list']>[0]> = {}): string[] {
  return recent.list({ limit: 400, ...filter }).sessions.map(({ client }) => client);
}

describe('the sessions that ended last', () => {
  it('are kept up to 200, and failed ones beside them for longer', () => {
    const recent = new RecentSessions();
    recent.add([ended('failed', { reason: 'hold-expired' })]);
    for (let number = 0; number < 1_000; number += 1) recent.add([ended(`${number}`)]);
    expect(clientsOf(recent)).toHaveLength(201);
    expect(clientsOf(recent).slice(0, 2)).toEqual(['999', '998']);
    expect(clientsOf(recent).at(-1)).toBe('failed');
    for (let number = 0; number < 1_000; number += 1) recent.add([ended('denied', { reason: 'denied' })]);
    expect(recent.list({ limit: 400 }).total).toBe(200);
  });

  it('are selected by service, by reason, and by whether they failed', () => {
    const recent = new RecentSessions();
    recent.add([ended('a'), ended('b', { reason: 'hold-full' }), ended('c', { service: 'db', reason: 'denied' })]);
    expect(clientsOf(recent, { service: 'web' })).toEqual(['b', 'a']);
    expect(clientsOf(recent, { reason: 'denied' })).toEqual(['c']);
    expect(clientsOf(recent, { failed: true })).toEqual(['c', 'b']);
    expect(recent.list({ limit: 1 })).toMatchObject({ sessions: [{ client: 'c' }], total: 3 });
  });
});
