import { describe, expect, it } from 'vitest';
import type { TimelineEvent } from '../../../src/admin/event-schema.ts';
import { foldEvents } from '../../../src/dashboard/data/event-lines.ts';

let lastId = 0;
const startMs = Date.parse('2026-01-01T00:00:00Z');

function event(second: number, message: string, more: Partial<TimelineEvent> = {}): TimelineEvent {
  return {
    id: ++lastId,
    at: new Date(startMs + second * 1_000).toISOString(),
    source: 'sealane',
    event: 'route-opened',
    level: 'info',
    message,
    service: null,
    upstream: null,
    containerId: null,
    ...more,
  };
}

/** What one start and end of a container leaves in the timeline, the oldest first. */
function run(second: number, name = 'api-1'): TimelineEvent[] {
  const its = { service: 'shop/api', upstream: name };
  const engine = { source: 'engine', containerId: name } as const;
  return [
    event(second, `${name}: start`, { ...engine, event: 'start' }),
    event(second, `${name} (10.0.0.${second % 250}:80) joined shop/api, starting`, { ...its, event: 'upstream-added' }),
    event(second + 1, `${name} in shop/api is ready: it accepts`, { ...its, event: 'upstream-changed' }),
    event(second + 2, `${name}: die`, { ...engine, event: 'die' }),
    event(second + 2, `${name} left shop/api: its process is gone`, { ...its, event: 'upstream-removed' }),
    event(second + 2, 'service shop/api has no container left', { service: 'shop/api', event: 'service-lingers' }),
  ];
}

function lines(events: readonly TimelineEvent[], withEngine = false): string[] {
  return foldEvents(events.toReversed(), { withEngine }).map(({ message, times }) => `${message} ×${times}`);
}

describe('the lines of the timeline', () => {
  it('are the events, newest first, without those of the engine unless they are asked for', () => {
    const events = [event(0, 'db: start', { source: 'engine' }), event(1, 'db is served')];
    expect(lines(events)).toEqual(['db is served ×1']);
    expect(lines(events, true)).toEqual(['db is served ×1', 'db: start ×1']);
  });

  it('have one for all restarts of an upstream, that counts and stands at the latest', () => {
    const events = [...Array.from({ length: 15 }, (_, index) => run(index * 10)).flat(), event(200, 'db is served')];
    const ended = ['api-1 left shop/api: its process is gone ×1', 'api-1 in shop/api is ready: it accepts ×1'];
    expect(lines(events)).toEqual(['db is served ×1', 'api-1 in shop/api restarted ×14', ...ended]);
    const [, loop] = foldEvents(events.toReversed(), { withEngine: false });
    expect(loop).toMatchObject({ at: new Date(startMs + 142_000).toISOString(), service: 'shop/api', level: 'warn' });
    const all = ['api-1 in shop/api restarted ×14', ...ended];
    expect(lines(events, true).filter((line) => line.startsWith('api-1'))).toEqual(all);
  });

  it('keep a single restart as it was, and the loops of two upstreams apart', () => {
    expect(lines([...run(0), ...run(10)])).toHaveLength(8);
    const both = [0, 10, 20].flatMap((second) => [...run(second, 'api-1'), ...run(second + 1, 'api-2')]);
    expect(lines(both).filter((line) => line.includes('restarted'))).toEqual([
      'api-2 in shop/api restarted ×2',
      'api-1 in shop/api restarted ×2',
    ]);
  });

  it('keep warnings, and what the engine says beside starts and stops, out of the line of a loop', () => {
    const its = { service: 'shop/api', upstream: 'api-1', event: 'upstream-changed', level: 'warn' } as const;
    const oom = event(13, 'api-1: oom', { source: 'engine', event: 'oom' });
    const events = [...run(0), ...run(10), event(13, 'api-1 in shop/api is unhealthy: refused', its), oom, ...run(20)];
    expect(lines(events, true)).toContain('api-1 in shop/api is unhealthy: refused ×1');
    expect(lines(events, true)).toContain('api-1: oom ×1');
  });

  it('do not count deployments that are minutes apart as a loop', () => {
    expect(lines([0, 480, 960].flatMap((second) => run(second))).join()).not.toContain('restarted');
  });

  it('do not count runs that are ten minutes apart as a loop', () => {
    expect(lines([0, 1_000, 2_000].flatMap((second) => run(second)))).toHaveLength(12);
  });

  it('have one for a message that comes three times within ten minutes', () => {
    const again = (second: number): TimelineEvent => event(second, 'db: the port is in use', { level: 'warn' });
    expect(lines([again(0), event(1, 'web is served'), again(2), again(4)])).toEqual([
      'db: the port is in use ×3',
      'web is served ×1',
    ]);
    expect(lines([again(0), again(1)])).toHaveLength(2);
    expect(lines([again(0), again(1_000), again(2_000)])).toHaveLength(3);
  });

  it('keep their key while they count, so that the page moves a line and makes no new one', () => {
    const key = (events: readonly TimelineEvent[]) => foldEvents(events.toReversed(), { withEngine: false })[0]?.key;
    const three = [0, 10, 20].flatMap((second) => run(second));
    expect(key(three)).toBe(key([...three, ...run(30)]));
  });
});
