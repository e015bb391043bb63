import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { adminApi, type AdminApi } from '../../support/sealane/admin-api.ts';
import {
  startContainer,
  startNetwork,
  uniqueName,
  type ContainerOptions,
  type TestContainer,
} from '../../support/engine/containers.ts';
import { startEngineProxy, type EngineProxy } from '../../support/engine/proxies/plain.ts';
import { eventually, startReplica, whoAnswers } from '../../support/engine/replica.ts';
import { startSealane, upstreamIs, type Sealane } from '../../support/sealane/sealane.ts';
import { freePort } from '../../support/sockets/free-port.ts';

/**
 * The answer of `why` for each cause, on a real engine. All tests share one Sealane on the host; tests of a scope or of
 * a Sealane in a container start their own.
 */
const prefix = uniqueName('why');
let sealane: Sealane;
let proxy: EngineProxy;
let api: AdminApi;

beforeAll(async () => {
  const adminPort = await freePort();
  proxy = await startEngineProxy(process.env['DOCKER_HOST'] ?? '');
  const flags = ['--label-prefix', prefix, '--bind', '127.0.0.1', '--admin', `127.0.0.1:${adminPort}`];
  sealane = startSealane(...flags, '--docker', proxy.url);
  await sealane.line({ event: 'engine-connected' });
  api = adminApi({ port: adminPort });
});

afterAll(async () => {
  await sealane[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

/** A container that only sleeps, unless `more` has another command. */
function sleeper(labels: Record<string, string>, more: Partial<ContainerOptions> = {}): Promise<TestContainer> {
  const command = ['sh', '-c', "trap 'exit 0' TERM; sleep 1000 & wait"];
  const named = Object.fromEntries(
    Object.entries(labels).map(([label, value]) => [label.startsWith('com.') ? label : `${prefix}.${label}`, value]),
  );
  return startContainer({ image: inject('images').tools, name: uniqueName('c'), command, ...more, labels: named });
}

async function routed(more: Record<string, string> = {}): Promise<Record<string, string>> {
  return { port: '8080', listen: String(await freePort()), pool: uniqueName('svc'), ...more };
}

describe('why a name has no service', () => {
  it('it does not exist: similar names are suggested', async () => {
    await using web = await sleeper(await routed());
    await api.whyUntil(web.name, 'nothing-listens');
    const mistyped = `${web.name.slice(0, -1)}x`;
    expect(await api.why(mistyped)).toMatchObject({ cause: 'no-such-service', kind: 'unknown' });
    expect((await api.why(mistyped)).suggestions).toContain(web.name);
    expect((await api.why('99')).cause).toBe('no-such-port');
  });

  it('its container has no labels of Sealane, or is stopped', async () => {
    await using bare = await startContainer({
      image: inject('images').tools,
      name: uniqueName('bare'),
      command: ['sleep', '1000'],
    });
    expect(await api.why(bare.name)).toMatchObject({
      cause: 'never-labelled',
      next: expect.stringContaining(`${prefix}.port`),
    });
    expect((await api.why(bare.id.slice(0, 12))).cause).toBe('never-labelled');
    await using stopped = await sleeper(await routed());
    await stopped.stop(0);
    expect(await api.whyUntil(stopped.name, 'stopped')).toMatchObject({ next: `docker start ${stopped.name}` });
  });

  it('a label is mistyped, or disables the container', async () => {
    await using typo = await sleeper({ lisen: '5432' });
    const { next, summary } = await api.whyUntil(typo.name, 'label-mistake');
    expect(summary).toContain(`did you mean "${prefix}.listen"`);
    expect(next).toContain(`Write ${prefix}.listen.`);
    await using off = await sleeper({ ...(await routed()), enable: 'false' });
    await api.whyUntil(off.name, 'disabled');
  });

  it('a label has a hostile value, which is escaped in every output', async () => {
    await using evil = await sleeper({ port: '8080', listen: '\u001b[31m<img src=x>\n"' });
    const answer = await api.whyUntil(evil.name, 'label-mistake');
    expect(answer.summary).toContain(String.raw`not "\u{1b}[31m<img src=x>\u{a}\""`);
    const [metrics, problems] = await Promise.all(
      ['/metrics', '/api/problems'].map(async (path) => (await fetch(`${api.url}${path}`)).text()),
    );
    expect(problems).toContain('<img src=x>');
    expect(metrics).not.toContain('img');
    expect(`${metrics}${problems}${JSON.stringify(sealane.lines)}`).not.toContain('\u001b');
  });

  it('its port is unclear, as it exposes none', async () => {
    await using unclear = await sleeper({ listen: String(await freePort()) });
    expect(await api.whyUntil(unclear.name, 'port-unclear')).toMatchObject({ next: `Add ${prefix}.port=<port>.` });
  });

  it('its container is a one-off of compose run', async () => {
    await using oneoff = await sleeper({ ...(await routed()), 'com.docker.compose.oneoff': 'True' });
    expect((await api.whyUntil(oneoff.name, 'oneoff')).next).toMatch(/compose up/);
  });
});

describe('why a service is not reachable', () => {
  it('nothing listens on its port: by container, service and port', async () => {
    const labels = await routed();
    await using web = await sleeper(labels);
    for (const subject of [web.name, labels['pool'] ?? '', labels['listen'] ?? '']) {
      const { summary, next, verdict } = await api.whyUntil(subject, 'nothing-listens');
      expect([verdict, summary, next]).toEqual([
        'unreachable',
        expect.stringMatching(/is starting: nothing listens on 8080/),
        expect.stringContaining(`${await web.address()}:8080`),
      ]);
    }
  });

  it('its HEALTHCHECK has not passed yet, or fails', async () => {
    const second = 1_000_000_000;
    const Healthcheck = {
      Test: ['CMD', 'test', '-e', '/tmp/well'],
      Interval: second / 5,
      Timeout: 30 * second,
      Retries: 1,
      StartPeriod: 600 * second,
    };
    const labels = await routed();
    await using web = await sleeper(labels, { create: { Healthcheck } });
    const { next } = await api.whyUntil(labels['pool'] ?? '', 'healthcheck-starting');
    expect(next).toContain(`docker inspect --format '{{json .State.Health}}' ${web.name}`);
    // A check that has passed once may fail from then on.
    await web.exec(['touch', '/tmp/well']);
    await api.whyUntil(labels['pool'] ?? '', 'fine');
    await web.exec(['rm', '/tmp/well']);
    await api.whyUntil(labels['pool'] ?? '', 'healthcheck-failing');
  });

  it('a health check of Sealane fails', async () => {
    const labels = await routed({
      health: 'http:/well',
      'health.interval': '100ms',
      'health.rise': '1',
      'health.fall': '1',
    });
    await using web = await replica(labels);
    await web.exec(['sh', '-c', 'echo ok > /tmp/www/well']);
    await api.whyUntil(labels['pool'] ?? '', 'fine');
    await web.exec(['rm', '/tmp/www/well']);
    expect((await api.whyUntil(labels['pool'] ?? '', 'check-failing')).summary).toMatch(/answered 404/);
  });

  it('it is paused, drained by an operator, or stopping', async () => {
    const labels = await routed({ drain: '60s' });
    const service = labels['pool'] ?? '';
    await using web = await replica(labels);
    await api.whyUntil(service, 'fine');
    await web.pause();
    expect(await api.whyUntil(service, 'paused')).toMatchObject({ next: `docker unpause ${web.name}` });
    await web.unpause();
    await api.whyUntil(service, 'fine');

    await api.act(web.name, 'drain');
    await api.whyUntil(service, 'drained');
    expect((await api.service(service)).upstreams[0]).toMatchObject({
      state: 'draining',
      drained: true,
      drainsUntil: null,
    });
    await api.act(web.name, 'undrain');
    await api.whyUntil(service, 'fine');
    expect(await whoAnswers(Number(labels['listen']))).toBe(web.name);

    await using stubborn = await sleeper(
      { ...(await routed({ health: 'none', drain: '60s' })), pool: service },
      { command: ['sh', '-c', "trap '' TERM; while true; do sleep 1; done"] },
    );
    await web.remove();
    await api.whyUntil(service, 'fine');
    await stubborn.kill('SIGTERM');
    expect((await api.whyUntil(service, 'draining')).summary).toMatch(/it was sent SIGTERM/);
  });

  it('all its upstreams refuse connections: the failed sessions have the reason, too', async () => {
    const labels = await routed({ health: 'none', hold: '300ms' });
    const service = labels['pool'] ?? '';
    await using web = await sleeper(labels);
    await api.whyUntil(service, 'fine');
    const from = sealane.lines.length;
    await whoAnswers(Number(labels['listen']));
    const { dialFailures } = await api.whyUntil(service, 'all-suspect');
    expect(dialFailures[0]).toMatchObject({ upstream: web.name, error: expect.stringMatching(/^ECONNREFUSED /) });
    const line = await sealane.line({ event: 'session', session: { reason: 'hold-expired', service } }, from);
    expect(line).toHaveProperty('why', expect.any(String));
  });

  it('its label names a network that it is not on', async () => {
    await using web = await sleeper(await routed({ network: 'backstage' }));
    expect((await api.whyUntil(web.name, 'not-on-network')).summary).toContain('not on network "backstage"');
  });

  it('an older container or another process has its port', async () => {
    const labels = await routed({ health: 'none' });
    await using older = await sleeper(labels);
    await api.whyUntil(older.name, 'fine');
    await using newer = await sleeper({ ...labels, pool: uniqueName('rival') });
    const { summary, next } = await api.whyUntil(newer.name, 'listen-conflict');
    expect(summary).toContain(older.name);
    expect(next).toMatch(/another listen address/);

    const taker = createServer().listen(0, '127.0.0.1');
    await once(taker, 'listening');
    const { port } = taker.address() as { port: number };
    await using web = await sleeper({ ...(await routed({ health: 'none' })), listen: String(port) });
    expect((await api.whyUntil(web.name, 'listen-failed')).summary).toMatch(/in use by another process/);
    taker.close();
    await api.whyUntil(web.name, 'fine');
  });
});

describe('why, in other setups', () => {
  it('Sealane is in a container that shares no network, or its scope is another project', async () => {
    const ours = uniqueName('label');
    await using own = await startNetwork();
    const labels = (more: Record<string, string> = {}): Record<string, string> => ({
      [`${ours}.port`]: '8080',
      [`${ours}.listen`]: '9000',
      'com.docker.compose.project': 'shop',
      ...more,
    });
    await using apart = await startReplica({ labels: labels() });
    await using foreign = await startReplica({ labels: labels({ 'com.docker.compose.project': 'other' }) });
    const socket = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');
    await using inside = await startContainer({
      image: inject('images').sealane,
      command: [
        'run',
        '--label-prefix',
        ours,
        '--docker',
        'unix:///run/engine.sock',
        '--scope',
        'project',
        '--admin',
        '0.0.0.0:8470',
      ],
      networks: [own.name],
      binds: [`${socket}:/run/engine.sock:ro`],
      labels: { 'com.docker.compose.project': 'shop' },
      env: { SEALANE_ADMIN_TOKEN: 'a-token-for-this-test' },
      create: { User: '0' },
    });
    const there = adminApi({ host: await inside.address(), port: 8470, token: 'a-token-for-this-test' });
    const { next, steps } = await there.whyUntil(apart.name, 'no-shared-network');
    expect(next).toMatch(/Put both on one network/);
    expect(steps.map(({ text }) => text).join('\n')).toContain('Sealane is on network');
    await there.whyUntil(foreign.name, 'out-of-scope');
  });

  it('the engine is unreachable: known services are degraded, and unknown ones may exist', async () => {
    const labels = await routed({ health: 'none' });
    await using web = await sleeper(labels);
    await api.whyUntil(web.name, 'fine');
    proxy.block();
    expect(await api.whyUntil(labels['pool'] ?? '', 'engine-unreachable')).toMatchObject({ verdict: 'degraded' });
    expect(await api.why('unknown')).toMatchObject({ verdict: 'unreachable', cause: 'engine-unreachable' });
    proxy.unblock();
    await api.whyUntil(labels['pool'] ?? '', 'fine');
  });
});

function replica(labels: Record<string, string>): Promise<TestContainer> {
  return startReplica({
    labels: Object.fromEntries(Object.entries(labels).map(([label, value]) => [`${prefix}.${label}`, value])),
  });
}

describe('why an upstream of several addresses is reached', () => {
  it('says which addresses were tried, and how each answered', async () => {
    // The server listens on the default bridge only; the other network's name sorts first.
    await using network = await startNetwork({}, `a-${uniqueName('net')}`);
    const listen = await freePort();
    const name = uniqueName('bound');
    const script =
      `trap 'exit 0' TERM; ip=$(hostname -i); mkdir -p /tmp/www; echo ${name} > /tmp/www/index.html; ` +
      `while [ ! -e /tmp/go ]; do sleep 0.1; done; httpd -f -p "\${ip%% *}:8080" -h /tmp/www & wait`;
    await using web = await sleeper(
      { port: '8080', listen: String(listen), pool: name },
      { name, command: ['sh', '-c', script] },
    );
    await network.connect(web);
    const other = `${await web.address(network.name)}:8080`;
    const explained = async (): Promise<string> => (await api.why(name)).steps.map(({ text }) => text).join('\n');
    // An upstream that is ready when it gets another address is not tried there.
    await eventually(explained, (steps) => steps.includes(other));
    await web.exec(['touch', '/tmp/go']);
    await sealane.line(upstreamIs(name, 'ready'));
    await sealane.line({ event: 'route-opened', service: name });
    expect(await whoAnswers(listen)).toBe(name);
    // One that answers is enough, so the other address may be tried later.
    const texts = await eventually(explained, (steps) => steps.includes(`${other}: nothing listens`));
    expect(texts).toContain(`${await web.address('bridge')}:8080: it answers`);
  });

  it('names the address on a macvlan network last, which this host can’t reach, although the network’s name sorts first', async () => {
    const listen = await freePort();
    const name = uniqueName('lan');
    const labels = { port: '8080', listen: String(listen), pool: name };
    await using lan = await startNetwork();
    // A bridge may be the parent, too. Its engine knows another range for the network, which leads to no interface.
    const options = { Driver: 'macvlan', Options: { parent: `br-${lan.id.slice(0, 12)}` } };
    await using macvlan = await startNetwork(options, `a-${uniqueName('net')}`);
    await using web = await startReplica({
      name,
      labels: Object.fromEntries(Object.entries(labels).map(([label, value]) => [`${prefix}.${label}`, value])),
    });
    await sealane.line(upstreamIs(name, 'ready'));
    await macvlan.connect(web);
    const apart = `${await web.address(macvlan.name)}:8080`;
    const { steps } = await eventually(
      () => api.why(name),
      (answer) => JSON.stringify(answer.steps).includes(apart),
    );
    const texts = steps.map(({ text }) => text).join('\n');
    expect(texts).toContain(`${name} (${await web.address('bridge')}:8080, ${apart}) has been ready`);
    expect(await whoAnswers(listen)).toBe(name);
  });
});
