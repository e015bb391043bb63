import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { renderWhy } from '../../src/cli/render/why.ts';
import { painter } from '../../src/text/paint.ts';
import { uniqueName } from '../support/engine/containers.ts';
import { eventually } from '../support/engine/replica.ts';
import { startOnNode, type SwarmSealane } from '../support/swarm/swarm-sealane.ts';
import { startService, type ServiceOptions, type SwarmService } from '../support/swarm/swarm-service.ts';

/**
 * The answers of `why` in the commonest cases of a Swarm, word for word, by the Swarm's own names.
 */
let sealane: SwarmSealane;

beforeAll(async () => {
  sealane = await startOnNode(inject('swarm'), 'host');
});

afterAll(() => sealane[Symbol.asyncDispose]());

/** A service `web` of a stack of its own, which the expected texts call `shop`. */
async function startWeb(options: ServiceOptions = {}): Promise<SwarmService & { readonly stack: string }> {
  const stack = uniqueName('shop');
  const labels = { ...sealane.labels, 'com.docker.stack.namespace': stack };
  const service = await startService(inject('swarm'), { name: `${stack}_web`, labels, replicas: 1, ...options });
  return Object.assign(service, { stack });
}

/** The first two lines of the answer once it has this cause, without what differs from run to run. */
async function answer(subject: string, cause: string, stack: string, from = sealane): Promise<string[]> {
  const text = renderWhy(await from.api.whyUntil(subject, cause), painter(false));
  return text
    .replaceAll(stack, 'shop')
    .replaceAll(from.prefix, 'sealane')
    .replaceAll(/\b[a-z0-9]{25}\b/g, '<id>')
    .split('\n')
    .slice(0, 2);
}

describe('why is a service of a Swarm not served', () => {
  it('no node fits its task', async () => {
    await using service = await startWeb({ constraints: ['node.labels.zone==nowhere'] });
    const next =
      '  next: Change what it asks of a node, or give it a node that fits. See: docker service ps --no-trunc shop_web';
    const words = 'no suitable node (scheduling constraints not satisfied on 2 nodes)';
    // Before that is a problem of the service, the answer tells of its one task.
    await eventually(
      () => sealane.api.overview(),
      ({ problems }) => {
        const told = JSON.stringify(problems);
        return told.includes('"task-pending"') && told.includes(service.stack);
      },
    );
    expect(await answer(`${service.stack}/web`, 'task-pending', service.stack)).toEqual([
      `shop/web is unreachable: 1 task of it can't be placed on a node: ${words}`,
      next,
    ]);
    expect(await answer(service.name, 'task-pending', service.stack)).toEqual([
      `shop_web is unreachable: shop/web: 1 task of it can't be placed on a node: ${words}`,
      next,
    ]);
    expect(await answer(`${service.name}.1`, 'task-pending', service.stack)).toEqual([
      `shop_web.1 is unreachable: shop_web.1 can't be placed on a node: pending: ${words}`,
      next,
    ]);
  });

  it('a node has no image for it', async () => {
    await using service = await startWeb({ image: 'sealane-test-no-such-image:1' });
    expect(await answer(service.name, 'image-missing', service.stack)).toEqual([
      expect.stringMatching(
        /^shop_web is unreachable: .*\bshop_web\.1 has no image on node node[12]: .*No such image: sealane-test-no-such-image:1$/,
      ) as string,
      '  next: Push the image to a registry that each node can pull from, or load it on that node.',
    ]);
  });

  it('no overlay network is shared, and no port published on its node', async () => {
    await using service = await startWeb({ hostPorts: false, constraints: ['node.role==worker'] });
    expect(await answer(service.name, 'no-shared-overlay', service.stack)).toEqual([
      expect.stringMatching(
        /^shop_web is unreachable: shop_web\.1\.<id>: it is on node node2, Sealane is on no overlay network with it \(it is on ".*"\), and its port 8080 is not published there$/,
      ) as string,
      '  next: Run Sealane as a service on one of its networks, or publish the port on each node: ports: [{target: 8080, mode: host}]',
    ]);
  });

  it('it has no labels, or is to have no task', async () => {
    await using bare = await startWeb({ labels: {} });
    // Until the Swarm's service is known, the answer is about its container.
    const said = await eventually(
      () => answer(bare.name, 'never-labelled', bare.stack),
      ([first]) => first?.includes('neither') === true,
    );
    expect(said).toEqual([
      'shop_web is unreachable: shop_web has no sealane. label, neither the service nor its containers, so Sealane ignores it',
      '  next: docker service update --label-add sealane.port=<port> shop_web',
    ]);
    await using none = await startWeb({ replicas: 0 });
    expect(await answer(none.name, 'no-container', none.stack)).toEqual([
      'shop_web is unreachable: shop_web is scaled to 0, so that it has no task',
      '  next: docker service scale shop_web=1',
    ]);
  });

  it('only a worker is watched, which does not run it', async () => {
    await using there = await startOnNode(inject('swarm'), 'host', { node: 2 });
    await using service = await startWeb({ labels: there.labels, constraints: ['node.role==manager'] });
    expect(await answer(service.name, 'no-manager', service.stack, there)).toEqual([
      'shop_web is unreachable: there is no service or container "shop_web" on this node of a Swarm, and no manager is watched to ask of other nodes',
      '  next: Run Sealane on a manager, or let it watch one, too: --docker local=…,managers=tcp://<a manager>',
    ]);
  });
});

describe('why is a service of a Swarm served', () => {
  it('by its tasks, each with its node', async () => {
    await using service = await startWeb({ replicas: 2 });
    // One that runs is answer enough for `why`.
    await eventually(
      () => sealane.api.service(`${service.stack}/web`).catch(() => undefined),
      (found) => found?.upstreams.filter(({ state }) => state === 'ready').length === 2,
    );
    const { steps } = await sealane.api.whyUntil(service.name, 'fine');
    const upstreams = steps
      .filter(({ step }) => step === 'upstreams')
      .map(({ text }) => text.replaceAll(service.stack, 'shop'));
    expect(upstreams).toHaveLength(2);
    for (const [index, text] of upstreams.entries()) {
      expect(text).toMatch(
        new RegExp(String.raw`^shop_web\.${index + 1}\.\w{25} \([\d.]+:\d+, on node node[12]\) has been ready for `),
      );
    }
    const found = await sealane.api.whyUntil(`${service.name}.2`, 'fine');
    expect(found).toMatchObject({ kind: 'container', services: [`${service.stack}/web`] });
    const { upstreams: shown } = await sealane.api.service(`${service.stack}/web`);
    expect(shown.map(({ task }) => [task?.name.replace(service.stack, 'shop'), task?.slot, task?.desired])).toEqual([
      ['shop_web.1', 1, 'running'],
      ['shop_web.2', 2, 'running'],
    ]);
  });
});
