import { describe, expect, inject, it } from 'vitest';
import { callName, endpointPaths } from '../../src/docker/endpoints.ts';
import { startContainer, startNetwork, uniqueName } from '../support/engine/containers.ts';
import {
  startFilteringProxy,
  type FilteringProxy,
  type FilteringProxyOptions,
} from '../support/engine/proxies/filtering.ts';
import { expectClientsToWait, expectUnpublished, serveOnce } from '../support/engine/late-process.ts';
import { answerers, areReplicas, eventually, startReplica } from '../support/engine/replica.ts';
import { setUp, type SetUp } from '../support/engine/beside-engine.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { adminApi, type AdminApi } from '../support/sealane/admin-api.ts';
import { freePort } from '../support/sockets/free-port.ts';

/** A Sealane behind a socket proxy. */
interface Behind extends SetUp {
  readonly api: AdminApi;
  readonly proxy: FilteringProxy;
}

async function startBehind(options: FilteringProxyOptions): Promise<Behind> {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.use(await startFilteringProxy(testedEngine().host, options));
  const adminPort = await freePort();
  const t = stack.use(await setUp('--docker', proxy.url, '--admin', `127.0.0.1:${adminPort}`));
  const kept = stack.move();
  return { ...t, api: adminApi({ port: adminPort }), proxy, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const neededCalls = endpointPaths('needed').map((path) => `GET ${path}`);
const optionalCalls = endpointPaths('optional').map((path) => `GET ${path}`);
/** An engine that is no manager of a Swarm is not asked for one. */
const everyCall = [...neededCalls, ...optionalCalls];
/** Docker's pings and its `/info` tell all that `/version` would. */
const usualCalls = everyCall.filter((call) => call !== callName('version'));

describe('behind a socket proxy that allows', () => {
  it.each([
    ['what the docs name, Sealane asks for nothing else', everyCall, usualCalls, []],
    ['only what is needed, Sealane works the same', neededCalls, neededCalls, optionalCalls],
  ])('%s', async (_, allow, asked, refused) => {
    await using t = await startBehind({ allow });
    await using network = await startNetwork();
    await using one = await startReplica({ labels: t.labels });
    await using two = await startReplica({ labels: t.labels, networks: [network.name] });
    // Its labels ask for changes, none of which is allowed.
    const asking = t.labelled({ listen: String(await freePort()), pool: 'asking', sleep: '1ms' });
    await using sleepy = await startReplica({ labels: asking, networks: [network.name] });
    await using plain = await startReplica();
    const both = [one.name, two.name].toSorted();
    await eventually(() => answerers(t.port), areReplicas(2));
    expect((await t.api.why('web')).cause).toBe('fine');
    expect((await t.api.why(sleepy.name)).cause).toBe('action-not-allowed');
    expect((await t.api.why(plain.name)).cause).toBe('never-labelled');
    expect((await t.api.why('no-such-thing')).cause).toBe('no-such-service');
    await one.kill();
    await t.sealane.line({ event: 'upstream-removed', upstream: one.name });
    expect(await answerers(t.port)).toEqual([two.name]);
    await one.start();
    await eventually(() => answerers(t.port), areReplicas(2));
    await network.disconnect(two);
    await network.connect(two);
    await two.pause();
    await t.sealane.line({ event: 'upstream-changed', upstream: two.name, state: 'paused' });
    await two.unpause();
    expect(await eventually(() => answerers(t.port), areReplicas(2))).toEqual(both);
    expect([...t.proxy.allowed].toSorted()).toEqual(asked.toSorted());
    expect([...t.proxy.refused].toSorted()).toEqual(refused.toSorted());
  });
});

describe('an engine that says that it is rootless', () => {
  const rootless = { allow: everyCall, say: { 'GET /info': { SecurityOptions: ['name=rootless'] } } };

  it('is served through published ports, whose proxy accepts before the process listens', async () => {
    await using t = await startBehind(rootless);
    await using web = await startContainer({
      image: inject('images').tools,
      name: uniqueName('late'),
      command: ['sh', '-c', serveOnce('/tmp/go')],
      labels: t.labels,
      ports: [8080],
    });
    const published = web.mappedPort(8080);
    const { next } = await t.api.whyUntil('web', 'nothing-listens');
    expect(next).toContain(`Let its process listen on port 8080, published as 127.0.0.1:${published} `);
    await expectClientsToWait(t.api, t.port, () => web.exec(['touch', '/tmp/go']));
    expect((await t.api.service('web')).upstreams).toMatchObject([
      { endpoints: [`127.0.0.1:${published}`], way: 'since this engine is rootless', state: 'ready' },
    ]);
  });

  it('needs a published port, and why says so', async () => {
    await using t = await startBehind(rootless);
    await using hidden = await startReplica({ labels: t.labels });
    await expectUnpublished(t.api, hidden.name);
  });
});
