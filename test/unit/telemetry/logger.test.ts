import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../../src/relay/boundary/report.ts';
import { createAccessLog, sessionLine, type AccessLogMode } from '../../../src/telemetry/access-log.ts';
import { createLogger, type Logger } from '../../../src/telemetry/logger.ts';
import { textFormatter } from '../../../src/telemetry/text-line.ts';
import { ManualClock } from '../../support/manual-clock.ts';

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
  detail: undefined,
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

function logSessions(
  logger: Logger,
  mode: AccessLogMode,
  records: readonly SessionRecord[],
  dropped: number,
  whyNot?: (service: string) => string | undefined,
): void {
  const parts = { logger, clock: new ManualClock(), ...(whyNot && { whyNot }) };
  createAccessLog(parts, { mode, linesPerSecond: 0 }).log(records, dropped);
}

function capture(format: 'json' | 'pretty') {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', format, destination: { write: (text) => void lines.push(text) } });
  return { logger, lines };
}

describe('the access log', () => {
  it('logs client, address, bytes and reason of the end for each session', () => {
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
    expect(JSON.parse(lines.join(''))).toMatchObject({
      level: 'info',
      session: { service: 'shop/api', bytesDown: 1024 },
    });
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

  it('says why a client got nothing, as the explanation has it', () => {
    const { logger, lines } = capture('json');
    const asked: string[] = [];
    const whyNot = (service: string): string => `${asked.push(service)}: api-1 is paused`;
    logSessions(logger, 'all', [session, expired, expired], 0, whyNot);
    expect(asked).toEqual(['shop/api']);
    expect(lines.slice(1).map((line) => JSON.parse(line) as unknown)).toEqual(
      [1, 1].map(() =>
        expect.objectContaining({ why: '1: api-1 is paused', msg: expect.stringMatching(/; 1: api-1/) }),
      ),
    );
  });

  it('samples a chatty service, without losing count or hiding its failures', () => {
    const { logger, lines } = capture('json');
    const clock = new ManualClock();
    const log = createAccessLog({ logger, clock }, { mode: 'all', linesPerSecond: 2 });
    const other = { ...session, service: 'shop/web' };
    log.log([session, session, session, session, session, other, expired], 0);
    expect(lines).toHaveLength(4);
    clock.advance(1_000);
    expect(JSON.parse(lines[4] ?? '')).toMatchObject({ event: 'sessions-not-logged', service: 'shop/api', count: 3 });
    log.log([session], 0);
    expect(lines).toHaveLength(6);
    log.stop();
    expect(lines).toHaveLength(6);
  });

  it('says how many records it had to drop', () => {
    const { logger, lines } = capture('pretty');
    logSessions(logger, 'failed', [], 7);
    expect(lines.join('')).toContain('7 session records were dropped');
  });
});

describe('the log', () => {
  const line = { event: 'upstream-changed', upstream: 'api-1', state: 'unhealthy' } as const;
  const message = 'api-1 in shop/api is unhealthy: it refuses dials';

  it('has ISO times and the names of levels in JSON', () => {
    const { logger, lines } = capture('json');
    logger.warn(line, message);
    const { time, ...fields } = JSON.parse(lines.join('')) as Record<string, unknown>;
    expect(fields).toEqual({ level: 'warn', ...line, msg: message });
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('is a line of time, level and message for people, without colours where no terminal shows it', () => {
    const { logger, lines } = capture('pretty');
    logger.warn(line, message);
    logger.debug(line, 'below the level');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARN  api-1 in shop\/api is unhealthy: it refuses dials\n$/,
    );
  });

  it('colours the level and the state on a terminal, and not the message', () => {
    const format = textFormatter({ colours: true, times: 'clock' });
    const text = format({ at: new Date(2026, 0, 2, 3, 4, 5, 6), level: 'warn', message, state: line.state });
    const [dim, yellow, red] = [
      ['2', '22'],
      ['33', '39'],
      ['31', '39'],
    ].map(
      ([on, off]) =>
        (inner: string) =>
          `\u{1b}[${on}m${inner}\u{1b}[${off}m`,
    ) as [Style, Style, Style];
    expect(text).toBe(
      `${dim('03:04:05.006')} ${yellow('WARN ')} api-1 in shop/api is ${red('unhealthy')}: it refuses dials\n`,
    );
  });

  it('never hands control characters, line breaks or direction marks to a terminal', () => {
    const { logger, lines } = capture('pretty');
    logger.info({ event: 'service-added' }, 'service \u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\r\n2026-01-01 ERROR forged');
    expect(lines.join('')).toMatch(
      / INFO {2}service \\u\{1b\}\]0;owned\\u\{7\}\\u\{9b\}2J\\u\{202e\}\\u\{d\}\\u\{a\}2026-01-01 ERROR forged\n$/,
    );
  });

  it('is empty where it is silent', () => {
    const lines: string[] = [];
    const destination = { write: (text: string) => void lines.push(text) };
    createLogger({ level: 'silent', format: 'pretty', destination }).error(line, message);
    expect(lines).toEqual([]);
  });
});

type Style = (inner: string) => string;
