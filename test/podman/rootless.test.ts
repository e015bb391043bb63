import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { uniqueName } from '../support/engine/containers.ts';
import { expectClientsToWait, expectUnpublished, serveOnce } from '../support/engine/late-process.ts';
import { startEngineProxy } from '../support/engine/proxies/plain.ts';
import { eventually, whoAnswers } from '../support/engine/replica.ts';
import { startRootlessPodman, type RootlessPodman } from '../support/engine/rootless-podman.ts';
import { serve } from '../support/engine/script.ts';
import { adminApi } from '../support/sealane/admin-api.ts';
import { startSealane, startSealaneBy, upstreamIs } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';

let podman: RootlessPodman;
beforeAll(async () => {
  podman = await startRootlessPodman();
});
afterAll(() => podman[Symbol.asyncDispose]());

/** A container whose process listens once the shared folder has the file `go`. Returns its name. */
async function startWeb(labels: Record<string, string>, isPublished: boolean) {
  const name = uniqueName('web');
  const container = await podman.client.createContainer({
    name,
    Image: podman.image,
    Cmd: ['sh', '-c', serveOnce('/shared/go')],
    Labels: labels,
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      Binds: [`${podman.shared}:/shared`],
      ...(isPublished && { PortBindings: { '8080/tcp': [{ HostPort: '' }] } }),
    },
  });
  await container.start();
  return name;
}

it('rootless Podman is served through published ports: clients wait until the process listens', async () => {
  const [port, adminPort] = [await freePort(), await freePort()];
  const flags = ['--docker', podman.url, '--bind', '127.0.0.1', '--admin', `127.0.0.1:${adminPort}`];
  await using sealane = startSealane(...flags);
  await sealane.line({ event: 'engine-connected' });
  const api = adminApi({ port: adminPort });
  const labels = { 'sealane.listen': String(port), 'sealane.port': '8080', 'sealane.pool': 'web' };
  await startWeb(labels, true);
  await expectClientsToWait(api, port, () => writeFile(join(podman.shared, 'go'), ''));
  expect((await api.service('web')).upstreams).toMatchObject([
    { way: 'since this engine is rootless', state: 'ready' },
  ]);

  const other = { ...labels, 'sealane.pool': 'hidden', 'sealane.listen': String(await freePort()) };
  await expectUnpublished(api, await startWeb(other, false));
});

/** A container that serves its name, published on this port of loopback. */
async function startServing(name: string, hostPort: number, labels: Record<string, string>) {
  const container = await podman.client.createContainer({
    name,
    Image: podman.image,
    Cmd: ['sh', '-c', `${serve(name)} wait`],
    Labels: labels,
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: { PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: String(hostPort) }] } },
  });
  await container.start();
  return container;
}

/** Sealane sees the processes of its containers where it runs beside them, and none from elsewhere. */
it.each([
  ['that Sealane sees', () => podman.inside],
  ['that Sealane does not see', () => []],
])(
  'no client of a rootless container %s reaches the next one on its published port, however late the event',
  async (_, at) => {
    await using proxy = await startEngineProxy(podman.url);
    const [port, published] = [await freePort(), await freePort()];
    const [prefix, name, stranger] = [uniqueName('label'), uniqueName('web'), uniqueName('stranger')];
    await using sealane = startSealaneBy(at(), '--docker', proxy.url, '--bind', '127.0.0.1', '--label-prefix', prefix);
    const labels = { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.hold`]: '500ms' };
    const web = await startServing(name, published, labels);
    await sealane.line(upstreamIs(name, 'ready'));
    await eventually(
      () => whoAnswers(port, '127.0.0.1'),
      (answer) => answer === name,
    );
    proxy.holdEvents();
    await web.remove({ force: true });
    await startServing(stranger, published, {});
    await eventually(
      () => whoAnswers(published, '127.0.0.1'),
      (answer) => answer === stranger,
    );
    const answers = await Promise.all(Array.from({ length: 4 }, () => whoAnswers(port, '127.0.0.1')));
    expect(answers).not.toContain(stranger);
    proxy.releaseEvents();
  },
);
