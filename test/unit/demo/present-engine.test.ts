import { afterEach, expect, it, vi } from 'vitest';
import { presentEngine } from '../../../src/demo/engine-client.ts';
import { authority, leafFor } from '../../support/certificates/certificates.ts';
import { useContext, writeContext } from '../../support/engine/docker-config.ts';
import { startEngineTlsProxy } from '../../support/engine/tls-proxy.ts';
import { startFakeEngine } from '../../support/fake-engine/fake-engine.ts';
import { tempFolder } from '../../support/temp-folder.ts';

afterEach(() => vi.unstubAllEnvs());

it('the demo runs on the engine that sealane run would watch: here that of a Docker context, behind TLS', async () => {
  await using folder = await tempFolder();
  await using fake = await startFakeEngine();
  await using proxy = await startEngineTlsProxy(fake.url, await leafFor(['localhost']), authority);
  const client = await leafFor(['demo'], { client: true });
  const tls = { 'ca.pem': authority.certificate, 'cert.pem': client.certificate, 'key.pem': client.key };
  await writeContext(folder.path, { name: 'secure', host: proxy.url, tls });
  await useContext(folder.path, 'secure');
  vi.stubEnv('DOCKER_HOST', undefined);
  vi.stubEnv('DOCKER_CONTEXT', undefined);
  vi.stubEnv('DOCKER_CONFIG', folder.path);
  const engine = await presentEngine();
  expect(engine.host).toBe(proxy.url);
  const id = fake.run();
  expect(await engine.client.listContainers()).toMatchObject([{ Id: id }]);
});

it('the demo says what was tried where no engine answers', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');
  await expect(presentEngine()).rejects.toThrow('there is no engine socket at /nowhere/docker.sock');
});
