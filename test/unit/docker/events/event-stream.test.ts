import { describe, expect, test } from 'vitest';
import { EngineClock } from '../../../../src/docker/engine-clock.ts';
import { EngineError } from '../../../../src/docker/engine.ts';
import {
  createEventStream,
  eventStreamDefaults,
  type EventStreamOptions,
} from '../../../../src/docker/events/event-stream.ts';
import type { EngineEvent } from '../../../../src/docker/facts.ts';
import { InMemoryEngine, eventLine, settle } from '../../../support/fake-engine/port.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const away = new EngineError('unreachable', 'no engine there');

interface Scene extends AsyncDisposable {
  readonly engine: InMemoryEngine;
  readonly clock: ManualClock;
  readonly events: EngineEvent[];
  readonly gaps: string[];
  readonly kinds: string[];
  readonly reason: () => string | undefined;
}

async function follow(
  prepare: (engine: InMemoryEngine) => void = () => {},
  options: Partial<EventStreamOptions> = {},
): Promise<Scene> {
  const engine = new InMemoryEngine();
  const clock = new ManualClock();
  const events: EngineEvent[] = [];
  const gaps: string[] = [];
  const kinds: string[] = [];
  prepare(engine);
  const stream = createEventStream(
    { engine, clock, random: () => 1 },
    {
      onEvent: (event) => events.push(event),
      onGap: (reason) => gaps.push(reason),
      onState: ({ kind }) => kinds.push(kind),
    },
    options,
  );
  stream.start();
  await settle();
  return {
    engine,
    clock,
    events,
    gaps,
    kinds,
    reason: () => (stream.state.kind === 'waiting' ? stream.state.reason : undefined),
    [Symbol.asyncDispose]: () => stream.stop(),
  };
}

async function pass(scene: Scene, ms: number): Promise<void> {
  scene.clock.advance(ms);
  await settle();
}

describe('the event stream', () => {
  test('delivers events as they come', async () => {
    await using scene = await follow();
    scene.engine.emit({ action: 'start', id: 'a', timeNs: 5n });
    await settle();
    expect(scene.events).toMatchObject([{ action: 'start', containerId: 'a', timeNs: 5n }]);
    expect(scene.kinds).toEqual(['connecting', 'streaming']);
  });

  test('reconnects after a cut and asks for the missed events, to the nanosecond', async () => {
    await using scene = await follow();
    scene.engine.emit({ action: 'start', id: 'a', timeNs: 1_767_225_600_123_456_789n });
    await settle();
    scene.engine.cut();
    await settle();
    expect(scene.reason()).toBe('the engine closed the event stream');
    await pass(scene, 100);
    expect(scene.engine.sinces).toEqual([undefined, '1767225600.123456789']);
    expect(scene.kinds).toEqual(['connecting', 'streaming', 'waiting', 'connecting', 'streaming']);
  });

  test('asks for no events of the future, of which Podman waits to tell, where the clock of the engine was set back', async () => {
    const engineClock = new EngineClock();
    await using scene = await follow((engine) => Object.assign(engine, { clock: engineClock }));
    const atMs = scene.clock.wallMs();
    scene.engine.emit({ action: 'start', id: 'a', timeNs: BigInt(atMs) * 1_000_000n });
    await settle();
    engineClock.answered(atMs - 3_600_000, atMs, atMs);
    scene.engine.cut();
    await settle();
    await pass(scene, 100);
    scene.engine.emit({ action: 'die', id: 'a', timeNs: BigInt(atMs - 3_700_000) * 1_000_000n });
    await settle();
    expect(scene.events).toHaveLength(2);
    scene.engine.cut();
    await settle();
    await pass(scene, 200);
    expect(scene.engine.sinces.map((since) => since && Number(since) * 1000)).toEqual([
      undefined,
      undefined,
      atMs - 3_700_000,
    ]);
  });

  test('drops events that a replay repeats, and keeps another event of the same nanosecond', async () => {
    await using scene = await follow();
    const last = eventLine({ action: 'start', id: 'a', timeNs: 7n });
    scene.engine.write(last);
    await settle();
    scene.engine.cut();
    await settle();
    await pass(scene, 100);
    scene.engine.write(last + eventLine({ action: 'die', id: 'b', timeNs: 7n }));
    await settle();
    expect(scene.events.map(({ action }) => action)).toEqual(['start', 'die']);
  });

  test('is retried for ever, less and less often up to a limit, with the reason', async () => {
    await using scene = await follow((engine) => {
      engine.before = (call) => {
        if (call === 'ping') throw away;
      };
    });
    const waits: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      expect(scene.reason()).toBe('no engine there');
      waits.push(scene.clock.nextDelayMs());
      await pass(scene, scene.clock.nextDelayMs() ?? 0);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 2000, 2000, 2000]);
  });

  test('that is accepted and dropped at once is retried ever more slowly', async () => {
    await using scene = await follow();
    const waits: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      scene.engine.cut();
      await settle();
      waits.push(scene.clock.nextDelayMs());
      await pass(scene, scene.clock.nextDelayMs() ?? 0);
    }
    expect(waits).toEqual([100, 200, 400]);
  });

  test('that lasted for a while is retried quickly again', async () => {
    await using scene = await follow((engine) => {
      let failures = 5;
      engine.before = (call) => {
        if (call === 'ping' && failures-- > 0) throw away;
      };
    });
    for (let attempt = 0; attempt < 5; attempt += 1) await pass(scene, 2000);
    await pass(scene, eventStreamDefaults.settledAfterMs);
    scene.engine.cut();
    await settle();
    expect(scene.clock.nextDelayMs()).toBe(100);
  });

  test('of a quiet engine is kept while the engine answers pings', async () => {
    await using scene = await follow();
    for (let minute = 0; minute < 8; minute += 1) await pass(scene, 15_000);
    expect(scene.engine.calls.filter((call) => call === 'ping')).toHaveLength(9);
    expect(scene.engine.openStreams).toBe(1);
    expect(scene.kinds).toEqual(['connecting', 'streaming']);
  });

  test('costs no ping while events arrive', async () => {
    await using scene = await follow();
    for (let second = 0; second < 60; second += 1) {
      scene.engine.emit({ action: 'start', id: 'a', timeNs: BigInt(second) });
      await settle();
      scene.clock.advance(10_000);
    }
    expect(scene.engine.calls.filter((call) => call === 'ping')).toHaveLength(1);
  });

  test('of a hung engine is given up once a ping is not answered by its deadline', async () => {
    await using scene = await follow();
    const late = Promise.withResolvers<void>();
    scene.engine.before = (call) => (call === 'ping' ? late.promise : undefined);
    await pass(scene, 15_000);
    await pass(scene, 30_000);
    expect(scene.reason()).toBeUndefined();
    late.reject(new EngineError('timeout', 'no answer to a ping within 36 s'));
    await settle();
    expect(scene.reason()).toBe('no answer to a ping within 36 s');
    expect(scene.engine.openStreams).toBe(0);
  });

  test('of an engine that fails a ping is given up with the reason', async () => {
    await using scene = await follow();
    scene.engine.before = (call) => {
      if (call === 'ping') throw away;
    };
    await pass(scene, 15_000);
    expect(scene.reason()).toBe('no engine there');
  });

  test.each([
    ['a line that is not JSON', '<html>\n', 'could not be understood'],
    ['an event of another shape', '{"Type":"container"}\n', 'could not be understood'],
    ['a line beyond the bound', `${'x'.repeat(3000)}\n`, 'too large'],
  ])('reports a gap for %s, and goes on', async (_, bytes, reason) => {
    await using scene = await follow(() => {}, { maxLineBytes: 2000 });
    scene.engine.write(`${bytes}${eventLine({ action: 'start', id: 'a' })}`);
    await settle();
    expect(scene.gaps).toEqual([expect.stringContaining(reason)]);
    expect(scene.events).toHaveLength(1);
  });

  test('has no limit that the labels of others can reach', async () => {
    await using scene = await follow();
    const attributes = {
      note: 'x'.repeat(9_000_000),
      signal: 'y'.repeat(9_000_000),
      'sealane.port': '80',
      name: 'web',
    };
    scene.engine.emit({ action: 'die', id: 'a', attributes });
    await settle();
    expect(scene.gaps).toEqual([]);
    expect(scene.events.map((event) => ({ ...event.attributes }))).toEqual([{ 'sealane.port': '80', name: 'web' }]);
  });

  test.each([
    ['streams', 0],
    ['waits', 1],
  ])('leaves nothing behind when it is stopped while it %s', async (_, cuts) => {
    const scene = await follow();
    for (let cut = 0; cut < cuts; cut += 1) scene.engine.cut();
    await settle();
    await scene[Symbol.asyncDispose]();
    expect(scene.clock.nextDelayMs()).toBeUndefined();
    expect(scene.engine.openStreams).toBe(0);
    expect(scene.kinds.at(-1)).toBe('stopped');
  });

  test('can be stopped while the engine hangs', async () => {
    const scene = await follow((engine) => {
      engine.before = (_, signal) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    await scene[Symbol.asyncDispose]();
    expect(scene.clock.nextDelayMs()).toBeUndefined();
  });
});
