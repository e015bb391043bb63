import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { uniqueName } from '../support/engine/containers.ts';
import { eventually, whoAnswers } from '../support/engine/replica.ts';
import { startRootlessPodman, type RootlessPodman } from '../support/engine/rootless-podman.ts';
import { adminApi } from '../support/sealane/admin-api.ts';
import { startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';

/** A container that listens on port 8080 once the shared folder has the file `go`, published on a free port or not at all. */
async function startWeb(podman: RootlessPodman, labels: Record<string, string>, isPublished: boolean) {
  const script =
    'mkdir /tmp/www; echo hello > /tmp/www/index.html; ' +
    'until [ -e /shared/go ]; do sleep 0.05; done; exec httpd -f -p 8080 -h /tmp/www';
  const container = await podman.client.createContainer({
    name: uniqueName('web'),
    Image: podman.image,
    Cmd: ['sh', '-c', script],
    Labels: labels,
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      Binds: [`${podman.shared}:/shared`],
      ...(isPublished && { PortBindings: { '8080/tcp': [{ HostPort: '' }] } }),
    },
  });
  await container.start();
  return container;
}

it('rootless Podman is served through published ports: clients wait until the process listens', async () => {
  await using podman = await startRootlessPodman();
  const [port, adminPort] = [await freePort(), await freePort()];
  const flags = ['--docker', podman.url, '--bind', '127.0.0.1', '--admin', `127.0.0.1:${adminPort}`];
  await using sealane = startSealane(...flags);
  await sealane.line({ event: 'engine-connected' });
  const api = adminApi({ port: adminPort });
  const labels = { 'sealane.listen': String(port), 'sealane.port': '8080', 'sealane.pool': 'web' };
  await startWeb(podman, labels, true);
  const waiting = await api.whyUntil('web', 'nothing-listens');
  expect(waiting.summary).toMatch(/its published port accepts and closes at once/);
  const clients = Promise.all(Array.from({ length: 5 }, () => whoAnswers(port)));
  await eventually(
    async () => (await api.service('web')).held,
    (held) => held === 5,
  );
  await writeFile(join(podman.shared, 'go'), '');
  expect(new Set(await clients)).toEqual(new Set(['hello']));
  expect((await api.service('web')).upstreams).toMatchObject([
    { way: 'since this engine is rootless', state: 'ready' },
  ]);

  const hidden = await startWeb(
    podman,
    { ...labels, 'sealane.pool': 'hidden', 'sealane.listen': String(await freePort()) },
    false,
  );
  const { Name } = await hidden.inspect();
  const { summary, next } = await api.whyUntil(Name.replace(/^\//, ''), 'no-address');
  expect(summary).toMatch(/this engine is rootless: .* port 8080 is not published/);
  expect(next).toMatch(/^Publish it/);
});
