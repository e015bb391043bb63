import { describe, expect, it } from 'vitest';
import { explain } from '../../../../src/catalog/explain.ts';
import { renderWhy } from '../../../../src/cli/render/why.ts';
import { viewExplanation } from '../../../../src/admin/views.ts';
import type { Vantage } from '../../../../src/docker/facts.ts';
import type { SwarmStanding, SwarmView } from '../../../../src/docker/swarm/facts.ts';
import { createTaskDiscoverer } from '../../../../src/discovery/swarm/tasks.ts';
import { viewSwarm, viewTaskOf, viewTasks } from '../../../../src/discovery/swarm/views.ts';
import type { Verdict } from '../../../../src/catalog/upstream.ts';
import { painter } from '../../../../src/text/paint.ts';
import { inContainer, onHost } from '../../../support/facts.ts';
import { catalogOf, explainWorld } from '../../../support/sealane/admin-source.ts';
import { byId, containerIdOf, swarmNode, swarmService, swarmTask, swarmView } from '../../../support/swarm/facts.ts';

/** The answers of `why` for what only a Swarm knows, word for word. The Swarm's own words are as Docker 20.10 has them. */
const manager: SwarmStanding = { state: 'active', isManager: true, nodeId: 'node-a' };
const worker: SwarmStanding = { state: 'active', isManager: false, nodeId: 'node-b' };
const labels = { 'sealane.port': '80', 'com.docker.stack.namespace': 'shop' };
const web = swarmService('shop_web', { labels, replicas: 2 });
const noNode = 'no suitable node (scheduling constraints not satisfied on 2 nodes)';

interface Scene {
  readonly swarm?: SwarmView;
  readonly vantage?: Vantage;
  readonly standings?: readonly SwarmStanding[];
  readonly verdict?: Verdict;
}

function printed(subject: string, scene: Scene): string {
  const { swarm, vantage = inContainer(['ov']), standings = [manager], verdict = { kind: 'fit' } } = scene;
  const discover = createTaskDiscoverer({ labelPrefix: 'sealane', scope: 'all', bind: '127.0.0.1' });
  const { declarations, problems } = discover({ vantage, swarm });
  const catalog = catalogOf(declarations, { problems, verdictOf: () => verdict });
  const explanation = explain(
    subject,
    explainWorld(catalog, {
      swarm: viewSwarm(swarm, standings, 'sealane'),
      containers: () => (swarm ? viewTasks(swarm, 'sealane') : []),
      containerOf: (id) => swarm && viewTaskOf(id, swarm, 'sealane'),
    }),
  );
  return renderWhy(viewExplanation(explanation), painter(false));
}

const answer = (subject: string, scene: Scene): string[] =>
  printed(subject, scene)
    .split('\n')
    .slice(0, 2)
    .map((line) => line.trim());

describe('why a service of a Swarm is served', () => {
  const swarm = swarmView(
    [web],
    [1, 2].map((slot) => swarmTask(web, { slot })),
  );

  it('names each task with its node', () => {
    expect(printed('shop_web', { swarm })).toBe(
      [
        'shop_web is reachable: shop/web is served on 127.0.0.1:80 by 2 upstreams',
        '',
        '  ✓ engine     the engine is watched',
        '  ✓ engine     the Swarm is watched: 2 nodes, 1 service',
        '  ✓ declared   shop/web is declared by shop_web.1.shop_web1, shop_web.2.shop_web2, balance least-connections',
        '  ✓ listener   127.0.0.1:80 is open',
        '  ✓ upstreams  shop_web.1.shop_web1 (10.0.1.9:80, on node host-b) has been ready for 0ms: its port accepts connections; 0 sessions',
        '  ✓ upstreams  shop_web.2.shop_web2 (10.0.1.9:80, on node host-b) has been ready for 0ms: its port accepts connections; 0 sessions',
        '',
      ].join('\n'),
    );
  });

  it.each(['shop_web.2', 'shop_web.2.shop_web2', containerIdOf('shop_web2').slice(0, 12)])(
    'finds a task as %s',
    (subject) => {
      expect(printed(subject, { swarm })).toContain(
        'shop_web.2.shop_web2 is running, on network "shop_default", on node host-b',
      );
    },
  );
});

describe('why a service of a Swarm is not served', () => {
  it('since no node fits a task', () => {
    const swarm = swarmView(
      [web],
      [swarmTask(web, { state: 'pending', nodeId: undefined, containerId: undefined, error: noNode })],
    );
    const placing = [
      'next: Change what it asks of a node, or give it a node that fits. See: docker service ps --no-trunc shop_web',
    ];
    expect(answer('shop/web', { swarm })).toEqual([
      `shop/web is unreachable: 1 task of it can't be placed on a node: ${noNode}`,
      ...placing,
    ]);
    expect(answer('shop_web.1', { swarm })).toEqual([
      `shop_web.1 is unreachable: shop_web.1 can't be placed on a node: pending: ${noNode}`,
      ...placing,
    ]);
  });

  it('since a task is on its way', () => {
    const swarm = swarmView([web], [swarmTask(web, { state: 'preparing', message: 'preparing' })]);
    for (const subject of ['shop_web', 'shop_web.1'])
      expect(answer(subject, { swarm })).toEqual([
        `${subject} is unreachable: shop_web.1 does not run yet: preparing`,
        'next: Ask again in a moment. See: docker service ps --no-trunc shop_web',
      ]);
  });

  it('since a node lacks its image', () => {
    const rejected = swarmTask(web, {
      state: 'rejected',
      desiredState: 'shutdown',
      error: 'No such image: shop/web:2',
    });
    const swarm = swarmView([web], [swarmTask(web, { id: 'next', state: 'preparing' })], {
      failed: new Map([[web.id, rejected]]),
    });
    expect(answer('web', { swarm })).toEqual([
      'web is unreachable: shop/web: its task shop_web.1 has no image on node host-b: No such image: shop/web:2',
      'next: Push the image to a registry that each node can pull from, or load it on that node.',
    ]);
  });

  it('in part, since a node lacks the image of one of its tasks', () => {
    const failed = new Map([
      [web.id, swarmTask(web, { slot: 2, state: 'rejected', error: 'No such image: shop/web:2' })],
    ]);
    expect(answer('shop/web', { swarm: swarmView([web], [swarmTask(web)], { failed }) })[0]).toBe(
      'shop/web is degraded: shop/web is served on 127.0.0.1:80, but its task shop_web.2 has no image on node host-b: No such image: shop/web:2',
    );
  });

  it('since its tasks end', () => {
    const ended = swarmTask(web, { state: 'failed', desiredState: 'shutdown', error: 'task: non-zero exit (1)' });
    const failed = new Map([[web.id, ended]]);
    expect(
      answer('web', { swarm: swarmView([web], [swarmTask(web, { id: 'next', state: 'starting' })], { failed }) }),
    ).toEqual([
      'web is unreachable: shop/web: its task shop_web.1 failed on node host-b: task: non-zero exit (1)',
      'next: See why it ends: docker service logs shop_web',
    ]);
    // The next one is prepared, and waits for its time to start.
    const next = swarmTask(web, { id: 'next', state: 'ready', desiredState: 'ready', message: 'prepared' });
    for (const subject of ['shop_web', 'shop/web', 'shop_web.1'])
      expect(answer(subject, { swarm: swarmView([web], [next], { failed }) })[0]).toBe(
        `${subject} is unreachable: shop_web.1 ended on node host-b: failed: task: non-zero exit (1)`,
      );
    expect(answer('shop_web', { swarm: swarmView([web], [], { failed }) })).toEqual([
      'shop_web is unreachable: shop_web.1 ended on node host-b: failed: task: non-zero exit (1)',
      'next: See why it ends: docker service logs shop_web',
    ]);
  });

  it('since no overlay network is shared, and no port published', () => {
    const swarm = swarmView([web], [swarmTask(web)]);
    expect(answer('shop_web', { swarm, vantage: onHost })).toEqual([
      'shop_web is unreachable: shop_web.1.shop_web1: it is on node host-b, Sealane is on no overlay network with it (it is on "shop_default"), and its port 80 is not published there',
      'next: Run Sealane as a service on one of its networks, or publish the port on each node: ports: [{target: 80, mode: host}]',
    ]);
    expect(answer('shop_web.1', { swarm, vantage: onHost })[0]).toMatch(
      /^shop_web\.1 is unreachable: .* is not published there$/,
    );
  });

  it('since its node is lost, and nothing runs elsewhere yet', () => {
    const nodes = byId([swarmNode('node-a'), swarmNode('node-b', { state: 'down' })]);
    const lost = swarmTask(web, { desiredState: 'shutdown' });
    const next = swarmTask(web, { id: 'next', nodeId: 'node-a', state: 'preparing' });
    const swarm = swarmView([web], [lost, next], { nodes });
    expect(answer('shop_web', { swarm })).toEqual([
      'shop_web is unreachable: host-b: the Swarm has lost this node, and 1 task with it',
      'next: Bring the node back; the Swarm starts the tasks on other nodes that fit. See: docker node ps node-b',
    ]);
    expect(answer(containerIdOf('shop_web1'), { swarm })[0]).toMatch(
      /shop_web\.1\.shop_web1 was on node host-b, which the Swarm has lost$/,
    );
  });

  it('since a process of another node does not listen, with the command for that node', () => {
    const swarm = swarmView([web], [swarmTask(web)]);
    const suspect: Verdict = { kind: 'suspect', reason: 'it did not answer (ECONNREFUSED 10.0.1.9:80)' };
    expect(answer('shop_web.1', { swarm, verdict: suspect })).toEqual([
      'shop_web.1 is unreachable: shop_web.1.shop_web1 is unhealthy: it did not answer (ECONNREFUSED 10.0.1.9:80)',
      'next: See why shop_web.1.shop_web1 does not answer (on node host-b: docker logs shop_web.1.shop_web1); it returns automatically once it does.',
    ]);
  });

  it.each([
    ['shutdown', 'Wait for the task that replaces it. See: docker service ps shop_web'],
    [
      'remove',
      'No task replaces it, since its service was scaled down or removed. For more tasks: docker service scale shop_web=<n>',
    ],
  ])('since the Swarm wants its last task to end (%s)', (desiredState, next) => {
    const swarm = swarmView([web], [swarmTask(web, { desiredState })]);
    expect(answer('shop_web', { swarm })).toEqual([
      `shop_web is unreachable: shop_web.1.shop_web1 is draining: its Swarm wants it to end (desired state: ${desiredState})`,
      `next: ${next}`,
    ]);
  });

  it('since it has no labels, or is to have no tasks', () => {
    const bare = swarmService('shop_api', { labels: { 'com.docker.stack.namespace': 'shop' } });
    const none = swarmService('shop_jobs', { labels, replicas: 0 });
    const { replicas: _, ...agent } = swarmService('agent');
    const job = { ...agent, id: 'job', name: 'job', isJob: true } as const;
    const swarm = swarmView([bare, none, agent, job], []);
    for (const subject of ['shop_api', 'shop/api', 'api'])
      expect(answer(subject, { swarm })).toEqual([
        `${subject} is unreachable: shop_api has no sealane. label, neither the service nor its containers, so Sealane ignores it`,
        'next: docker service update --label-add sealane.port=<port> shop_api',
      ]);
    expect(answer('shop_jobs', { swarm })).toEqual([
      'shop_jobs is unreachable: shop_jobs is scaled to 0, so that it has no task',
      'next: docker service scale shop_jobs=1',
    ]);
    expect(answer('agent', { swarm })[0]).toBe(
      'agent is unreachable: agent has no task yet; it is to have one task on each node that fits',
    );
    expect(answer('job', { swarm })[0]).toBe('job is unreachable: job is a job, of which no task runs');
    expect(answer('shop_aip', { swarm })[1]).toMatch(/^next: Did you mean shop_api\?/);
  });
});

describe('why, where the Swarm itself is not seen', () => {
  it('says on a worker that only its own tasks are known', () => {
    expect(printed('shop_web', { standings: [worker] })).toBe(
      [
        'shop_web is unreachable: there is no service or container "shop_web" on this node of a Swarm, and no manager is watched to ask of other nodes',
        '  next: Run Sealane on a manager, or let it watch one, too: --docker local=…,managers=tcp://<a manager>',
        '',
        '  ✓ engine  the engine is watched',
        '  · engine  this node is a worker of a Swarm, and no manager is watched: tasks of other nodes, and labels under deploy, are unknown',
        '',
      ].join('\n'),
    );
  });

  it('says that it is as last known, while no manager answers', () => {
    const swarm = swarmView([web], [swarmTask(web)], { failure: 'it has no leader' });
    expect(printed('shop_web', { swarm })).toContain(
      [
        "shop_web is degraded: shop/web is served on 127.0.0.1:80 as last known: the Swarm can't be read: it has no leader",
        '  next: Bring a manager back, or let a socket proxy pass GET /services, /tasks and /nodes; Sealane goes on trying. Relaying goes on meanwhile.',
      ].join('\n'),
    );
    const lost = { ...swarmView([web], [swarmTask(web)]), isLastKnown: true };
    expect(answer('shop_web', { swarm: lost })[0]).toContain("the Swarm can't be read: no manager of it is in reach");
    const [missing] = answer('shop_api', { swarm });
    expect(missing).toContain("as far as is known; the Swarm can't be read: it has no leader");
  });

  it.each([
    [{ ...manager }, 'so far; the Swarm is being read'],
    [{ state: 'pending', isManager: false } as const, 'so far; the Swarm is being read'],
    [
      { state: 'locked', isManager: false } as const,
      'the Swarm is locked; unlock it on this node: docker swarm unlock',
    ],
  ])('says in which state it is: %j', (standing, text) => {
    expect(printed('shop_web', { standings: [standing] })).toContain(text);
  });

  it('says nothing of a Swarm where there is none', () => {
    expect(printed('shop_web', { standings: [{ state: 'inactive', isManager: false }] })).not.toMatch(/swarm/i);
  });
});
