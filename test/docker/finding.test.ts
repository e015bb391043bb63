import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { authority, leafFor } from '../support/certificates/certificates.ts';
import { startContainer, uniqueName } from '../support/engine/containers.ts';
import { useContext, writeContext } from '../support/engine/docker-config.ts';
import { startEngineProxy } from '../support/engine/proxies/plain.ts';
import { startReplica, whoAnswers } from '../support/engine/replica.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { startEngineTlsProxy } from '../support/engine/proxies/tls.ts';
import { logLines, startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

const engineUrl = testedEngine().host;

afterEach(() => vi.unstubAllEnvs());

describe('an engine that no flag and no DOCKER_HOST names', () => {
  it('is that of the Docker context in use, here behind TLS, and its containers are reached', async () => {
    await using folder = await tempFolder();
    await using proxy = await startEngineTlsProxy(engineUrl, await leafFor(['localhost']), authority);
    const client = await leafFor(['sealane'], { client: true });
    const tls = { 'ca.pem': authority.certificate, 'cert.pem': client.certificate, 'key.pem': client.key };
    await writeContext(folder.path, { name: 'secure', host: proxy.url, tls });
    await useContext(folder.path, 'secure');
    vi.stubEnv('DOCKER_HOST', undefined);
    vi.stubEnv('DOCKER_CONFIG', folder.path);

    const prefix = uniqueName('label');
    const port = await freePort();
    await using sealane = startSealane('--label-prefix', prefix, '--bind', '127.0.0.1');
    // The test itself needs the engine's address.
    vi.unstubAllEnvs();
    await sealane.line({ event: 'engine-connected' });
    const labels = { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080' };
    await using replica = await startReplica({ labels });
    await sealane.line({ event: 'route-opened' });
    expect(await whoAnswers(port)).toBe(replica.name);
  });

  it('is waited for at all usual sockets, which the log names, and found at the one where it comes', async () => {
    await using folder = await tempFolder();
    await using sealane = await startContainer({
      image: inject('images').sealane,
      env: { SEALANE_LOG_FORMAT: 'json', XDG_RUNTIME_DIR: '/runtime' },
      binds: [`${folder.path}:/runtime`],
      create: { User: '0:0' },
    });
    const line = (event: string) =>
      vi.waitFor(
        async () => {
          const found = logLines(await sealane.logs()).find((one) => one.event === event);
          if (!found) throw new Error(`there is no line ${event} yet`);
          return found;
        },
        { timeout: 60_000, interval: 100 },
      );
    const { reason } = await line('engine-unreachable');
    const [status, why] = await Promise.all(
      [['status'], ['why', 'web']].map((words) => sealane.exec(['sealane', ...words])),
    );
    for (const path of ['/var/run/docker.sock', '/runtime/docker.sock', '/run/podman/podman.sock']) {
      for (const text of [reason, status?.output, why?.output]) expect(text).toContain(path);
    }
    await using proxy = await startEngineProxy(engineUrl, folder.path);
    await line('engine-connected');
    expect(proxy.connections).toBeGreaterThan(0);
    expect((await sealane.exec(['sealane', 'status', '--json'])).output).toContain('"unix:///runtime/docker.sock"');
  });
});
