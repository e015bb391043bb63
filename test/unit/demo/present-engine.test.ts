import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { presentEngine } from '../../../src/demo/engine-client.ts';
import { authority, leafFor } from '../../support/certificates/certificates.ts';
import { useContext, writeContext } from '../../support/engine/docker-config.ts';
import { startEngineTlsProxy } from '../../support/engine/proxies/tls.ts';
import { startFakeEngine } from '../../support/fake-engine/fake-engine.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const variables = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY'];
beforeEach(() => {
  for (const name of variables) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

const client = await leafFor(['demo'], { client: true });
const tls = { 'ca.pem': authority.certificate, 'cert.pem': client.certificate, 'key.pem': client.key };

it('the demo runs on the engine that sealane run would watch: here that of a Docker context, behind TLS', async () => {
  await using folder = await tempFolder();
  await using fake = await startFakeEngine();
  await using proxy = await startEngineTlsProxy(fake.url, await leafFor(['localhost']), authority);
  await writeContext(folder.path, { name: 'secure', host: proxy.url, tls });
  await useContext(folder.path, 'secure');
  vi.stubEnv('DOCKER_CONFIG', folder.path);
  const engine = await presentEngine();
  expect(engine.host).toBe(proxy.url);
  const id = fake.run();
  expect(await engine.client.listContainers()).toMatchObject([{ Id: id }]);
});

it('the demo runs on an engine behind TLS that DOCKER_HOST names', async () => {
  await using folder = await tempFolder();
  await using fake = await startFakeEngine();
  await using proxy = await startEngineTlsProxy(fake.url, await leafFor(['localhost']), authority);
  for (const [file, pem] of Object.entries(tls)) await writeFile(join(folder.path, file), pem);
  vi.stubEnv('DOCKER_HOST', proxy.url);
  vi.stubEnv('DOCKER_TLS_VERIFY', '1');
  vi.stubEnv('DOCKER_CERT_PATH', folder.path);
  const engine = await presentEngine();
  const id = fake.run();
  expect(await engine.client.listContainers()).toMatchObject([{ Id: id }]);
});

it("the demo reaches an engine over ssh through the user's ssh command", async () => {
  await using folder = await tempFolder();
  await using fake = await startFakeEngine();
  const script = `#!${process.execPath}
    import { connect } from 'node:net';
    const engine = connect(${JSON.stringify(fake.url.slice('unix://'.length))});
    process.stdin.pipe(engine).pipe(process.stdout);`;
  await writeFile(join(folder.path, 'ssh'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder.path}${delimiter}${process.env['PATH'] ?? ''}`);
  vi.stubEnv('DOCKER_HOST', 'ssh://me@far.invalid');
  const engine = await presentEngine();
  const id = fake.run();
  expect(await engine.client.listContainers()).toMatchObject([{ Id: id }]);
});

it('the demo says what was tried where no engine answers', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');
  await expect(presentEngine()).rejects.toThrow('there is no engine socket at /nowhere/docker.sock');
});
