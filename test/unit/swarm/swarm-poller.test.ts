import { describe, expect, test } from 'vitest';
import type { SwarmTask } from '../../../src/docker/swarm/facts.ts';
import { settle } from '../../support/fake-engine/port.ts';
import { firstNode, webService, webTask } from '../../support/fake-engine/swarm-port.ts';
import { template } from '../../support/swarm/facts.ts';
import { watchSwarm, type SwarmScene } from '../../support/fake-engine/swarm-scene.ts';

/** A Swarm of one service with a task that runs, at rest. */
async function atRest(): Promise<SwarmScene> {
  const scene = await watchSwarm((swarm) => swarm.set(webService(), webTask(), firstNode()));
  await scene.pass(3000);
  scene.calls();
  return scene;
}

const running = 'web.1: running/running';

/** The calls for tasks since the last time. */
function taskCalls(scene: SwarmScene): string[] {
  return scene.calls().filter((call) => call.startsWith('tasks'));
}

describe('a Swarm at rest', () => {
  test('is read as a whole once its events are heard', async () => {
    await using scene = await watchSwarm((swarm) => swarm.set(webService(), webTask(), firstNode()));
    expect(scene.calls()).toEqual(['standing', 'events', 'services all', 'nodes', 'tasks all']);
    expect(scene.tasks()).toEqual([running]);
    expect(scene.snapshot().services.get('web')?.name).toBe('shop_web');
    expect(scene.snapshot().nodes.get('n1')?.hostname).toBe('node1');
    expect(scene.watch.state().isAwaited).toBe(false);
  });

  test('is asked for its tasks once a second, and stays the same object', async () => {
    await using scene = await atRest();
    const before = scene.watch.state();
    const changes = scene.changes();
    await scene.pass(3000);
    expect(scene.calls()).toEqual(['tasks all', 'tasks all', 'tasks all']);
    expect(scene.watch.state()).toBe(before);
    expect(scene.changes()).toBe(changes);
  });

  test('is asked for its tasks as rarely as keeps a slow manager free for nineteen twentieths of the time', async () => {
    await using scene = await atRest();
    scene.swarm.before = (call) => (call.startsWith('tasks') ? scene.clock.advance(200) : undefined);
    await scene.pass(60_000);
    expect(taskCalls(scene).length).toBeGreaterThan(12);
    await scene.pass(60_000);
    expect(taskCalls(scene).length).toBeLessThan(16);
  });

  test('is not asked for tasks where no service has labels', async () => {
    const plain = webService({ id: 'db', labels: {} });
    await using scene = await watchSwarm((swarm) => swarm.set(plain, webTask({ serviceId: 'db' }), firstNode()));
    await scene.pass(5000);
    expect(scene.calls().filter((call) => call.startsWith('tasks'))).toEqual([]);
    expect(scene.snapshot()).toMatchObject({ tasks: new Map() });
    expect([...scene.snapshot().services.keys()]).toEqual(['db']);
  });

  test('is asked only for the tasks of services with labels, on the service or its containers', async () => {
    const plain = webService({ id: 'db', labels: {} });
    const inside = webService({ id: 'api', labels: {}, template: template({ labels: { 'sealane.port': '1' } }) });
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), plain, inside, webTask(), webTask({ id: 'db.1', serviceId: 'db' }), firstNode()),
    );
    expect(scene.calls().at(-1)).toBe('tasks web,api');
    expect(scene.tasks()).toEqual([running]);
  });

  test('is read as a whole at each resync, in case an event was lost', async () => {
    await using scene = await atRest();
    scene.swarm.set(webService({ id: 'api' }));
    await scene.pass(300_000);
    expect(scene.calls()).toContain('services all');
    expect([...scene.snapshot().services.keys()]).toEqual(['web', 'api']);
  });
});

describe('an event', () => {
  test('of a service leads to one read of that service and its tasks at once, and then closely', async () => {
    await using scene = await atRest();
    scene.swarm.set(webService({ replicas: 2 }));
    scene.swarm.emit({ kind: 'service', id: 'web' });
    scene.swarm.emit({ kind: 'service', id: 'web' });
    await scene.pass(0);
    expect(scene.calls()).toEqual(['services web', 'tasks all']);
    await scene.pass(50);
    expect(scene.calls()).toEqual(['tasks all', 'tasks all']);
    scene.swarm.set(webTask({ id: 'web.2', state: 'starting' }));
    await scene.pass(25);
    expect(scene.tasks()).toEqual([running, 'web.2: running/starting']);
    await scene.pass(5000);
    scene.calls();
    scene.swarm.set(webTask({ id: 'web.2' }));
    await scene.pass(25);
    expect(scene.tasks()).toEqual([running, 'web.2: running/running']);
    await scene.pass(3000);
    scene.calls();
    await scene.pass(2000);
    expect(taskCalls(scene)).toEqual(['tasks all', 'tasks all']);
  });

  test('makes the catalog dirty once', async () => {
    await using scene = await atRest();
    const before = scene.changes();
    scene.swarm.set(webService({ replicas: 2 }), webTask({ id: 'web.2' }));
    scene.swarm.emit({ kind: 'service', id: 'web' });
    await scene.pass(5000);
    expect(scene.changes()).toBe(before + 1);
  });

  test('of a service that is removed takes it out with its tasks', async () => {
    await using scene = await atRest();
    scene.swarm.remove('web');
    scene.swarm.emit({ kind: 'service', id: 'web' });
    await scene.pass(0);
    expect(scene.snapshot()).toMatchObject({ services: new Map(), tasks: new Map() });
    scene.calls();
    await scene.pass(5000);
    expect(scene.calls()).toEqual([]);
  });

  test('of a node leads to a read of nodes and all tasks', async () => {
    await using scene = await atRest();
    scene.swarm.set(firstNode({ state: 'down' }));
    scene.swarm.emit({ kind: 'node' });
    await scene.pass(0);
    expect(scene.calls()).toEqual(['nodes', 'tasks all']);
    expect(scene.snapshot().nodes.get('n1')?.state).toBe('down');
    await scene.pass(100);
    expect(scene.calls()).toHaveLength(4);
  });

  test('of a container of a task leads to a read of the tasks of its service', async () => {
    await using scene = await atRest();
    scene.watch.hint('web');
    scene.watch.hint('db');
    await scene.pass(0);
    expect(scene.calls()).toEqual(['tasks all']);
  });

  test('that can not be read leads to a read of everything', async () => {
    await using scene = await atRest();
    scene.swarm.emit({ kind: 'unreadable' });
    await scene.pass(0);
    expect(scene.calls()).toEqual(['services all', 'nodes', 'tasks all']);
  });

  test('of each of thousands of services, as they flap, leads to one read of all services, and of the tasks of those with labels', async () => {
    await using scene = await atRest();
    for (let index = 0; index < 20_000; index += 1) scene.swarm.emit({ kind: 'service', id: `s${index}` });
    scene.swarm.set(
      webService({ id: 's7', labels: {} }),
      webService({ id: 's8' }),
      webTask({ id: 's8.1', serviceId: 's8' }),
    );
    await scene.pass(0);
    expect(scene.calls()).toEqual(['services all', 'tasks s8']);
    expect(scene.tasks()).toEqual([running, 's8.1: running/running']);
  });

  test('that comes during a read leads to one more read', async () => {
    await using scene = await atRest();
    const gate = Promise.withResolvers<void>();
    scene.swarm.before = () => gate.promise;
    scene.watch.hint('web');
    await scene.pass(0);
    scene.watch.hint('web');
    await scene.pass(10_000);
    expect(scene.calls()).toEqual(['tasks all']);
    scene.swarm.before = () => {};
    gate.resolve();
    await settle();
    await scene.pass(0);
    expect(scene.calls()).toEqual([]);
  });

  test('of one of many services leads to a read of its tasks alone, with those of services that move', async () => {
    await using scene = await watchSwarm((swarm) => {
      for (const id of ['a', 'b', 'c']) swarm.set(webService({ id }), webTask({ id: `${id}.1`, serviceId: id }));
      swarm.set(webService({ id: 'waits', replicas: 1 }));
    });
    await scene.pass(5000);
    scene.calls();
    scene.swarm.emit({ kind: 'service', id: 'b' });
    await scene.pass(25);
    expect(scene.calls()).toEqual(['services b', 'tasks b,waits']);
  });
});

describe('a service that is removed while its tasks are asked for', () => {
  const ids = ['a', 'b', 'c', 'd'];

  test('is no failure, and the others are read all the same', async () => {
    await using scene = await watchSwarm((swarm) => {
      for (const id of ids) swarm.set(webService({ id }), webTask({ id: `${id}.1`, serviceId: id }));
    });
    await scene.pass(3000);
    scene.swarm.remove('a');
    scene.swarm.set(webTask({ id: 'b.2', serviceId: 'b' }));
    scene.calls();
    scene.watch.hint('a');
    scene.watch.hint('b');
    await scene.pass(100);
    expect(scene.calls().slice(0, 3)).toEqual(['tasks a,b', 'services all', 'tasks all']);
    expect([...scene.snapshot().services.keys()]).toEqual(['b', 'c', 'd']);
    expect(scene.tasks()).toContain('b.2: running/running');
  });

  test('delays no start', async () => {
    await using scene = await watchSwarm((swarm) => {
      for (const id of ids) swarm.set(webService({ id }), webTask({ id: `${id}.1`, serviceId: id }));
      swarm.set(webService({ id: 'db', labels: {} }));
      swarm.before = (call) => (call.startsWith('tasks') ? swarm.remove('a') : undefined);
    });
    expect(scene.watch.state().isAwaited).toBe(false);
    expect(scene.tasks().filter((task) => !task.startsWith('a'))).toHaveLength(3);
    expect([...scene.snapshot().services.keys()]).toEqual(['b', 'c', 'd', 'db']);
  });
});

test('many services that move are named, unless they are most of them', async () => {
  await using scene = await watchSwarm((swarm) => {
    for (let index = 0; index < 300; index += 1) {
      swarm.set(webService({ id: `s${index}` }), webTask({ id: `s${index}.1`, serviceId: `s${index}` }));
    }
  });
  const namedOf = async (count: number): Promise<string | undefined> => {
    await scene.pass(3100);
    scene.calls();
    for (let index = 0; index < count; index += 1) scene.watch.hint(`s${index}`);
    await scene.pass(25);
    return scene.calls()[0]?.slice(0, 'tasks s0'.length);
  };
  expect(await namedOf(150)).toBe('tasks s0');
  expect(await namedOf(151)).toBe('tasks al');
});

describe('what moves', () => {
  test('is polled less closely the longer nothing happens to it, as a task that waits for a node', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), webTask({ state: 'pending' }), firstNode()),
    );
    const callsIn = async (ms: number): Promise<number> => {
      scene.calls();
      await scene.pass(ms);
      return taskCalls(scene).length;
    };
    expect(await callsIn(1000)).toBe(40);
    await scene.pass(60_000);
    expect(await callsIn(1000)).toBeLessThan(5);
    await scene.pass(240_000);
    expect(await callsIn(10_000)).toBe(10);
  });

  test('is a service that is being updated, also while all of its tasks run', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService({ isUpdating: true }), webTask(), firstNode()),
    );
    await scene.pass(4000);
    scene.calls();
    await scene.pass(100);
    expect(scene.calls()).toHaveLength(4);
  });

  test('is polled closely although a read of all tasks takes long', async () => {
    await using scene = await watchSwarm((swarm) => {
      for (const id of ['a', 'b', 'c']) swarm.set(webService({ id }), webTask({ id: `${id}.1`, serviceId: id }));
    });
    scene.swarm.before = (call) => (call === 'tasks all' ? scene.clock.advance(500) : undefined);
    await scene.pass(33_000);
    scene.swarm.emit({ kind: 'service', id: 'b' });
    await scene.pass(1000);
    scene.calls();
    await scene.pass(200);
    expect(scene.calls()).toEqual(Array.from({ length: 8 }, () => 'tasks b'));
  });

  test('is polled about as closely where single calls take long, as on a machine that starts containers', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), webTask({ state: 'starting' }), firstNode()),
    );
    await scene.pass(500);
    let calls = 0;
    scene.swarm.before = () => scene.clock.advance((calls += 1) % 4 === 0 ? 2 : 60);
    scene.calls();
    await scene.pass(1000);
    expect(scene.calls().length).toBeGreaterThan(8);
  });

  test('costs a slow manager no more than a tenth of its time', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), webTask({ state: 'starting' }), firstNode()),
    );
    scene.swarm.before = () => scene.clock.advance(20);
    await scene.pass(1000);
    scene.calls();
    await scene.pass(2200);
    expect(scene.calls().length).toBeLessThanOrEqual(11);
  });
});

describe('a task that is live no more', () => {
  const stopping = webTask({ desiredState: 'shutdown', stateAtNs: 2n });

  test('is kept as stopping while it runs, and is gone at its end', async () => {
    await using scene = await atRest();
    scene.swarm.set(stopping, webTask({ id: 'web.2', desiredState: 'ready', state: 'ready' }));
    await scene.next();
    expect(scene.calls()).toEqual(['tasks all', 'tasks #web.1']);
    expect(scene.tasks()).toEqual(['web.2: ready/ready', 'web.1: shutdown/running']);
    scene.swarm.set({ ...stopping, state: 'shutdown' }, webTask({ id: 'web.2' }));
    await scene.pass(25);
    expect(scene.tasks()).toEqual(['web.2: running/running']);
    expect(scene.snapshot().failed.size).toBe(0);
    await scene.pass(10_000);
    expect(scene.calls().filter((call) => call.startsWith('tasks #'))).toHaveLength(1);
  });

  test('is gone at once where the Swarm has forgotten it', async () => {
    await using scene = await atRest();
    scene.swarm.set(webTask({ desiredState: 'remove' }));
    await scene.pass(1000);
    expect(scene.tasks()).toEqual(['web.1: remove/running']);
    scene.swarm.remove('web.1');
    await scene.pass(1000);
    expect(scene.tasks()).toEqual([]);
  });

  test('is still live where it became so again meanwhile', async () => {
    await using scene = await atRest();
    let shifty = true;
    scene.swarm.before = (call) => {
      if (call.startsWith('tasks #')) scene.swarm.set(webTask());
      else if (call === 'tasks all' && shifty) scene.swarm.set(stopping);
      shifty = false;
    };
    await scene.pass(1000);
    expect(scene.tasks()).toEqual([running]);
  });

  test('of a node that is out of reach is kept for its grace period and a little more, and not asked for', async () => {
    await using scene = await atRest();
    scene.swarm.set(stopping, firstNode({ state: 'down' }));
    scene.swarm.emit({ kind: 'node' });
    await scene.pass(0);
    expect(scene.tasks()).toEqual(['web.1: shutdown/running']);
    scene.calls();
    await scene.pass(19_000);
    expect(scene.calls().filter((call) => call.startsWith('tasks #'))).toEqual([]);
    expect(scene.tasks()).toEqual(['web.1: shutdown/running']);
    await scene.pass(2000);
    expect(scene.tasks()).toEqual([]);
  });

  test('is asked for again once its node is back', async () => {
    await using scene = await atRest();
    scene.swarm.set(stopping, firstNode({ state: 'down' }));
    scene.swarm.emit({ kind: 'node' });
    await scene.pass(1000);
    scene.swarm.set({ ...stopping, state: 'shutdown' }, firstNode());
    scene.swarm.emit({ kind: 'node' });
    await scene.pass(25);
    expect(scene.tasks()).toEqual([]);
  });
});

describe('the host ports of a task', () => {
  const published = [{ containerPort: 80, hostIp: '', hostPort: 32_768 }];
  const portsOf = (scene: SwarmScene): unknown => scene.snapshot().tasks.get('web.1')?.hostPorts;

  test('are kept where its node tells of none any more, as after a change of the leader, and until its end', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), webTask({ hostPorts: published }), firstNode()),
    );
    scene.swarm.set(webTask({ stateAtNs: 2n }));
    await scene.pass(1000);
    expect(portsOf(scene)).toEqual(published);
    const before = scene.snapshot();
    await scene.pass(10_000);
    expect(scene.snapshot()).toBe(before);
    scene.swarm.set(webTask({ stateAtNs: 3n, desiredState: 'shutdown' }));
    await scene.pass(1000);
    expect(scene.tasks()).toEqual(['web.1: shutdown/running']);
    expect(portsOf(scene)).toEqual(published);
  });

  test('are known to be untold once it has run for ten seconds without a word of them', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService({ hostPorts: [{ containerPort: 80 }] }), webTask({ hostPorts: [] }), firstNode()),
    );
    const task = (): SwarmTask | undefined => scene.snapshot().tasks.get('web.1');
    await scene.pass(9_000);
    expect(task()).not.toHaveProperty('arePortsUntold');
    await scene.pass(2_000);
    expect(task()?.arePortsUntold).toBe(true);
    const marked = task();
    await scene.pass(60_000);
    expect(task()).toBe(marked);
    scene.swarm.set(webTask({ hostPorts: published }));
    await scene.pass(2_000);
    expect(task()).toEqual(webTask({ hostPorts: published }));
  });

  test('are those of another container where it has one', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), webTask({ hostPorts: published }), firstNode()),
    );
    scene.swarm.set(webTask({ containerId: 'b'.repeat(64) }));
    await scene.pass(1000);
    expect(portsOf(scene)).toEqual([]);
  });
});

describe('a task that failed', () => {
  const rejected = webTask({
    desiredState: 'shutdown',
    state: 'rejected',
    stateAtNs: 2n,
    error: 'No such image: shop:2',
  });

  test('is known until all tasks that its service wants have run for ten seconds', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), webTask({ state: 'preparing' }), firstNode()),
    );
    scene.swarm.set(rejected, webTask({ id: 'web.2', desiredState: 'ready', state: 'ready' }));
    await scene.pass(25);
    expect(scene.snapshot().failed).toEqual(new Map([['web', rejected]]));
    expect(scene.tasks()).toEqual(['web.2: ready/ready']);
    scene.swarm.remove('web.2');
    await scene.pass(5000);
    expect(scene.snapshot().failed.get('web')).toBe(rejected);
    scene.swarm.set(webTask({ id: 'web.3' }));
    await scene.pass(9000);
    expect(scene.snapshot().failed.get('web')).toBe(rejected);
    await scene.pass(3000);
    expect(scene.snapshot().failed.size).toBe(0);
  });

  test('again and again makes its service one that is polled as at rest, until something else happens to it', async () => {
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), webTask({ id: 'web.0', state: 'preparing' }), firstNode()),
    );
    const failed = (times: number): typeof rejected => ({ ...rejected, id: `web.${times}`, stateAtNs: BigInt(times) });
    for (let times = 0; times < 3; times += 1) {
      scene.swarm.set(failed(times), webTask({ id: `web.${times + 1}`, desiredState: 'ready', state: 'preparing' }));
      await scene.pass(1000);
    }
    await scene.pass(3000);
    scene.calls();
    await scene.pass(10_000);
    expect(taskCalls(scene)).toHaveLength(10);
    scene.watch.hint('web');
    await scene.pass(100);
    expect(scene.calls()).toHaveLength(1);
    scene.swarm.emit({ kind: 'service', id: 'web' });
    await scene.pass(100);
    expect(scene.calls().length).toBeGreaterThan(3);
    scene.swarm.remove('web.3');
    scene.swarm.set(webTask({ id: 'web.4' }));
    await scene.pass(12_000);
    expect(scene.snapshot().failed.size).toBe(0);
  });

  test('again and again after it ran for a moment each time does so, too', async () => {
    await using scene = await atRest();
    const failsAfterAMoment = async (times: number): Promise<void> => {
      const ready = webTask({ id: `web.${times + 1}`, desiredState: 'ready', state: 'ready' });
      scene.swarm.set({ ...rejected, id: `web.${times}`, state: 'failed', stateAtNs: BigInt(times) }, ready);
      await scene.pass(5000);
      scene.swarm.set(webTask({ id: ready.id }));
      await scene.pass(1000);
    };
    for (let times = 1; times <= 4; times += 1) await failsAfterAMoment(times);
    scene.calls();
    await failsAfterAMoment(5);
    expect(taskCalls(scene).length).toBeLessThan(15);
    expect(scene.snapshot().failed.get('web')?.id).toBe('web.5');
  });

  test('is not replaced by one that failed before', async () => {
    const earlier = { ...rejected, id: 'web.0', stateAtNs: 1n, error: 'an older reason' };
    await using scene = await watchSwarm((swarm) =>
      swarm.set(webService(), webTask({ state: 'preparing' }), webTask({ id: 'web.0', state: 'preparing' })),
    );
    scene.swarm.set(rejected, earlier);
    await scene.pass(25);
    expect(scene.snapshot().failed.get('web')).toBe(rejected);
  });
});

describe('the stream of events', () => {
  test('that tells nothing is not relied on: services and nodes are read every ten seconds', async () => {
    await using scene = await atRest();
    scene.swarm.set(webService({ id: 'api' }), firstNode({ state: 'down' }));
    await scene.pass(10_000);
    expect(scene.calls().filter((call) => !call.startsWith('tasks'))).toEqual(['services all', 'nodes']);
    expect([...scene.snapshot().services.keys()]).toEqual(['web', 'api']);
    expect(scene.snapshot().nodes.get('n1')?.state).toBe('down');
    await scene.pass(9000);
    scene.calls();
    scene.swarm.emit({ kind: 'service', id: 'web' });
    await scene.pass(9000);
    expect(scene.calls()).not.toContain('services all');
  });

  test('that ends is opened again, and everything read', async () => {
    await using scene = await atRest();
    scene.swarm.cut();
    await scene.pass(200);
    expect(scene.calls()).toEqual(['events', 'services all', 'nodes', 'tasks all']);
    expect(scene.swarm.openStreams).toBe(1);
  });

  test('that ends at once each time is not opened without a pause', async () => {
    await using scene = await atRest();
    scene.swarm.before = (call) => (call === 'events' ? queueMicrotask(() => scene.swarm.cut()) : undefined);
    scene.swarm.cut();
    await scene.pass(60_000);
    expect(scene.calls().filter((call) => call === 'events').length).toBeLessThan(25);
  });

  test('that can not be opened leaves a Swarm that is read all the same', async () => {
    await using scene = await watchSwarm((swarm) => {
      swarm.set(webService(), webTask(), firstNode());
      swarm.before = (call) => (call === 'events' ? Promise.reject(new Error('refused')) : undefined);
    });
    expect(scene.tasks()).toEqual([running]);
    scene.swarm.set(webService({ id: 'api' }));
    await scene.pass(10_000);
    expect([...scene.snapshot().services.keys()]).toEqual(['web', 'api']);
  });

  test('that can not be opened again after a failure leaves a Swarm that is read all the same', async () => {
    await using scene = await atRest();
    let fails = true;
    scene.swarm.before = (call) => {
      if (call !== 'events' && !fails) return;
      if (call.startsWith('tasks')) fails = false;
      throw new Error('refused');
    };
    scene.swarm.cut();
    await scene.pass(5000);
    scene.swarm.set(webTask({ id: 'web.2' }));
    await scene.pass(2000);
    expect(scene.tasks()).toEqual([running, 'web.2: running/running']);
  });
});

describe('a job', () => {
  const { replicas: _, ...job } = webService({ isJob: true });
  const jobTask = (state: string) => webTask({ desiredState: 'complete', state });

  test('has tasks that run, until they are complete', async () => {
    await using scene = await watchSwarm((swarm) => swarm.set(job, jobTask('running'), firstNode()));
    expect(scene.tasks()).toEqual(['web.1: complete/running']);
    scene.swarm.set(jobTask('complete'));
    await scene.pass(1000);
    expect(scene.tasks()).toEqual([]);
    expect(scene.snapshot().failed).toEqual(new Map());
  });

  test('that is done does not move', async () => {
    await using scene = await watchSwarm((swarm) => swarm.set(job, jobTask('complete'), firstNode()));
    await scene.pass(3000);
    expect(scene.tasks()).toEqual([]);
    scene.calls();
    await scene.pass(3000);
    expect(taskCalls(scene)).toEqual(['tasks all', 'tasks all', 'tasks all']);
  });

  test('that fails says why', async () => {
    await using scene = await watchSwarm((swarm) => swarm.set(job, jobTask('running'), firstNode()));
    scene.swarm.set({ ...jobTask('failed'), error: 'task: non-zero exit (1)' });
    await scene.pass(1000);
    expect([...scene.snapshot().failed.keys()]).toEqual(['web']);
  });
});
