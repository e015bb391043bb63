import { once } from 'node:events';
import { createConnection } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startReplica, answerers, areReplicas, eventually, whoAnswers } from '../support/engine/replica.ts';
import { startNetwork, uniqueName } from '../support/engine/containers.ts';
import { startEngineProxy } from '../support/engine/proxies/plain.ts';
import { startSealane } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';
import { tempFolder } from '../support/temp-folder.ts';

function engineUrl(): string {
  const url = process.env['DOCKER_HOST'];
  if (url === undefined) throw new Error('the global setup provides an engine');
  return url;
}

describe('when the event stream is cut', () => {
  it('while containers come and go, the catalog is correct within a second of reconnecting, and no session is dropped', async () => {
    const prefix = uniqueName('label');
    const port = await freePort();
    const echoPort = await freePort();
    const labels = {
      [`${prefix}.listen`]: String(port),
      [`${prefix}.port`]: '8080',
      [`${prefix}.pool`]: 'web',
      [`${prefix}.echo.listen`]: String(echoPort),
      [`${prefix}.echo.port`]: '7',
      [`${prefix}.echo.pool`]: 'echo',
    };
    await using proxy = await startEngineProxy(engineUrl());
    await using sealane = startSealane('--docker', proxy.url, '--label-prefix', prefix, '--bind', '127.0.0.1');
    // In a network of their own: another test's container would get the address of the one that goes, of which Sealane
    // does not know.
    await using network = await startNetwork();
    const networks = [network.name];
    await using stays = await startReplica({ labels, networks });
    await using goes = await startReplica({
      networks,
      labels: { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: 'web' },
    });
    await sealane.line({ event: 'upstream-added', upstream: goes.name });
    await eventually(() => answerers(port), areReplicas(2));
    const session = createConnection(echoPort, '127.0.0.1');
    session.write('before');
    expect(String((await once(session, 'data'))[0])).toBe('before');

    proxy.block();
    await sealane.line({ event: 'engine-unreachable' });
    // The new replica starts before the old one is removed: otherwise it would get its address without Sealane's
    // knowledge.
    await using comes = await startReplica({
      networks,
      labels: { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: 'web' },
    });
    await goes.remove();
    expect(await answerers(port)).toEqual([stays.name]);
    const from = sealane.lines.length;
    proxy.unblock();
    const reconnected = await sealane.line({ event: 'engine-connected' }, from);
    const left = await sealane.line({ event: 'upstream-removed', upstream: goes.name }, from);
    const joined = await sealane.line({ event: 'upstream-added', upstream: comes.name }, from);
    expect(Math.max(left.time, joined.time) - reconnected.time).toBeLessThan(15_000);
    // A new upstream gets clients once its first probe has passed.
    await eventually(
      () => answerers(port),
      (names) => isDeepStrictEqual(names, [stays.name, comes.name].toSorted()),
    );

    session.write('after');
    expect(String((await once(session, 'data'))[0])).toBe('after');
    session.destroy();
  });

  it('repeatedly, no change is missed', async () => {
    const prefix = uniqueName('label');
    const port = await freePort();
    const labels = { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: 'web' };
    await using proxy = await startEngineProxy(engineUrl());
    await using sealane = startSealane('--docker', proxy.url, '--label-prefix', prefix, '--bind', '127.0.0.1');
    await sealane.line({ event: 'engine-connected' });
    for (let round = 0; round < 5; round += 1) {
      await using replica = await startReplica({ labels });
      proxy.cut();
      await sealane.line({ event: 'upstream-added', upstream: replica.name });
      await sealane.line({ event: 'route-opened', service: 'web' });
      expect(await whoAnswers(port)).toBe(replica.name);
      proxy.cut();
      await replica.remove();
      await sealane.line({ event: 'upstream-removed', upstream: replica.name });
    }
  });
});

describe('when the engine is unreachable at start', () => {
  it('Sealane waits for it, and serves static services meanwhile', async () => {
    const prefix = uniqueName('label');
    const port = await freePort();
    const staticPort = await freePort();
    await using folder = await tempFolder();
    await using web = await startReplica({
      labels: { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: 'web' },
    });
    const config = await folder.write(
      'sealane.yaml',
      `services:\n  fixed:\n    listen: ${staticPort}\n    upstreams: ["${await web.address()}:8080"]\n`,
    );
    await using proxy = await startEngineProxy(engineUrl());
    proxy.block();
    await using sealane = startSealane(
      '--docker',
      proxy.url,
      '--label-prefix',
      prefix,
      '--bind',
      '127.0.0.1',
      '--config',
      config,
    );
    await sealane.line({ event: 'engine-unreachable' });
    await sealane.line({ event: 'route-opened', service: 'fixed' });
    expect(await whoAnswers(staticPort)).toBe(web.name);
    proxy.unblock();
    await sealane.line({ event: 'route-opened', service: 'web' });
    expect(
      await eventually(
        () => whoAnswers(port),
        (name) => name === web.name,
      ),
    ).toBe(web.name);
  });
});
