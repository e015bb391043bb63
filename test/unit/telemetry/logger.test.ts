import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../../src/relay/report.ts';
import { logSessions, sessionLine } from '../../../src/telemetry/access-log.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';

const session: SessionRecord = {
  service: 'shop/api',
  listener: '127.0.0.1:80',
  via: undefined,
  name: undefined,
  client: '127.0.0.1:50000',
  upstream: 'api-1',
  upstreamKey: 'k',
  endpoint: '10.0.0.1:80',
  startedAtMs: 0,
  heldMs: 0,
  dialMs: 1,
  totalMs: 33.4,
  bytesUp: 78,
  bytesDown: 1024,
  retries: 0,
  reason: 'finished',
  lastDialError: undefined,
};
const expired: SessionRecord = {
  ...session,
  upstream: undefined,
  heldMs: 10_000,
  retries: 3,
  reason: 'hold-expired',
  lastDialError: 'ECONNREFUSED 10.0.0.1:80',
};

function capture(format: 'json' | 'pretty') {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', format, destination: { write: (text) => void lines.push(text) } });
  return { logger, lines };
}

describe('the access log', () => {
  it('says for each session who, where, how much and why it ended', () => {
    expect(sessionLine(session)).toBe(
      '127.0.0.1:50000 → shop/api → api-1 (10.0.0.1:80): 78 B up, 1024 B down, 33 ms, finished',
    );
    expect(sessionLine(expired)).toBe(
      '127.0.0.1:50000 → shop/api → no upstream: 78 B up, 1024 B down, 33 ms, held 10000 ms, 3 retries, hold-expired (ECONNREFUSED 10.0.0.1:80)',
    );
  });

  it('holds the whole record in JSON', () => {
    const { logger, lines } = capture('json');
    logSessions(logger, 'all', [session], 0);
    expect(JSON.parse(lines.join(''))).toMatchObject({ level: 30, session: { service: 'shop/api', bytesDown: 1024 } });
  });

  it.each([
    ['all', 2],
    ['failed', 1],
    ['off', 0],
  ] as const)('in mode %s has %i of a good and a failed session', (mode, count) => {
    const { logger, lines } = capture('json');
    logSessions(logger, mode, [session, expired], 0);
    expect(lines).toHaveLength(count);
  });

  it('says how many records it had to drop', () => {
    const { logger, lines } = capture('pretty');
    logSessions(logger, 'failed', [], 7);
    expect(lines.join('')).toContain('7 session records were dropped');
  });
});
