import { describe, expect, it } from 'vitest';
import type { SwarmSnapshot } from '../../../../src/docker/swarm/facts.ts';
import { createTaskDiscoverer } from '../../../../src/discovery/swarm/tasks.ts';
import { inContainer } from '../../../support/facts.ts';
import { byId, swarmNode, swarmService, swarmTask, swarmView } from '../../../support/swarm/facts.ts';

/** The Swarm's own words are as Docker 20.10 has them. */
const web = swarmService('shop_web', {
  labels: { 'sealane.port': '80', 'com.docker.stack.namespace': 'shop' },
  replicas: 2,
});
const noNode = 'no suitable node (scheduling constraints not satisfied on 2 nodes)';

function problemsOf(tasks: Parameters<typeof swarmView>[1], over: Partial<SwarmSnapshot> = {}, service = web) {
  const discover = createTaskDiscoverer({ labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' });
  return discover({ vantage: inContainer(['ov']), swarm: swarmView([service], tasks, over) }).problems;
}

describe('a problem of a Swarm', () => {
  it('is that tasks can’t be placed, with the Swarm’s own words, once for all of them', () => {
    const pending = (slot: number) =>
      swarmTask(web, { slot, state: 'pending', error: noNode, message: 'pending task scheduling' });
    expect(problemsOf([pending(1), pending(2), swarmTask(web, { slot: 3 })])).toEqual([
      {
        code: 'task-pending',
        subject: 'shop/web',
        services: ['shop/web'],
        message: `2 tasks of it can't be placed on a node: ${noNode}`,
        fix: 'Change what it asks of a node, or give it a node that fits. See: docker service ps --no-trunc shop_web',
      },
    ]);
  });

  it('names three reasons, and how many more there are', () => {
    const pending = (slot: number) => swarmTask(web, { slot, state: 'pending', error: `reason ${slot}` });
    expect(problemsOf([1, 2, 3, 4, 5].map(pending))[0]?.message).toBe(
      "5 tasks of it can't be placed on a node: reason 1; reason 2; reason 3, and 2 more reasons",
    );
  });

  it('is a task that failed before it had a slot or node', () => {
    const { slot: _, nodeId: __, ...unplaced } = swarmTask(web, { state: 'rejected', error: 'no such volume' });
    expect(problemsOf([], { failed: new Map([[web.id, unplaced]]) })[0]?.message).toBe(
      'its task shop_web failed: no such volume',
    );
  });

  it('is not a task that is on its way, or waits for the one that it replaces', () => {
    const task = { state: 'pending', error: noNode };
    expect(problemsOf([swarmTask(web, { state: 'preparing', message: 'preparing' })])).toEqual([]);
    expect(problemsOf([swarmTask(web, { ...task, desiredState: 'ready' })])).toEqual([]);
    expect(problemsOf([swarmTask(web, { ...task, desiredState: 'shutdown' })])).toEqual([]);
  });

  it('names all services that the tasks make', () => {
    const service = swarmService('web', {
      labels: { 'sealane.a.port': '80', 'sealane.b.port': '81', 'sealane.b.pool': 'ops' },
    });
    const [found] = problemsOf([swarmTask(service, { state: 'pending', error: noNode })], {}, service);
    expect(found).toMatchObject({ subject: 'web:a', services: ['web:a', 'ops'] });
    const unclear = swarmService('web', { labels: { 'sealane.listen': '80' } });
    expect(problemsOf([swarmTask(unclear, { state: 'pending', error: noNode })], {}, unclear)[0]?.subject).toBe('web');
    const mistaken = swarmService('web', { labels: { 'sealane.port': 'x' } });
    expect(problemsOf([swarmTask(mistaken, { state: 'pending', error: noNode })], {}, mistaken)[0]?.subject).toBe(
      'web',
    );
  });

  it('is an image that a node does not have', () => {
    const failed = new Map([[web.id, swarmTask(web, { state: 'rejected', error: 'No such image: shop/web:2' })]]);
    expect(problemsOf([swarmTask(web, { slot: 2 })], { failed })).toMatchObject([
      {
        code: 'image-missing',
        subject: 'shop/web',
        message: 'its task shop_web.1 has no image on node host-b: No such image: shop/web:2',
        fix: 'Push the image to a registry that each node can pull from, or load it on that node.',
      },
    ]);
  });

  it('is a task that ended', () => {
    const failed = new Map([[web.id, swarmTask(web, { state: 'failed', error: 'task: non-zero exit (1)' })]]);
    expect(problemsOf([], { failed })).toMatchObject([
      {
        code: 'task-failing',
        message: 'its task shop_web.1 failed on node host-b: task: non-zero exit (1)',
        fix: 'See why it ends: docker service logs shop_web',
      },
    ]);
  });

  it('is a node that is lost, with the services whose tasks were on it', () => {
    const nodes = byId([swarmNode('node-a'), swarmNode('node-b', { state: 'down' })]);
    const tasks = [1, 2].map((slot) => swarmTask(web, { slot, desiredState: 'shutdown' }));
    expect(problemsOf([...tasks, swarmTask(web, { slot: 3, nodeId: 'node-a' })], { nodes })).toEqual([
      {
        code: 'node-down',
        subject: 'host-b',
        services: ['shop/web'],
        message: 'the Swarm has lost this node, and 2 tasks with it',
        fix: 'Bring the node back; the Swarm starts the tasks on other nodes that fit. See: docker node ps node-b',
      },
    ]);
  });

  it('has a command with the id of a node, which chooses its host name itself', () => {
    const nodes = byId([swarmNode('node-b', { state: 'down', hostname: 'x$(reboot)' })]);
    expect(problemsOf([swarmTask(web, { desiredState: 'shutdown' })], { nodes })[0]?.fix).not.toContain('reboot');
  });

  it('is a Swarm that can’t be asked', () => {
    expect(problemsOf([swarmTask(web)], { failure: 'no manager answers' })).toMatchObject([
      { code: 'swarm-unreachable', message: 'no manager answers; its services and tasks are as last known' },
    ]);
  });

  it('has hostile words with escapes', () => {
    const hostile = swarmTask(web, { state: 'pending', error: 'no\u001b[2J node\n' });
    expect(problemsOf([hostile])[0]?.message).toContain('no\\u{1b}[2J node\\u{a}');
    const nodes = byId([swarmNode('node-b', { state: 'down', hostname: 'a\u202eb' })]);
    expect(problemsOf([swarmTask(web, { desiredState: 'shutdown' })], { nodes })[0]?.subject).toBe('a\\u{202e}b');
  });
});
