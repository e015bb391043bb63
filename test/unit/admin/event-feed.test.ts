import { describe, expect, it } from 'vitest';
import { createAdminApp } from '../../../src/admin/app.ts';
import type { Happening } from '../../../src/admin/event-feed.ts';
import { servicesEventSchema, statsEventSchema, timelineEventSchema } from '../../../src/admin/event-schema.ts';
import { adminSource, catalogOf, declare } from '../../support/sealane/admin-source.ts';
import { declaredUpstream } from '../../support/declared.ts';
import { settle } from '../../support/fake-engine/port.ts';

const happening = (message: string): Happening => ({
  source: 'sealane',
  event: 'problem',
  level: 'warn',
  message,
  service: null,
  upstream: null,
  containerId: null,
});

interface Frame {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** The frames that wait now. */
function parse(text: string): Frame[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '' && !frame.startsWith(':'))
    .map((frame) => {
      const lines = new Map(
        frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      return {
        event: lines.get('event') ?? '',
        id: lines.get('id'),
        data: JSON.parse(lines.get('data') ?? 'null') as unknown,
      };
    });
}

function setUp(feedOptions = {}) {
  const { feed, clock } = adminSource(undefined, { feedOptions });
  const subscribe = (after?: number, stats = false) => {
    let dropped = false;
    const subscription = feed.subscribe({ after, stats }, () => (dropped = true));
    if (!subscription) throw new Error('not let in');
    return { subscription, frames: async () => parse((await subscription.next()) ?? ''), wasDropped: () => dropped };
  };
  return { feed, clock, subscribe };
}

describe('the event feed', () => {
  it('has no subscriber for a request that wants only the headers', async () => {
    const source = adminSource();
    const app = createAdminApp(source, { token: undefined, names: [] });
    const answer = await app.request('/api/events', { method: 'HEAD', headers: { host: 'localhost' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(source.feed.subscribers).toBe(0);
  });

  it('sends each event to all subscribers, with ids that increase by one', async () => {
    const { feed, subscribe } = setUp();
    const [a, b] = [subscribe(), subscribe()];
    feed.publish(happening('one'));
    feed.publish(happening('two'));
    const heard = await a.frames();
    expect(await b.frames()).toEqual(heard);
    const events = heard.map(({ data }) => timelineEventSchema.parse(data));
    expect(events.map(({ message }) => message)).toEqual(['one', 'two']);
    expect((events[1]?.id ?? 0) - (events[0]?.id ?? 0)).toBe(1);
    expect(heard[0]?.id).toBe(String(events[0]?.id));
  });

  it('goes on where a subscriber left off, and sends a reset when that is too long ago', async () => {
    const { feed, subscribe } = setUp({ kept: 3 });
    for (const message of ['1', '2', '3', '4']) feed.publish(happening(message));
    const all = await subscribe(0).frames();
    expect(all.map(({ data }) => timelineEventSchema.parse(data).message)).toEqual(['2', '3', '4']);
    const lastId = Number(all.at(-1)?.id);
    expect((await subscribe(lastId - 1).frames()).map(({ id }) => Number(id))).toEqual([lastId]);
    expect((await subscribe(lastId - 3).frames()).map(({ event }) => event)).toEqual([
      'timeline',
      'timeline',
      'timeline',
    ]);
    const kept = ['timeline', 'timeline', 'timeline'];
    for (const unknown of [lastId - 4, lastId + 5]) {
      const frames = await subscribe(unknown).frames();
      expect(frames.map(({ event }) => event)).toEqual(['reset', ...kept]);
      // A subscriber that is cut off between them goes on with the first that is kept.
      expect(frames.map(({ id }) => Number(id))).toEqual([lastId - 3, lastId - 2, lastId - 1, lastId]);
    }
  });

  it('keeps no more than a subscriber that wants all of it can be sent at once', async () => {
    const { feed, subscribe } = setUp();
    for (let index = 0; index < 1_000; index += 1) feed.publish(happening(`${index} ${'x'.repeat(3_000)}`));
    const late = subscribe(0);
    const frames = await late.frames();
    expect(late.wasDropped()).toBe(false);
    expect(frames.length).toBeGreaterThan(100);
    expect(timelineEventSchema.parse(frames.at(-1)?.data).message).toMatch(/^999 /);
  });

  it('names the services that changed, a few times a second at most', async () => {
    const { feed, clock, subscribe } = setUp();
    const { frames } = subscribe();
    await frames();
    feed.servicesChanged({ changed: ['a', 'b'], removed: [], problemsChanged: false });
    feed.servicesChanged({ changed: ['a'], removed: ['b'], problemsChanged: true });
    clock.advance(100);
    const [first, ...rest] = await frames();
    expect(rest).toEqual([]);
    expect(servicesEventSchema.parse(first?.data)).toEqual({ changed: ['a'], removed: ['b'], problemsChanged: true });
  });

  it('sends figures once a second to subscribers that want them: first all, then what changed', async () => {
    const { clock, subscribe } = setUp();
    const { frames } = subscribe(undefined, true);
    const other = subscribe();
    clock.advance(0);
    await settle();
    const [all] = await frames();
    expect(Object.keys(statsEventSchema.parse(all?.data).services)).toEqual(['shop/api', 'web']);
    clock.advance(1_000);
    await settle();
    const [news] = await frames();
    expect(statsEventSchema.parse(news?.data).services).toEqual({});
    expect(await other.frames()).toEqual([]);
  });

  it('drops a subscriber that does not read, frees what waited for it, and spares the others', async () => {
    const { feed, subscribe } = setUp({ maxWaitingBytes: 10_000 });
    const [slow, quick] = [subscribe(), subscribe()];
    let heard = 0;
    for (let index = 0; index < 100; index += 1) {
      feed.publish(happening('x'.repeat(500)));
      heard += (await quick.frames()).length;
    }
    expect([slow.wasDropped(), quick.wasDropped(), heard, feed.subscribers, feed.dropped]).toEqual([
      true,
      false,
      100,
      1,
      1,
    ]);
    expect(await slow.subscription.next()).toBeUndefined();
  });

  it('has a limited number of subscribers', async () => {
    const source = adminSource(undefined, { feedOptions: { maxSubscribers: 2 } });
    const app = createAdminApp(source, { token: undefined, names: [] });
    const answers = [];
    for (let index = 0; index < 3; index += 1)
      answers.push(await app.request('/api/events', { headers: { host: 'localhost' } }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 503]);
    await answers[0]?.body?.cancel();
    expect(source.feed.subscribers).toBe(1);
    source.feed.stop();
  });
});

it('hostile names cannot break out of an event, a metric or a page', async () => {
  const source = adminSource(catalogOf([declare('a"b\\c', declaredUpstream('<img src=x>'))]));
  const app = createAdminApp(source, { token: undefined, names: [] });
  const subscription = source.feed.subscribe({ after: undefined, stats: false }, () => undefined);
  source.feed.publish(happening('one\n\nevent: reset\ndata: {}'));
  expect(parse((await subscription?.next()) ?? '')).toHaveLength(1);
  const headers = { host: 'localhost' };
  const metrics = await (await app.request('/metrics', { headers })).text();
  expect(metrics).toContain('sealane_service_sessions_total{service="a\\"b\\\\c"} 12');
  const page = await app.request('/api/services', { headers });
  expect(page.headers.get('content-type')).toMatch(/^application\/json/);
  const missing = await app.request(`/api/services/${encodeURIComponent('\u001b[31m\r\nset-cookie: x')}`, { headers });
  expect(missing.headers.get('set-cookie')).toBeNull();
  expect(await missing.text()).toContain('\\\\u{1b}[31m\\\\u{d}\\\\u{a}');
});
