import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../src/docker/engine.ts';
import { settle } from '../../support/fake-engine/port.ts';
import {
  manager,
  outside,
  firstNode,
  webService,
  webTask,
  worker,
  type InMemorySwarm,
} from '../../support/fake-engine/swarm-port.ts';
import { watchSwarm, type SwarmScene } from '../../support/fake-engine/swarm-scene.ts';

function fill(swarm: InMemorySwarm): void {
  swarm.set(webService(), webTask(), firstNode());
}

function refuse(forbidden = false): (call: string) => void {
  return (call) => {
    if (call !== 'standing' && call !== 'events') throw new EngineError('refused', `no ${call}`, { forbidden });
  };
}

/** A call that is never answered. */
function hangs(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

const running = ['web.1: running/running'];

async function worksAs(standing: InMemorySwarm['standingNow']): Promise<SwarmScene> {
  const scene = await watchSwarm((swarm) => {
    fill(swarm);
    swarm.standingNow = standing;
  });
  scene.calls();
  return scene;
}

describe('an engine outside any Swarm', () => {
  test('is asked once whether it is in one, and again when it is connected again', async () => {
    await using scene = await worksAs(outside);
    await scene.pass(3_600_000);
    expect(scene.calls()).toEqual([]);
    expect(scene.watch.state()).toEqual({ standing: outside, isAwaited: false });
    scene.watch.disconnected();
    scene.watch.connected();
    await settle();
    expect(scene.calls()).toEqual(['standing']);
  });

  test('is asked again when a container of a task starts on it, once in ten seconds', async () => {
    await using scene = await worksAs(outside);
    await scene.pass(10_000);
    scene.swarm.standingNow = manager;
    scene.watch.hint('web');
    scene.watch.hint('web');
    await scene.pass(0);
    expect(scene.calls().filter((call) => call === 'standing')).toHaveLength(1);
    expect(scene.tasks()).toEqual(running);
  });

  test('is asked at the end of the ten seconds, where the first container of a task starts within them', async () => {
    await using scene = await worksAs(outside);
    await scene.pass(4_000);
    scene.swarm.standingNow = manager;
    scene.watch.hint('web');
    scene.watch.hint('web');
    await scene.pass(5_999);
    expect(scene.calls()).toEqual([]);
    await scene.pass(1);
    expect(scene.tasks()).toEqual(running);
  });

  test('is taken for one where it may not say', async () => {
    await using scene = await watchSwarm((swarm) => {
      swarm.before = () => Promise.reject(new EngineError('refused', 'forbidden', { forbidden: true }));
    });
    expect(scene.watch.state()).toEqual({ isAwaited: false });
    await scene.pass(3_600_000);
    expect(scene.calls()).toEqual(['standing']);
    expect(scene.logged).toEqual([]);
  });

  test('is asked again, and not waited for, where it does not answer', async () => {
    await using scene = await watchSwarm((swarm) => {
      swarm.standingNow = outside;
      swarm.before = () => Promise.reject(new EngineError('timeout', 'too slow'));
    });
    expect(scene.watch.state()).toEqual({ isAwaited: false });
    scene.swarm.before = () => {};
    await scene.pass(100);
    expect(scene.watch.state()).toEqual({ standing: outside, isAwaited: false });
    expect(scene.logged).toEqual([]);
  });
});

describe('a node that is no manager', () => {
  test('is asked once in ten seconds whether it is one, and followed when it is', async () => {
    await using scene = await worksAs(worker);
    expect(scene.watch.state()).toEqual({ standing: worker, isAwaited: false });
    await scene.pass(30_000);
    expect(scene.calls()).toEqual(['standing', 'standing', 'standing']);
    scene.swarm.standingNow = manager;
    await scene.pass(10_000);
    expect(scene.watch.state().standing).toEqual(manager);
    expect(scene.tasks()).toEqual(running);
    scene.calls();
    await scene.pass(10_000);
    expect(scene.calls()).not.toContain('standing');
  });
});

describe('a manager that becomes none', () => {
  test('keeps what it told for ten seconds, since a node that starts is none for a moment, too', async () => {
    await using scene = await worksAs(manager);
    scene.swarm.standingNow = worker;
    scene.swarm.before = refuse();
    await scene.pass(2000);
    expect(scene.watch.state().standing).toEqual(worker);
    expect(scene.tasks()).toEqual(running);
    await scene.pass(10_000);
    expect(scene.watch.state()).toEqual({ standing: worker, isAwaited: false });
  });

  test('is followed on where it is one again', async () => {
    await using scene = await worksAs(manager);
    scene.swarm.standingNow = worker;
    scene.swarm.before = refuse();
    await scene.pass(2000);
    scene.swarm.standingNow = manager;
    scene.swarm.before = () => {};
    scene.swarm.set(webTask({ id: 'web.2' }));
    await scene.pass(1000);
    expect(scene.tasks()).toEqual([...running, 'web.2: running/running']);
    await scene.pass(60_000);
    expect(scene.tasks()).toHaveLength(2);
  });

  test('keeps what only it was told while the Swarm has no leader, when no engine tells which Swarm it is', async () => {
    const hostPorts = [{ containerPort: 80, hostIp: '', hostPort: 32_768 }];
    const containerId = 'a'.repeat(64);
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), firstNode(), webTask({ containerId, hostPorts })),
    );
    const { clusterId, ...leaderless } = manager;
    scene.swarm.standingNow = leaderless;
    scene.swarm.before = refuse();
    await scene.pass(5000);
    expect(scene.watch.state().clusterId).toBe(clusterId);
    // Docker 20.10 has forgotten the ports when another leader is elected.
    scene.swarm.set(webTask({ containerId, hostPorts: [] }));
    scene.swarm.before = () => {};
    await scene.pass(5000);
    expect(scene.snapshot().tasks.get('web.1')?.hostPorts).toEqual(hostPorts);
    scene.swarm.standingNow = manager;
    scene.watch.disconnected();
    scene.watch.connected();
    await scene.pass(5000);
    expect(scene.snapshot().tasks.get('web.1')?.hostPorts).toEqual(hostPorts);
  });

  test('leaves nothing of a Swarm that it left for another one', async () => {
    await using scene = await worksAs(manager);
    scene.watch.disconnected();
    scene.swarm.remove('web');
    scene.swarm.remove('web.1');
    scene.swarm.set(webService({ id: 'api' }));
    scene.swarm.standingNow = { ...manager, clusterId: 'c2' };
    scene.watch.connected();
    await scene.pass(0);
    expect([...scene.snapshot().services.keys()]).toEqual(['api']);
    expect(scene.tasks()).toEqual([]);
  });
});

describe('a manager whose engine was started again', () => {
  test.each([outside, { state: 'locked', isManager: false }] as const)(
    'is the same node while what it told is kept, and it is $state',
    async (standing) => {
      await using scene = await worksAs(manager);
      scene.watch.disconnected();
      scene.swarm.standingNow = standing;
      scene.watch.connected();
      await scene.pass(3000);
      expect(scene.watch.state().standing).toEqual({ ...standing, nodeId: 'n1' });
      expect(scene.tasks()).toEqual(running);
    },
  );

  test('is no node once what it told is dropped', async () => {
    await using scene = await worksAs(manager);
    scene.watch.disconnected();
    scene.swarm.standingNow = outside;
    scene.watch.connected();
    await scene.pass(20_000);
    expect(scene.watch.state()).toEqual({ standing: outside, isAwaited: false });
  });
});

describe('while the engine is out of reach', () => {
  test('what is known of its Swarm stays, and nothing is asked', async () => {
    await using scene = await worksAs(manager);
    scene.watch.disconnected();
    await scene.pass(60_000);
    scene.calls();
    await scene.pass(60_000);
    expect(scene.calls()).toEqual([]);
    expect(scene.tasks()).toEqual(running);
    expect(scene.swarm.openStreams).toBe(0);
    scene.swarm.set(webTask({ id: 'web.2' }));
    scene.watch.connected();
    await scene.pass(0);
    expect(scene.tasks()).toEqual([...running, 'web.2: running/running']);
  });

  test('a task that ended meanwhile is taken out when it is back', async () => {
    await using scene = await worksAs(manager);
    scene.watch.disconnected();
    scene.swarm.remove('web.1');
    scene.watch.connected();
    await scene.pass(25);
    expect(scene.tasks()).toEqual([]);
  });

  test('a Swarm that starts with it is waited for', async () => {
    await using scene = await worksAs(manager);
    scene.watch.disconnected();
    scene.swarm.standingNow = { state: 'pending', isManager: false };
    scene.watch.connected();
    await scene.pass(5000);
    expect(scene.tasks()).toEqual(running);
    scene.swarm.standingNow = manager;
    scene.swarm.set(webTask({ id: 'web.2' }));
    await scene.pass(1000);
    expect(scene.tasks()).toHaveLength(2);
  });
});

describe('a Swarm that is waited for at the start', () => {
  test('is so until it was read', async () => {
    const gate = Promise.withResolvers<void>();
    await using scene = await watchSwarm((swarm) => {
      fill(swarm);
      swarm.before = (call) => (call.startsWith('tasks') ? gate.promise : undefined);
    });
    expect(scene.watch.state()).toMatchObject({ standing: manager, isAwaited: true });
    gate.resolve();
    await settle();
    expect(scene.watch.state().isAwaited).toBe(false);
    expect(scene.tasks()).toEqual(running);
  });

  test('is waited for no longer once it fails', async () => {
    await using scene = await watchSwarm((swarm) => {
      fill(swarm);
      swarm.before = refuse();
    });
    await scene.pass(100);
    expect(scene.watch.state().isAwaited).toBe(false);
    expect(scene.snapshot()).toMatchObject({ failure: 'no services all', tasks: new Map() });
  });

  test('is waited for no longer where the engine may not say that it is in one, also when it is connected again', async () => {
    await using scene = await watchSwarm((swarm) => {
      swarm.before = () => Promise.reject(new EngineError('refused', 'forbidden', { forbidden: true }));
    });
    scene.watch.disconnected();
    scene.watch.connected();
    expect(scene.watch.state().isAwaited).toBe(false);
  });

  test('is waited for once: an engine that was lost before it told is served meanwhile, and stays so', async () => {
    await using scene = await watchSwarm((swarm) => {
      swarm.before = (_, signal) => hangs(signal);
    });
    expect(scene.watch.state().isAwaited).toBe(true);
    scene.watch.disconnected();
    expect(scene.watch.state().isAwaited).toBe(false);
    scene.watch.connected();
    await settle();
    expect(scene.watch.state().isAwaited).toBe(false);
  });

  test('is waited for where the engine was out of reach at first', async () => {
    await using scene = await watchSwarm((swarm) => {
      fill(swarm);
      swarm.before = () => new Promise((resolve) => setImmediate(resolve));
    });
    const { watch } = scene;
    watch.disconnected();
    expect(watch.state().isAwaited).toBe(false);
    await settle();
    watch.connected();
    await scene.pass(1000);
    expect(scene.tasks()).toEqual(running);
  });

  test('is waited for ten seconds where the node joins it', async () => {
    await using scene = await worksAs({ state: 'pending', isManager: false });
    expect(scene.watch.state().isAwaited).toBe(true);
    await scene.pass(11_000);
    expect(scene.watch.state().isAwaited).toBe(false);
  });
});

describe('a manager that does not answer for its Swarm', () => {
  test('is asked again at once, and a single failure is no failure of the Swarm', async () => {
    await using scene = await worksAs(manager);
    scene.swarm.before = refuse();
    await scene.next();
    expect(scene.snapshot().failure).toBeUndefined();
    scene.swarm.before = () => {};
    await scene.pass(1000);
    expect(scene.snapshot().failure).toBeUndefined();
    expect(scene.logged.map(({ event }) => event)).toEqual(['swarm-connected']);
  });

  test('is silent from the first call on that fails or takes long, until one is answered', async () => {
    await using scene = await worksAs(manager);
    scene.swarm.before = (call, signal) => (call === 'events' ? undefined : hangs(signal));
    await scene.pass(1000);
    expect(scene.watch.state().isSilent).toBeUndefined();
    await scene.pass(200);
    expect(scene.watch.state()).toMatchObject({ isSilent: true });
    scene.watch.disconnected();
    scene.swarm.before = refuse();
    scene.watch.connected();
    await scene.pass(0);
    expect(scene.watch.state()).toMatchObject({ isSilent: true });
    expect(scene.snapshot().failure).toBeUndefined();
    scene.swarm.before = () => {};
    await scene.pass(1000);
    expect(scene.watch.state().isSilent).toBeUndefined();
    expect(scene.logged.map(({ event }) => event)).toEqual(['swarm-connected']);
  });

  test('since it has not found its Swarm after ten seconds says so, and is asked as rarely as at rest', async () => {
    await using scene = await worksAs(manager);
    scene.watch.disconnected();
    scene.swarm.standingNow = { state: 'pending', isManager: false };
    scene.watch.connected();
    await scene.pass(5000);
    expect(scene.watch.state()).toMatchObject({ isSilent: true });
    expect(scene.snapshot().failure).toBeUndefined();
    await scene.pass(6000);
    expect(scene.snapshot().failure).toContain('has not found its Swarm');
    expect(scene.tasks()).toEqual(running);
    scene.calls();
    await scene.pass(100_000);
    expect(scene.calls()).toHaveLength(10);
    scene.swarm.standingNow = manager;
    await scene.pass(10_000);
    expect(scene.snapshot().failure).toBeUndefined();
    expect(scene.watch.state().isSilent).toBeUndefined();
  });

  test('leaves the last known state with the reason, told once, until it answers', async () => {
    await using scene = await worksAs(manager);
    scene.swarm.before = refuse();
    await scene.pass(120_000);
    expect(scene.snapshot()).toMatchObject({ failure: 'no services all' });
    expect(scene.tasks()).toEqual(running);
    expect(scene.calls().filter((call) => call === 'standing').length).toBeLessThan(30);
    const changes = scene.changes();
    await scene.pass(60_000);
    expect(scene.changes()).toBe(changes);
    scene.swarm.before = () => {};
    await scene.pass(10_000);
    expect(scene.snapshot().failure).toBeUndefined();
    expect(scene.logged.map(({ event }) => event)).toEqual(['swarm-connected', 'swarm-unreadable', 'swarm-connected']);
  });

  test('is told once, whichever of the calls that go together fails first', async () => {
    await using scene = await worksAs(manager);
    let rounds = 0;
    scene.swarm.before = async (call) => {
      if (call === 'services all') rounds += 1;
      if (call === (rounds % 2 === 0 ? 'services all' : 'nodes')) await settle();
      refuse()(call);
    };
    await scene.pass(120_000);
    expect(rounds).toBeGreaterThan(5);
    expect(scene.snapshot()).toMatchObject({ failure: 'no services all' });
    expect(scene.logged.filter(({ event }) => event === 'swarm-unreadable')).toHaveLength(1);
  });

  test('since it has no leader says so, although it is not known whether the engine is still a manager', async () => {
    await using scene = await worksAs(manager);
    scene.swarm.before = (call, signal) => (call === 'standing' ? hangs(signal) : refuse()(call));
    await scene.pass(5000);
    expect(scene.snapshot()).toMatchObject({ failure: 'no services all' });
    expect(scene.tasks()).toEqual(running);
    scene.swarm.before = () => {};
    scene.swarm.set(webTask({ id: 'web.2' }));
    await scene.pass(10_000);
    expect(scene.snapshot().failure).toBeUndefined();
    expect(scene.tasks()).toHaveLength(2);
    await scene.pass(5000);
    expect(scene.watch.state().standing).toEqual(manager);
  });

  test('behind a proxy that forbids it gives an empty Swarm with the reason at once', async () => {
    await using scene = await watchSwarm((swarm) => {
      swarm.before = refuse(true);
    });
    expect(scene.watch.state()).toMatchObject({
      standing: manager,
      snapshot: { failure: 'no services all', services: new Map() },
      isAwaited: false,
    });
  });

  test('since it is locked says so, and is asked again', async () => {
    await using scene = await worksAs(manager);
    scene.watch.disconnected();
    scene.swarm.standingNow = { state: 'locked', isManager: false };
    scene.watch.connected();
    await settle();
    expect(scene.snapshot().failure).toContain('locked');
    expect(scene.tasks()).toEqual(running);
    scene.swarm.standingNow = manager;
    await scene.pass(10_000);
    expect(scene.snapshot().failure).toBeUndefined();
  });
});

test('a watch that is stopped leaves no call, timer or stream, and tells of no change', async () => {
  const scene = await worksAs(manager);
  const changes = scene.changes();
  await scene.watch.stop();
  expect(scene.swarm.openStreams).toBe(0);
  expect(scene.clock.nextDelayMs()).toBeUndefined();
  expect(scene.changes()).toBe(changes);
});
