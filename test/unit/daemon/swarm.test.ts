import { describe, expect, it } from 'vitest';
import { openEngineSource, type EngineSource } from '../../../src/daemon/engine-source.ts';
import { createReadiness } from '../../../src/daemon/readiness.ts';
import { EngineError } from '../../../src/docker/engine.ts';
import { facts, InMemoryEngine, settle } from '../../support/fake-engine/port.ts';
import {
  InMemorySwarm,
  manager,
  outside,
  firstNode,
  webService,
  webTask,
  worker,
} from '../../support/fake-engine/swarm-port.ts';
import { advance } from '../../support/fake-engine/swarm-scene.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** Engines in memory, each with the Swarm that it tells of, and the sum of their watches. */
interface Scene extends AsyncDisposable {
  readonly source: EngineSource;
  readonly clock: ManualClock;
  changes(): number;
  ready(): boolean;
  /** Advances the clock from timer to timer. */
  pass(ms: number): Promise<void>;
}

type Engines = Readonly<Record<string, InMemoryEngine & { readonly swarm: InMemorySwarm }>>;

function engine(prepare: (swarm: InMemorySwarm) => void = () => {}): InMemoryEngine & { swarm: InMemorySwarm } {
  const swarm = new InMemorySwarm().set(webService(), webTask(), firstNode());
  prepare(swarm);
  return Object.assign(new InMemoryEngine(), { swarm });
}

async function watch(engines: Engines, swarm: 'auto' | 'off' = 'auto'): Promise<Scene> {
  const clock = new ManualClock();
  let changes = 0;
  const silent = (): void => {};
  const source = await openEngineSource(
    {
      clock,
      random: () => 1,
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      onChange: () => (changes += 1),
    },
    Object.entries(engines).map(([name, one]) => ({ name, engine: one })),
    {
      bind: '127.0.0.1',
      'label-prefix': 'sealane',
      'engine-actions': [],
      'names-listen': [],
      expose: 'labelled',
      scope: 'all',
      'socket-folder': '/run/sealane',
      'resync-interval': 300_000,
      self: undefined,
      swarm,
    },
  );
  source.start(() => ({ onEvent: silent, onApplied: silent }));
  const readiness = createReadiness(source.engines);
  // Where Sealane is, it reads from files of this machine.
  while (!source.home()) await settle();
  clock.advance(0);
  await settle();
  return {
    source,
    clock,
    changes: () => changes,
    ready: () => readiness.now().ready,
    pass: (ms) => advance(clock, ms),
    [Symbol.asyncDispose]: () => source.stop(),
  };
}

const services = ({ source }: Scene): string[] => [...(source.swarm()?.snapshot.services.keys() ?? [])];

describe('the Swarm of an engine', () => {
  it('is followed where the engine is a manager', async () => {
    await using scene = await watch({ a: engine() });
    expect(services(scene)).toEqual(['web']);
    expect(scene.source.swarm()?.localNodeId).toBe('n1');
    expect(scene.source.swarm()).toBe(scene.source.swarm());
    expect(scene.ready()).toBe(true);
  });

  it.each([
    ['is a worker', worker],
    ['is in none', outside],
  ])('is unknown where the engine %s', async (_, standing) => {
    const a = engine((swarm) => (swarm.standingNow = standing));
    await using scene = await watch({ a });
    expect(scene.source.swarm()).toBeUndefined();
    expect(a.swarm.calls).toEqual(['standing']);
    expect(scene.ready()).toBe(true);
  });

  it('is not asked for with --swarm off', async () => {
    const a = engine();
    await using scene = await watch({ a }, 'off');
    expect(scene.source.swarm()).toBeUndefined();
    expect(a.swarm.calls).toEqual([]);
    expect(scene.ready()).toBe(true);
  });

  it('is asked again at an event of a container of one of its tasks, also of one without labels of Sealane', async () => {
    const a = engine();
    await using scene = await watch({ a });
    for (let second = 0; second < 5; second += 1) {
      scene.clock.advance(1000);
      await settle();
    }
    a.swarm.set(webTask({ id: 'web.2' }));
    a.swarm.calls.length = 0;
    const attributes = { 'com.docker.swarm.service.id': 'web' };
    a.emit({ action: 'start', id: 'c'.repeat(64), attributes, timeNs: 5n });
    await settle();
    scene.clock.advance(25);
    await settle();
    expect(a.swarm.calls).toEqual(['tasks all']);
    expect(scene.source.swarm()?.snapshot.tasks.size).toBe(2);
  });

  it('tells of a change once', async () => {
    const a = engine();
    await using scene = await watch({ a });
    const before = scene.changes();
    a.swarm.set(webService({ replicas: 2 }), webTask({ id: 'web.2' }));
    a.swarm.emit({ kind: 'service', id: 'web' });
    scene.clock.advance(25);
    await settle();
    expect(scene.changes()).toBe(before + 1);
    scene.clock.advance(60);
    await settle();
    expect(scene.changes()).toBe(before + 1);
  });

  it('is waited for before Sealane is ready', async () => {
    const gate = Promise.withResolvers<void>();
    const a = engine((swarm) => (swarm.before = () => gate.promise));
    await using scene = await watch({ a });
    expect(scene.source.engines[0]?.snapshot().synced).toBe(true);
    expect(scene.ready()).toBe(false);
    gate.resolve();
    await settle();
    scene.clock.advance(0);
    await settle();
    expect(scene.ready()).toBe(true);
  });

  it('is kept while the engine is out of reach', async () => {
    const a = engine();
    await using scene = await watch({ a });
    a.before = () => Promise.reject(new Error('refused'));
    a.cut();
    await settle();
    scene.clock.advance(60_000);
    await settle();
    expect(services(scene)).toEqual(['web']);
  });
});

describe('the Swarm of several engines', () => {
  it('is that of the first manager that answers, and the own node that of the first engine', async () => {
    const a = engine((swarm) => (swarm.standingNow = worker));
    const b = engine();
    a.set(facts());
    await using scene = await watch({ a, b });
    expect(services(scene)).toEqual(['web']);
    expect(scene.source.swarm()?.localNodeId).toBe('n2');
    expect(scene.source.engines.map(({ swarm }) => swarm().standing)).toEqual([worker, manager]);
  });

  it('is asked again at an event of a container on a node that is no manager, and at a failed dial of a task', async () => {
    const a = engine((swarm) => (swarm.standingNow = worker));
    const b = engine();
    await using scene = await watch({ a, b });
    await advance(scene.clock, 5000);
    b.swarm.calls.length = 0;
    a.emit({
      action: 'die',
      id: 'c'.repeat(64),
      attributes: { 'com.docker.swarm.service.id': 'web' },
      timeNs: 5n,
    });
    await advance(scene.clock, 0);
    expect(b.swarm.calls).toEqual(['tasks all']);
    await advance(scene.clock, 5000);
    b.swarm.calls.length = 0;
    for (let dials = 0; dials < 3; dials += 1) scene.source.onFailedDial('web.1@task:80');
    scene.source.onFailedDial(`${'c'.repeat(64)}@1:80`);
    await advance(scene.clock, 25);
    expect(b.swarm.calls).toEqual(['tasks all']);
  });

  it('is unknown until it is known which node is the own one', async () => {
    const gate = Promise.withResolvers<void>();
    const a = engine((swarm) => {
      swarm.standingNow = worker;
      swarm.before = () => gate.promise;
    });
    await using scene = await watch({ a, b: engine() });
    expect(scene.source.swarm()).toBeUndefined();
    gate.resolve();
    await settle();
    expect(scene.source.swarm()?.localNodeId).toBe('n2');
  });
});

describe('the own node', () => {
  const labels = {
    'com.docker.swarm.node.id': 'n2',
    'com.docker.swarm.service.id': 'web',
    'com.docker.swarm.service.name': 'shop_web',
    'com.docker.swarm.task.id': 'web.1',
  };
  const local = (prepare: (swarm: InMemorySwarm) => void = () => {}): Engines[string] => {
    const made = engine((swarm) => {
      swarm.standingNow = worker;
      prepare(swarm);
    });
    made.set(facts({ labels }));
    return made;
  };
  const managers = (): Engines[string] => {
    const swarm = (one: InMemorySwarm): void => void one.set(webTask({ nodeId: 'n2' }), firstNode({ id: 'n2' }));
    return Object.assign(engine(swarm), { endpoint: 'tcp://192.0.2.1:2375' });
  };
  const endpoints = ({ source }: Scene): unknown[] =>
    source.declare().declarations.map(({ upstream }) => upstream?.endpoints[0]?.host);

  it('is that of the engine on this machine, also where a manager elsewhere is named first', async () => {
    await using scene = await watch({ managers: managers(), local: local() });
    await settle();
    expect(scene.source.swarm()?.localNodeId).toBe('n2');
    expect(endpoints(scene)).toEqual(['172.17.0.2']);
  });

  it('is known by its containers where the engine may not say it', async () => {
    const refuses = (swarm: InMemorySwarm): void => {
      swarm.before = () => Promise.reject(new EngineError('refused', 'forbidden', { forbidden: true }));
    };
    await using scene = await watch({ local: local(refuses), managers: managers() });
    await settle();
    expect(scene.source.swarm()?.localNodeId).toBe('n2');
    expect(endpoints(scene)).toEqual(['172.17.0.2']);
  });

  it('may hang when it is asked again: the tasks of others stay', async () => {
    const hanging = local((swarm) => {
      swarm.before = (_, signal) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    hanging.containers.clear();
    await using scene = await watch({ local: hanging, managers: managers() });
    hanging.cut();
    await settle();
    expect(services(scene)).toEqual(['web']);
    await scene.pass(2000);
    expect(services(scene)).toEqual(['web']);
  });
});

describe('what a Swarm declares', () => {
  const id = 'a'.repeat(64);
  const labels = (taskId: string): Readonly<Record<string, string>> => ({
    'com.docker.swarm.node.id': 'n1',
    'com.docker.swarm.service.id': 'web',
    'com.docker.swarm.service.name': 'shop_web',
    'com.docker.swarm.task.id': taskId,
    'com.docker.swarm.task.name': `shop_web.1.${taskId}`,
  });
  const hostPorts = [{ containerPort: 80, hostIp: '', hostPort: 8080 }];
  const far = webTask({ id: 'web.2', slot: 2, nodeId: 'n2', containerId: 'b'.repeat(64), hostPorts });
  const shown = ({ source }: Scene): string[] =>
    source
      .declare()
      .declarations.map(({ service, upstream }) => {
        const where = upstream?.endpoints.map(({ host, port }) => `${host}:${port}`).join();
        return `${service}: ${upstream?.task?.name} ${where} ${upstream?.condition.kind}`;
      })
      .toSorted();

  it('are the containers of Sealane’s own node, which need no label, and the tasks of others', async () => {
    const a = engine((swarm) => swarm.set(far, firstNode({ id: 'n2', address: '10.77.0.2' })));
    a.set(facts({ id, labels: labels('web.1'), networking: facts().networking }));
    await using scene = await watch({ a });
    expect(shown(scene)).toEqual([
      'shop_web: shop_web.1 172.17.0.2:80 running',
      'shop_web: shop_web.2 10.77.0.2:8080 running',
    ]);
    const before = scene.source.declare();
    expect(scene.source.declare().declarations).toEqual(before.declarations);
    const runs = before.declarations.flatMap(({ upstream }) => upstream?.run ?? []);
    expect(runs.map(scene.source.isAlive)).toEqual([true, true]);
    // The Swarm wants both to end, and the far one has.
    const end = { desiredState: 'shutdown' };
    a.swarm.set(webTask(end), { ...far, ...end, state: 'complete' });
    a.swarm.emit({ kind: 'service', id: 'web' });
    scene.clock.advance(25);
    await settle();
    expect(shown(scene)).toEqual(['shop_web: shop_web.1 172.17.0.2:80 stopping']);
    expect(runs.map(scene.source.isAlive)).toEqual([true, false]);
  });

  // A stack file with the port in `labels`, and who is let in in `deploy.labels`.
  const restricted = webService({ labels: { 'sealane.allow': '10.0.0.0/8' } });
  const own = facts({ id, labels: { ...labels('web.1'), 'sealane.port': '80' } });
  const allowed = ({ source }: Scene): unknown[] => source.declare().declarations.map(({ pool }) => pool.allow);
  const withoutManager = (swarm: InMemorySwarm): void => {
    swarm.standingNow = { ...worker, nodeId: 'n1' };
    swarm.before = (call) => {
      if (call !== 'standing' && call !== 'events') throw new Error('This node is not a swarm manager');
    };
  };

  it('is no container whose service may restrict it, before the Swarm was read', async () => {
    const gate = Promise.withResolvers<void>();
    const a = engine((swarm) => {
      swarm.set(restricted);
      swarm.before = (call) => (call.startsWith('services') ? gate.promise : undefined);
    });
    a.set(own);
    await using scene = await watch({ a });
    expect(shown(scene)).toEqual([]);
    gate.resolve();
    await settle();
    expect(allowed(scene)).toEqual([[expect.anything()]]);
  });

  it('keeps the labels of its service while its containers live, once no manager tells of it', async () => {
    const a = engine((swarm) => swarm.set(restricted));
    a.set(own);
    await using scene = await watch({ a });
    const before = allowed(scene);
    expect(before).toEqual([[expect.anything()]]);
    withoutManager(a.swarm);
    a.swarm.emit({ kind: 'service', id: 'web' });
    await scene.pass(20_000);
    expect(scene.source.swarm()).toBeUndefined();
    expect(allowed(scene)).toEqual(before);
  });

  it('is no container of a service that its Swarm leaves out, with a problem', async () => {
    const a = engine((swarm) => swarm.remove('web'));
    a.set(own);
    await using scene = await watch({ a });
    expect(shown(scene)).toEqual([]);
    expect(scene.source.declare().problems).toMatchObject([{ code: 'swarm-unreachable', containerId: id }]);
  });

  it('is a container with its own labels where no manager is watched, or none may be asked', async () => {
    const a = engine(withoutManager);
    a.set(own);
    await using scene = await watch({ a });
    expect(shown(scene)).toHaveLength(1);
    const b = engine((swarm) => {
      withoutManager(swarm);
      swarm.standingNow = manager;
    });
    b.set(own);
    await using refused = await watch({ b });
    await refused.pass(1000);
    expect(shown(refused)).toHaveLength(1);
  });

  it('ends without its sessions, whose processes live on, once a manager tells no more of them', async () => {
    const a = engine((swarm) => swarm.set(far, firstNode({ id: 'n2', address: '10.77.0.2' })));
    a.set(facts({ id, labels: labels('web.1') }));
    await using scene = await watch({ a });
    const runs = scene.source.declare().declarations.flatMap(({ upstream }) => upstream?.run ?? []);
    expect(runs.map(scene.source.isAlive)).toEqual([true, true]);
    a.swarm.set(webService({ labels: {} }));
    a.swarm.emit({ kind: 'service', id: 'web' });
    await scene.pass(200);
    expect(shown(scene)).toEqual([]);
    expect(runs.map(scene.source.isAlive)).toEqual([true, true]);
    withoutManager(a.swarm);
    await scene.pass(20_000);
    expect(runs.map(scene.source.isAlive)).toEqual([true, true]);
    a.containers.clear();
    a.emit({ action: 'die', id, timeNs: 5000n });
    await settle();
    expect(runs.map(scene.source.isAlive)).toEqual([false, true]);
  });

  it('is nothing more once its service loses its labels', async () => {
    const a = engine();
    a.set(facts({ id, labels: labels('web.1') }));
    await using scene = await watch({ a });
    expect(shown(scene)).toHaveLength(1);
    a.swarm.set(webService({ labels: {} }));
    a.swarm.emit({ kind: 'service', id: 'web' });
    scene.clock.advance(25);
    await settle();
    expect(shown(scene)).toEqual([]);
  });

  describe('of a worker whose engine is watched beside a manager', () => {
    const onFar = (taskId: string): Readonly<Record<string, string>> => ({
      ...labels(taskId),
      'com.docker.swarm.node.id': 'n2',
    });
    const two = async (): Promise<{ a: Engines[string]; b: Engines[string]; scene: Scene }> => {
      const a = engine((swarm) => swarm.set(far, firstNode({ id: 'n2', address: '10.77.0.2', hostname: 'node2' })));
      const b = engine((swarm) => (swarm.standingNow = { ...worker, nodeId: 'n2' }));
      a.set(facts({ id, labels: labels('web.1') }));
      b.set(facts({ id: 'b'.repeat(64), labels: onFar('web.2') }));
      const scene = await watch({ a, b });
      await settle();
      return { a, b, scene };
    };
    const lose = async (one: Engines[string]): Promise<void> => {
      one.before = () => Promise.reject(new Error('refused'));
      one.cut();
      await settle();
    };
    const die = async (b: Engines[string]): Promise<void> => {
      b.containers.clear();
      b.emit({ action: 'die', id: 'b'.repeat(64), attributes: onFar('web.2'), timeNs: 5000n });
      await settle();
    };
    const both = ['shop_web: shop_web.1 172.17.0.2:80 running', 'shop_web: shop_web.2 10.77.0.2:8080 running'];

    it.each(['in reach', 'out of reach'])('a task is over with its container, with the manager %s', async (place) => {
      const { a, b, scene } = await two();
      await using _ = scene;
      expect(shown(scene)).toEqual(both);
      const runs = scene.source.declare().declarations.flatMap(({ upstream }) => upstream?.run ?? []);
      if (place !== 'in reach') await lose(a);
      expect(shown(scene)).toEqual(both);
      await die(b);
      expect(shown(scene)).toEqual(both.slice(0, 1));
      expect(runs.map(scene.source.isAlive)).toEqual([true, false]);
    });

    it('a task lives on while that engine does not tell, or has not told of it yet', async () => {
      const { b, scene } = await two();
      await using _ = scene;
      await lose(b);
      expect(shown(scene)).toEqual(both);
      const node = firstNode({ id: 'n2', address: '10.77.0.2' });
      await using late = await watch({
        a: engine((swarm) => swarm.set(webTask({ nodeId: 'n2' }), far, node)),
        b: engine(),
      });
      expect(shown(late)).toHaveLength(2);
    });

    it('a task that starts there while the manager is out of reach is served by what its engine tells', async () => {
      const { a, b, scene } = await two();
      await using _ = scene;
      await lose(a);
      const started = 'd'.repeat(64);
      b.set(facts({ id: started, labels: onFar('web.3') }));
      b.emit({ action: 'start', id: started, attributes: onFar('web.3'), timeNs: 5n });
      await settle();
      expect(shown(scene)).toHaveLength(3);
    });
  });

  it('is declared once where the engines of two nodes are watched', async () => {
    const nodes = (swarm: InMemorySwarm): InMemorySwarm =>
      swarm.set(far, firstNode({ id: 'n2', address: '10.77.0.2', hostname: 'node2' }));
    const a = engine(nodes);
    const b = engine((swarm) => (nodes(swarm).standingNow = { ...manager, nodeId: 'n2' }));
    a.set(facts({ id, labels: labels('web.1') }));
    b.set(facts({ id: 'b'.repeat(64), labels: { ...labels('web.2'), 'com.docker.swarm.node.id': 'n2' } }));
    await using scene = await watch({ a, b });
    expect(shown(scene)).toEqual([
      'shop_web: shop_web.1 172.17.0.2:80 running',
      'shop_web: shop_web.2 10.77.0.2:8080 running',
    ]);
  });
});
