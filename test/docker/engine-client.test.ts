import { describe, expect, inject, test } from 'vitest';
import { createWatcher, type EngineWatcher } from '../../src/discovery/watcher.ts';
import { createDockerodeEngine } from '../../src/docker/dockerode/dockerode-engine.ts';
import { createEventStream, type EventStream } from '../../src/docker/events/event-stream.ts';
import type { EngineEvent, EngineSnapshot } from '../../src/docker/facts.ts';
import { systemClock } from '../../src/time/clock.ts';
import {
  startContainer,
  startNetwork,
  uniqueName,
  type ContainerOptions,
  type TestContainer,
} from '../support/engine/containers.ts';
import { startEngineProxy } from '../support/engine/proxies/plain.ts';

const silent = (): void => {};
const logger = { debug: silent, info: silent, warn: silent, error: silent };

function engineUrl(): string {
  const url = process.env['DOCKER_HOST'];
  if (url === undefined) throw new Error('the global setup provides an engine');
  return url;
}

/** A container that only waits, and ends at once on TERM. */
function idle(options: Partial<ContainerOptions> = {}): Promise<TestContainer> {
  const command = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1000 & wait $!; done'];
  return startContainer({ image: inject('images').tools, command, ...options });
}

interface Followed extends AsyncDisposable {
  readonly stream: EventStream;
  readonly events: EngineEvent[];
  /** Resolves with the first past or future event of a container with this action. */
  seen(action: string, id: string): Promise<EngineEvent>;
}

async function followEvents(url = engineUrl()): Promise<Followed> {
  const events: EngineEvent[] = [];
  const waiting = new Set<() => void>();
  const tell = (): void => {
    for (const wake of waiting) wake();
    waiting.clear();
  };
  const stream = createEventStream(
    { engine: createDockerodeEngine(url), clock: systemClock, random: Math.random },
    {
      onState: tell,
      onGap: (reason) => expect.fail(reason),
      onEvent: (event) => {
        events.push(event);
        tell();
      },
    },
  );
  const until = async (met: () => boolean): Promise<void> => {
    while (!met()) await new Promise<void>((resolve) => void waiting.add(resolve));
  };
  stream.start();
  await until(() => stream.state.kind === 'streaming');
  return {
    stream,
    events,
    async seen(action, id) {
      const find = (): EngineEvent | undefined =>
        events.find((event) => event.action === action && event.containerId === id);
      await until(() => find() !== undefined);
      return find() ?? expect.fail();
    },
    [Symbol.asyncDispose]: () => stream.stop(),
  };
}

interface Watched extends AsyncDisposable {
  readonly watcher: EngineWatcher;
  until(met: (snapshot: EngineSnapshot) => boolean): Promise<EngineSnapshot>;
}

async function watch(labelPrefix: string, url = engineUrl()): Promise<Watched> {
  const waiting = new Set<() => void>();
  const watcher = createWatcher(
    {
      engine: createDockerodeEngine(url, { labelPrefix }),
      clock: systemClock,
      random: Math.random,
      logger,
      onChange: () => {
        for (const wake of waiting) wake();
        waiting.clear();
      },
    },
    { labelPrefix },
  );
  const until: Watched['until'] = async (met) => {
    while (!met(watcher.snapshot())) await new Promise<void>((resolve) => void waiting.add(resolve));
    return watcher.snapshot();
  };
  watcher.start();
  await until(({ synced }) => synced);
  return { watcher, until, [Symbol.asyncDispose]: () => watcher.stop() };
}

describe('the engine client on a real engine', () => {
  test('negotiates the API version and learns the kind of the engine', async () => {
    const engine = createDockerodeEngine(engineUrl());
    expect((await engine.ping()).apiVersion).toMatch(/^1\.\d+$/);
    expect((await engine.installation?.())?.rootless).toBe(false);
  });

  test('reads every container in list and inspect', async () => {
    await using network = await startNetwork();
    await using plain = await idle({
      labels: { 'client.port': '80', ['__proto__']: 'x', constructor: 'y', big: 'z'.repeat(100_000) },
    });
    await using onHost = await idle({ networks: ['host'] });
    await using lonely = await idle({ networks: ['none'] });
    await using joined = await idle({ networks: [network.name], create: { StopSignal: 'SIGINT', StopTimeout: 3 } });
    await using child = await idle({ networks: [`container:${joined.id}`] });
    const problems: string[] = [];
    const onProblem = (problem: string): number => problems.push(problem);
    const engine = createDockerodeEngine(engineUrl(), { labelPrefix: 'client', onProblem });
    const rows = await engine.list();
    expect(problems).toEqual([]);
    for (const { id } of [plain, onHost, lonely, joined, child]) expect(rows.map((row) => row.id)).toContain(id);
    expect(rows.find(({ id }) => id === joined.id)).toMatchObject({
      names: [joined.name],
      addresses: [await joined.address()],
    });
    expect(Object.entries((await engine.inspect(plain.id))?.labels ?? {})).toEqual([['client.port', '80']]);
    expect((await engine.inspect(onHost.id))?.networking).toEqual({ kind: 'host' });
    expect((await engine.inspect(lonely.id))?.networking).toEqual({ kind: 'none' });
    expect((await engine.inspect(child.id))?.networking).toEqual({ kind: 'container', of: joined.id });
    expect(await engine.inspect(joined.id)).toMatchObject({
      name: joined.name,
      state: 'running',
      health: 'none',
      networking: {
        kind: 'networks',
        attachments: [{ name: network.name, networkId: network.id, ipv4: await joined.address() }],
      },
      stopSignal: 'SIGINT',
      stopTimeoutMs: 3000,
    });
  });

  test('returns the parent’s id even where the container was created with its name', async () => {
    await using parent = await idle();
    await using child = await idle({ networks: [`container:${parent.name}`] });
    const facts = await createDockerodeEngine(engineUrl()).inspect(child.id);
    expect(facts?.networking).toEqual({ kind: 'container', of: parent.id });
  });

  test('returns undefined for an unknown id', async () => {
    expect(await createDockerodeEngine(engineUrl()).inspect('0'.repeat(64))).toBeUndefined();
  });

  test('leaves no connection open', async () => {
    await using proxy = await startEngineProxy(engineUrl());
    const engine = createDockerodeEngine(proxy.url);
    await Promise.all([engine.ping(), engine.list(), engine.installation?.()]);
    const ending = new AbortController();
    const body = await engine.events(undefined, ending.signal);
    const closed = new Promise((resolve) => body.on('error', silent).once('close', resolve));
    ending.abort();
    await closed;
    await proxy.idle();
    expect(proxy.connections).toBe(0);
  });
});

describe('the event stream of a real engine', () => {
  test('reports the life of a container with exact times, in order', async () => {
    await using followed = await followEvents();
    await using container = await idle();
    const facts = await createDockerodeEngine(engineUrl()).inspect(container.id);
    await container.pause();
    await container.unpause();
    await container.stop();
    await container.remove();
    const start = await followed.seen('start', container.id);
    await followed.seen('destroy', container.id);
    const times = followed.events.filter(({ containerId }) => containerId === container.id).map(({ timeNs }) => timeNs);
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(times.some((timeNs) => timeNs % 1000n !== 0n)).toBe(true);
    expect(facts?.startedAtNs).toBeLessThan(start.timeNs);
    const die = await followed.seen('die', container.id);
    expect(die.timeNs).toBeGreaterThan(facts?.startedAtNs ?? 0n);
  });

  test('catches up on events after a cut, and repeats none', async () => {
    await using proxy = await startEngineProxy(engineUrl());
    await using followed = await followEvents(proxy.url);
    await using before = await idle();
    await followed.seen('start', before.id);
    proxy.block();
    await using during = await idle();
    proxy.unblock();
    await followed.seen('start', during.id);
    await using after = await idle();
    await followed.seen('start', after.id);
    const starts = followed.events.filter(({ action }) => action === 'start').map(({ containerId }) => containerId);
    for (const { id } of [before, during, after]) expect(starts.filter((one) => one === id)).toEqual([id]);
  });
});

describe('the watcher of a real engine', () => {
  test('sees a labelled container start, pause, move between networks, restart and stop', async () => {
    const prefix = uniqueName('label');
    await using network = await startNetwork();
    await using watched = await watch(prefix);
    await using container = await idle({ labels: { [`${prefix}.port`]: '80' } });
    const { id } = container;
    const first = await watched.until(({ containers }) => containers.get(id)?.state === 'running');
    await container.pause();
    await watched.until(({ containers }) => containers.get(id)?.state === 'paused');
    await container.unpause();
    await watched.until(({ containers }) => containers.get(id)?.state === 'running');
    await network.connect(container);
    await watched.until(({ containers }) => {
      const networking = containers.get(id)?.networking;
      return networking?.kind === 'networks' && networking.attachments.some((one) => one.networkId === network.id);
    });
    await network.disconnect(container);
    await container.restart();
    await watched.until(({ containers }) => {
      const restarted = containers.get(id)?.startedAtNs;
      return restarted !== undefined && restarted > (first.containers.get(id)?.startedAtNs ?? 0n);
    });
    await container.stop();
    await watched.until(({ containers }) => !containers.has(id));
    await container.start();
    await watched.until(({ containers }) => containers.get(id)?.state === 'running');
    await container.remove();
    const last = await watched.until(({ containers }) => !containers.has(id));
    expect(last).toMatchObject({ synced: true, status: { kind: 'connected' } });
  });

  test('is correct again after a cut during which containers came and went', async () => {
    const prefix = uniqueName('label');
    const labels = { [`${prefix}.port`]: '80' };
    await using proxy = await startEngineProxy(engineUrl());
    await using watched = await watch(prefix, proxy.url);
    await using stays = await idle({ labels });
    await using goes = await idle({ labels });
    await watched.until(({ containers }) => containers.size === 2);
    const before = watched.watcher.snapshot();
    proxy.block();
    await watched.until(({ status }) => status.kind === 'disconnected');
    await goes.remove();
    await using comes = await idle({ labels });
    expect(watched.watcher.snapshot().containers).toEqual(before.containers);
    proxy.unblock();
    const after = await watched.until(({ containers }) => containers.has(comes.id) && !containers.has(goes.id));
    expect([...after.containers.keys()].toSorted()).toEqual([stays.id, comes.id].toSorted());
    expect(after.containers.get(stays.id)).toBe(before.containers.get(stays.id));
  });

  test('finds itself on the engine’s host', async () => {
    await using watched = await watch(uniqueName('label'));
    expect(watched.watcher.snapshot().vantage).toEqual({ reach: { kind: 'host' } });
  });
});
