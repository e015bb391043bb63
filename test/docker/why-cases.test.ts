import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { renderWhy } from '../../src/cli/render/why.ts';
import { painter } from '../../src/text/paint.ts';
import { startContainer, uniqueName, type ContainerOptions, type TestContainer } from '../support/engine/containers.ts';
import { adminApi, type AdminApi } from '../support/sealane/admin-api.ts';
import { startSealane, type Sealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';

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
});
