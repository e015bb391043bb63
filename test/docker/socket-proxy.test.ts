import { describe, expect, inject, it } from 'vitest';
import { callName, endpointPaths, engineEndpoints, type EndpointName } from '../../src/docker/endpoints.ts';
import { startContainer, startNetwork, uniqueName } from '../support/engine/containers.ts';
import { startFilteringProxy, type FilteringProxyOptions } from '../support/engine/filtering-proxy.ts';
import { answerers, eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { adminApi, type AdminApi } from '../support/sealane/admin-api.ts';
import { startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';

/** A Sealane behind a socket proxy, with its own label prefix. */
interface Behind extends AsyncDisposable {
  readonly sealane: Sealane;
  readonly api: AdminApi;
  readonly proxy: Awaited<ReturnType<typeof startFilteringProxy>>;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}

async function startBehind(options: FilteringProxyOptions): Promise<Behind> {
  const prefix = uniqueName('label');
  const [port, adminPort] = [await freePort(), await freePort()];
  const proxy = await startFilteringProxy(process.env['DOCKER_HOST'] ?? '', options);
  const flags = ['--label-prefix', prefix, '--bind', '127.0.0.1', '--admin', `127.0.0.1:${adminPort}`];
  const sealane = startSealane(...flags, '--docker', proxy.url);
  await sealane.line({ event: 'engine-connected' });
  return {
    sealane,
    api: adminApi({ port: adminPort }),
    proxy,
    port,
    labels: { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: 'web' },
    async [Symbol.asyncDispose]() {
      await sealane[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

const everyCall = (Object.keys(engineEndpoints) as EndpointName[]).map(callName);
const neededCalls = endpointPaths('needed').map((path) => `GET ${path}`);

describe('behind a socket proxy that allows', () => {
  it.each([
    ['what the README names, Sealane asks for nothing else', everyCall, []],
    [
      'only what is needed, Sealane works the same',
      neededCalls,
      endpointPaths('optional').map((path) => `GET ${path}`),
    ],
  ])('%s', async (_, allow, refused) => {
    await using t = await startBehind({ allow });
    await using network = await startNetwork();
    await using one = await startReplica({ labels: t.labels });
    await using two = await startReplica({ labels: t.labels, networks: [network.name] });
    await using plain = await startReplica();
    const both = [one.name, two.name].toSorted();
    await eventually(
      () => answerers(t.port),
      (names) => names.length === 2,
    );
    expect((await t.api.why('web')).cause).toBe('fine');
    expect((await t.api.why(plain.name)).cause).toBe('never-labelled');
    expect((await t.api.why('no-such-thing')).cause).toBe('no-such-service');
    await one.kill();
    await t.sealane.line({ event: 'upstream-removed', upstream: one.name });
    expect(await answerers(t.port)).toEqual([two.name]);
    await one.start();
    await eventually(
      () => answerers(t.port),
      (names) => names.length === 2,
    );
    await network.disconnect(two);
    await network.connect(two);
    await two.pause();
    await t.sealane.line({ event: 'upstream-changed', upstream: two.name, state: 'paused' });
    await two.unpause();
    expect(
      await eventually(
        () => answerers(t.port),
        (names) => names.length === 2,
      ),
    ).toEqual(both);
    expect([...t.proxy.allowed].toSorted()).toEqual(allow.toSorted());
    expect([...t.proxy.refused].toSorted()).toEqual(refused.toSorted());
  });
});

describe('an engine that says that it is rootless', () => {
  const rootless = { allow: everyCall, say: { 'GET /info': { SecurityOptions: ['name=rootless'] } } };

  it('is served through published ports, whose proxy accepts before the process listens', async () => {
    await using t = await startBehind(rootless);
    const script =
      "trap 'exit 0' TERM; mkdir /tmp/www; echo hello > /tmp/www/index.html; " +
      'until [ -e /tmp/go ]; do sleep 0.05; done; httpd -f -p 8080 -h /tmp/www & wait';
    await using web = await startContainer({
      image: inject('images').tools,
      name: uniqueName('late'),
      command: ['sh', '-c', script],
      labels: t.labels,
      ports: [8080],
    });
    const published = web.mappedPort(8080);
    const waiting = await t.api.whyUntil('web', 'nothing-listens');
    expect(waiting.summary).toMatch(/its published port accepts and closes at once: no process listens behind it yet$/);
    expect(waiting.next).toMatch(/^Let the process of sealane-late-\w+ listen on its port 8080/);
    const clients = Promise.all(Array.from({ length: 5 }, () => whoAnswers(t.port)));
    await eventually(
      async () => (await t.api.service('web')).held,
      (held) => held === 5,
    );
    await web.exec(['touch', '/tmp/go']);
    expect(new Set(await clients)).toEqual(new Set(['hello']));
    expect((await t.api.service('web')).upstreams).toMatchObject([
      { endpoints: [`127.0.0.1:${published}`], way: 'since this engine is rootless', state: 'ready' },
    ]);
  });

  it('needs a published port, and why says so', async () => {
    await using t = await startBehind(rootless);
    await using hidden = await startReplica({ labels: t.labels });
    const { summary, next } = await t.api.whyUntil(hidden.name, 'no-address');
    expect(summary).toMatch(/this engine is rootless: .* port 8080 is not published/);
    expect(next).toMatch(/^Publish it/);
  });
});
