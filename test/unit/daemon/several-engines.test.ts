import { describe, expect, it } from 'vitest';
import { emptyCatalog, nextCatalog, type Catalog } from '../../../src/catalog/catalog.ts';
import { openEngineSource, type EngineSource } from '../../../src/daemon/engine-source.ts';
import { createReadiness, type ReadinessSource } from '../../../src/daemon/readiness.ts';
import { createDockerodeEngine } from '../../../src/docker/dockerode/dockerode-engine.ts';
import type { LogFields } from '../../../src/telemetry/logger.ts';
import { systemClock } from '../../../src/time/clock.ts';
import { startFakeEngine, type FakeEngine } from '../../support/fake-engine/fake-engine.ts';

/**
 * Several engines on real sockets, in one process with the sum of their watches.
 */
interface Scene extends AsyncDisposable {
  readonly source: EngineSource;
  readonly readiness: ReadinessSource;
  /** The warnings so far, with their message. */
  readonly warnings: (LogFields & { readonly message: string })[];
  catalog(): Catalog;
  /** Each upstream as `service: name`. */
  upstreams(): string[];
  /** Resolves when the condition holds; it is looked at again with each change. */
  until(condition: () => boolean): Promise<void>;
}

const settings = {
  bind: '127.0.0.1',
  'label-prefix': 'sealane',
  'engine-actions': [],
  'names-listen': [],
  expose: 'labelled',
  scope: 'all',
  'socket-folder': '/run/sealane',
  'resync-interval': 300_000,
  swarm: 'auto',
  self: undefined,
} as const;

async function watch(
  engines: Readonly<Record<string, FakeEngine>>,
  over: { readonly scope?: 'project' } = {},
): Promise<Scene> {
  const waiting = new Set<() => void>();
  const warnings: Scene['warnings'] = [];
  const silent = (): void => {};
  const source = await openEngineSource(
    {
      clock: systemClock,
      random: Math.random,
      logger: {
        debug: silent,
        info: silent,
        error: silent,
        warn: (fields, message) => void warnings.push({ ...fields, message }),
      },
      onChange: () => waiting.forEach((look) => look()),
    },
    Object.entries(engines).map(([name, { url }]) => ({ name, engine: createDockerodeEngine(url) })),
    { ...settings, ...over },
  );
  source.start(() => ({ onEvent: silent, onApplied: silent }));
  let last = emptyCatalog;
  const catalog = (): Catalog => {
    const judged = { isAlive: source.isAlive, verdictOf: () => undefined, listeners: new Map() };
    last = nextCatalog(last, { ...source.declare(), ...judged }, performance.now());
    return last;
  };
  return {
    source,
    readiness: createReadiness(source.engines),
    warnings,
    catalog,
    upstreams: () =>
      [...catalog().services.values()]
        .flatMap(({ name, upstreams }) => upstreams.map(({ declared }) => `${name}: ${declared.name}`))
        .toSorted(),
    async until(condition) {
      const met = Promise.withResolvers<void>();
      const look = (): void => {
        if (condition()) met.resolve();
      };
      waiting.add(look);
      look();
      await met.promise;
      waiting.delete(look);
    },
    [Symbol.asyncDispose]: () => source.stop(),
  };
}

const shop = { 'sealane.port': '80', 'sealane.pool': 'shop' };
const composed = (project: string): Record<string, string> => ({
  'sealane.port': '80',
  'com.docker.compose.project': project,
  'com.docker.compose.service': 'api',
});
const stateOf = (scene: Scene, name: string): string | undefined =>
  scene.source.engines.find((one) => one.name === name)?.snapshot().status.kind;

describe('several engines', () => {
  it('make one catalog: pools and compose services span engines, and container names are told apart', async () => {
    await using fakes = new AsyncDisposableStack();
    const [a, b] = [fakes.use(await startFakeEngine()), fakes.use(await startFakeEngine({ firstId: 1_000 }))];
    for (const engine of [a, b]) {
      engine.run({ name: 'shop', labels: shop });
      engine.run({ name: 'site-api-1', labels: composed('site') });
      engine.run({ name: 'web' });
    }
    await using scene = await watch({ a, b });
    await scene.until(() => scene.upstreams().length === 6);
    expect(scene.upstreams()).toEqual([
      'shop: shop@a',
      'shop: shop@b',
      'site/api: site-api-1@a',
      'site/api: site-api-1@b',
      'web@a: web@a',
      'web@b: web@b',
    ]);
  });

  it('that are out of reach keep their last known state, and the others go on', async () => {
    await using fakes = new AsyncDisposableStack();
    const [a, b] = [fakes.use(await startFakeEngine()), fakes.use(await startFakeEngine({ firstId: 1_000 }))];
    for (const engine of [a, b]) engine.run({ name: 'shop', labels: shop });
    await using scene = await watch({ a, b });
    await scene.until(() => scene.upstreams().length === 2);
    await b.down();
    await scene.until(() => stateOf(scene, 'b') === 'disconnected');
    a.run({ name: 'more', labels: shop });
    await scene.until(() => scene.upstreams().length === 3);
    expect(scene.upstreams()).toEqual(['shop: more@a', 'shop: shop@a', 'shop: shop@b']);
    expect(stateOf(scene, 'a')).toBe('connected');
    expect(scene.catalog().problems).toMatchObject([
      {
        code: 'engine-unreachable',
        subject: 'engine b',
        message: expect.stringMatching(/^it has been lost, and its containers are as last known: /),
        fix: expect.stringMatching(/^Bring it back/),
      },
    ]);
    // On a slow machine the engine is asked again meanwhile, in vain.
    const warnings = new Set(scene.warnings.map(({ event, engine }) => `${String(engine)}: ${event}`));
    expect([...warnings]).toEqual(['b: engine-unreachable']);
    expect(scene.warnings[0]?.message).toMatch(/^engine b: /);
    for (const id of b.containers.keys()) b.alter(id, { state: 'exited' });
    await b.up();
    await scene.until(() => scene.upstreams().length === 2);
    expect(scene.upstreams()).toEqual(['shop: more@a', 'shop: shop@a']);
    expect(scene.catalog().problems).toEqual([]);
  });

  it('that are one engine under two addresses serve each container once, with one problem for all', async () => {
    await using a = await startFakeEngine();
    for (const [index, name] of ['web', 'api', 'db'].entries())
      a.run({ name, labels: { 'sealane.port': `${80 + index}` } });
    await using scene = await watch({ desktop: a, socket: a });
    await scene.until(() => scene.source.engines.every(({ snapshot }) => snapshot().synced));
    const { problems } = scene.catalog();
    expect(scene.upstreams()).toEqual([
      'api@desktop: api@desktop',
      'db@desktop: db@desktop',
      'web@desktop: web@desktop',
    ]);
    expect(problems).toMatchObject([
      { code: 'engine-twice', message: expect.stringMatching(/desktop and socket .* one engine; socket is ignored/) },
    ]);
  });

  it('whose containers have the same addresses are told apart: the later goes through published ports only', async () => {
    await using fakes = new AsyncDisposableStack();
    const [a, b] = [fakes.use(await startFakeEngine()), fakes.use(await startFakeEngine({ firstId: 1_000 }))];
    for (const engine of [a, b])
      engine.run({ name: 'web', labels: shop, networks: { bridge: { networkId: 'n', ip: '172.17.0.2' } } });
    await using scene = await watch({ a, b });
    await scene.until(() => scene.source.engines.every(({ snapshot }) => snapshot().synced));
    expect(scene.upstreams()).toEqual(['shop: web@a']);
    expect(scene.catalog().problems.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
      'engines-overlap docker',
      'no-address web@b',
    ]);
  });

  it('serve nothing in the scope of a compose project that none of them has, and say so once', async () => {
    await using fakes = new AsyncDisposableStack();
    const [a, b] = [fakes.use(await startFakeEngine()), fakes.use(await startFakeEngine({ firstId: 1_000 }))];
    for (const engine of [a, b]) engine.run({ labels: composed('site') });
    await using scene = await watch({ a, b }, { scope: 'project' });
    await scene.until(() => scene.readiness.now().ready);
    expect(scene.upstreams()).toEqual([]);
    expect(scene.catalog().problems.map(({ code }) => code)).toEqual(['scope-unknown']);
  });
});

describe('Sealane with several engines', () => {
  it('is ready once each was read or found out of reach, and stays ready when the other is reached', async () => {
    await using fakes = new AsyncDisposableStack();
    const [a, b] = [fakes.use(await startFakeEngine()), fakes.use(await startFakeEngine({ firstId: 1_000 }))];
    await b.down();
    a.answer('/containers/json', { kind: 'hang' });
    await using scene = await watch({ a, b });
    await scene.until(() => stateOf(scene, 'a') === 'connecting' && scene.warnings.length > 0);
    expect(scene.readiness.now()).toEqual({ ready: false, reason: 'engine a: connecting to the engine' });
    a.answer('/containers/json', undefined);
    a.cutStreams();
    await scene.until(() => scene.readiness.now().ready);
    expect(scene.readiness.now().reason).toBe('the first list of containers was read, but not of b');
    b.answer('/containers/json', { kind: 'hang' });
    await b.up();
    await b.requested('/containers/json', 1);
    expect(scene.readiness.now().ready).toBe(true);
  });

  it('is not ready while none of them was read', async () => {
    await using fakes = new AsyncDisposableStack();
    const [a, b] = [fakes.use(await startFakeEngine()), fakes.use(await startFakeEngine({ firstId: 1_000 }))];
    await Promise.all([a.down(), b.down()]);
    await using scene = await watch({ a, b });
    await scene.until(() => scene.warnings.length === 2);
    expect(scene.readiness.now()).toMatchObject({ ready: false, reason: expect.stringMatching(/^engine a: /) });
  });
});
