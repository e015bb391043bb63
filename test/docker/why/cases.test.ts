import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { renderWhy } from '../../../src/cli/render/why.ts';
import { painter } from '../../../src/text/paint.ts';
import {
  startContainer,
  uniqueName,
  type ContainerOptions,
  type TestContainer,
} from '../../support/engine/containers.ts';
import { eventually } from '../../support/engine/replica.ts';
import { adminApi, type AdminApi } from '../../support/sealane/admin-api.ts';
import { startSealane, type Sealane } from '../../support/sealane/sealane.ts';
import { freePort } from '../../support/sockets/free-port.ts';

/**
 * The answers of `why` in the commonest cases, word for word, on a real engine. All containers are services of one compose
 * project, whose name is the label prefix, too; the expected texts write `shop` for it.
 */
const shop = uniqueName('shop');
let sealane: Sealane;
let api: AdminApi;

beforeAll(async () => {
  const adminPort = await freePort();
  const flags = ['--label-prefix', shop, '--bind', '127.0.0.1', '--admin', `127.0.0.1:${adminPort}`];
  sealane = startSealane(...flags, '--docker', process.env['DOCKER_HOST'] ?? '');
  await sealane.line({ event: 'engine-connected' });
  api = adminApi({ port: adminPort });
});

afterAll(() => sealane[Symbol.asyncDispose]());

/** A container that only sleeps, unless `more` has another command. */
function composed(
  service: string,
  labels: Readonly<Record<string, string>>,
  more: Partial<ContainerOptions> = {},
): Promise<TestContainer> {
  const own = Object.entries(labels).map(([label, value]) => [`${shop}.${label}`, value]);
  return startContainer({
    image: inject('images').tools,
    name: `${shop}-${service}-1`,
    command: ['sh', '-c', "trap 'exit 3' TERM; sleep 1000 & wait"],
    ...more,
    labels: {
      'com.docker.compose.project': shop,
      'com.docker.compose.service': service,
      ...Object.fromEntries(own),
    },
  });
}

/** What the command prints, with the name of the project replaced. */
async function printed(subject: string, cause: string): Promise<string> {
  const text = renderWhy(await api.whyUntil(subject, cause), painter(false));
  return text.replaceAll(shop, 'shop');
}

/** The first two lines: the answer, and what to do. */
async function answer(subject: string, cause: string): Promise<string[]> {
  return (await printed(subject, cause)).split('\n').slice(0, 2);
}

describe('the commonest questions', () => {
  it('a label is mistyped after a container was recreated: its container, the label and the fix', async () => {
    const listen = String(await freePort());
    await using before = await composed('api', { port: '8080', listen, health: 'none' });
    await api.whyUntil(`${shop}/api`, 'fine');
    await before.remove();
    await using now = await composed('api', { prot: '8080', listen });
    await api.whyUntil(now.name, 'label-mistake');
    expect(await printed('api', 'label-mistake')).toBe(
      [
        'api is unreachable: shop-api-1: unknown label "shop.prot" (did you mean "shop.port"?); the route is not served',
        '  next: Write shop.port.',
        '',
        '  ✓ engine    the engine is watched',
        '  · declared  shop-api-1 is running, on network "bridge"',
        '',
      ].join('\n'),
    );
    const [first, second] = await answer(listen, 'label-mistake');
    expect(first).toContain('is unreachable: shop-api-1: unknown label "shop.prot"');
    expect(second).toBe('  next: Write shop.port.');
  });

  it('a port is asked for by a container that is refused for another label: that container, and why', async () => {
    const listen = String(await freePort());
    await using web = await composed('web', { port: 'eighty', listen });
    await api.whyUntil(web.name, 'label-mistake');
    expect(await answer(listen, 'label-mistake')).toEqual([
      `${listen} is unreachable: shop-web-1: label "shop.port" must be a port, 1-65535, not "eighty"; the route is not served`,
      '  next: Correct the label.',
    ]);
  });

  it('the port label is wrong: the port that is exposed', async () => {
    const labels = { port: '8080', listen: String(await freePort()) };
    await using web = await composed('wrong', labels, { create: { ExposedPorts: { '3000/tcp': {} } } });
    expect(await answer(web.name, 'nothing-listens')).toEqual([
      'shop-wrong-1 is unreachable: shop-wrong-1 is starting: nothing listens on 8080 (connection refused)',
      '  next: shop-wrong-1 exposes port 3000: set the label shop.port=3000.',
    ]);
  });

  it('a compose service has no labels, or is stopped: by its name, its port and within the hold', async () => {
    const listen = String(await freePort());
    await using bare = await composed('bare', {});
    await using off = await composed('off', { port: '8080', listen, hold: '1s' });
    await api.whyUntil(off.name, 'nothing-listens');
    expect(await answer('bare', 'never-labelled')).toEqual([
      'bare is unreachable: shop-bare-1 has no shop. label, so Sealane ignores it',
      '  next: Recreate it with the label shop.port=<port>.',
    ]);
    await off.stop(5);
    const next = '  next: See why it ended: docker logs shop-off-1; then start it again: docker start shop-off-1';
    const ended = /^\S+ is unreachable: shop-off-1 exited with code 3 at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
    for (const when of ['within the hold', 'after it']) {
      for (const subject of ['off', `${shop}/off`, listen, off.name])
        expect(await answer(subject, 'stopped'), when).toEqual([expect.stringMatching(ended), next]);
      await sealane.line({ event: 'service-removed', service: `${shop}/off` });
    }
    await bare.remove();
  });

  it('a host, or a URL, of a route', async () => {
    const labels = { port: '8080', listen: String(await freePort()), host: 'api.localhost', health: 'none' };
    await using named = await composed('named', labels);
    await api.whyUntil(named.name, 'fine');
    for (const subject of ['api.localhost', `http://api.localhost:${labels.listen}/x?y`])
      expect(await answer(subject, 'fine')).toEqual([
        `${subject} is reachable: shop/named is served on 127.0.0.1:${labels.listen} by shop-named-1`,
        '',
      ]);
  });

  it('the listen port is published by the container itself, or by one without labels', async () => {
    const [own, others] = [await freePort(), await freePort()];
    const publishing = (port: number): Partial<ContainerOptions> => ({
      create: { ExposedPorts: { '8080/tcp': {} } },
      host: { PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] } },
    });
    await using neighbour = await composed('neighbour', {}, publishing(others));
    await using web = await composed('own', { port: '8080', listen: String(own), health: 'none' }, publishing(own));
    await using shut = await composed('shut', { port: '8080', listen: String(others), health: 'none' });
    for (const [{ name }, port, publisher] of [
      [web, own, web.name],
      [shut, others, neighbour.name],
    ] as const) {
      const shown = publisher.replace(shop, 'shop');
      expect(await answer(name, 'listen-failed')).toEqual([
        `${name.replace(shop, 'shop')} is unreachable: 127.0.0.1:${port} is not open: ${shown} publishes port ${port} on the host`,
        `  next: Remove it from the \`ports\` of ${shown} and recreate that container; Sealane retries automatically.`,
      ]);
    }
  });

  it('a container crashes again and again: how often, its exit code and its log', async () => {
    const labels = { port: '8080', listen: String(await freePort()) };
    const crash = { command: ['sh', '-c', 'exit 7'], host: { RestartPolicy: { Name: 'always' } } };
    await using looping = await composed('crash', labels, crash);
    for (const subject of ['crash', looping.name]) {
      // While the container runs for a moment, it has no exit code. The first restart is counted after the first end.
      const lines = await eventually(
        () => answer(subject, 'restarting'),
        ([first = '']) => first.includes('code') && !first.includes('again and again'),
      );
      expect(lines).toEqual([
        expect.stringMatching(/is unreachable: shop-crash-1 restarts: \d+ times? so far; it exited with code 7$/),
        '  next: See why it ends: docker logs shop-crash-1',
      ]);
    }
    const { problems } = await eventually(
      () => api.service(`${shop}/crash`),
      (service) => service.problems.some(({ code }) => code === 'crash-loop'),
    );
    expect(problems).toContainEqual(
      expect.objectContaining({
        code: 'crash-loop',
        subject: looping.name,
        message: expect.stringMatching(
          /^it ends again and again: restarted \d+ times, the last time after exit code 7$/,
        ) as string,
        fix: `See why it ends: docker logs ${looping.name}`,
      }),
    );
    // One problem through all restarts, also while a death is known and the engine has not told what comes next.
    await eventually(
      () => api.service(`${shop}/crash`),
      (service) => service.problems.some(({ message }) => /restarted [5-9] times/.test(message)),
    );
    const told = sealane.lines.filter(({ code }) => code === 'crash-loop').map(({ event }) => event);
    expect(told).toEqual(['problem']);
  });
});

describe('Sealane in a container that does not publish the listen port', () => {
  it('is said to be reached by no client outside, with the line to add', async () => {
    const socket = (process.env['DOCKER_HOST'] ?? '').replace('unix://', '');
    const labels = { port: '8080', listen: '9000', health: 'none' };
    await using web = await composed('inside', labels);
    await using inside = await startContainer({
      image: inject('images').sealane,
      command: ['run', '--label-prefix', shop, '--docker', 'unix:///run/engine.sock', '--admin', '0.0.0.0:8470'],
      binds: [`${socket}:/run/engine.sock:ro`],
      env: { SEALANE_ADMIN_TOKEN: 'a-token-for-this-test' },
      create: { User: '0' },
    });
    const there = adminApi({ host: await inside.address(), port: 8470, token: 'a-token-for-this-test' });
    expect(await there.whyUntil(web.name, 'not-published')).toMatchObject({
      verdict: 'degraded',
      summary: `${shop}/inside is served inside of Sealane's container only, which does not publish port 9000`,
      next: 'Add "127.0.0.1:9000:9000" to the `ports` of Sealane\'s container; containers on its networks need none.',
    });
  });
});
