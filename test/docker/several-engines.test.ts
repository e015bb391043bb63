import type { Container } from 'dockerode';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, inject, it } from 'vitest';
import { canInstall } from '../../dev/machine/packages.ts';
import { statusSchema } from '../../src/admin/status-schema.ts';
import { engineClient, uniqueName } from '../support/engine/containers.ts';
import { buildToolsImage } from '../support/engine/images.ts';
import { answerers, areReplicas, eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { startSecondEngine, type SecondEngine } from '../support/engine/second-engine.ts';
import { testedEngine } from '../support/engine/tested-engine.ts';
import { adminApi } from '../support/sealane/admin-api.ts';
import { startSealane, upstreamIs } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';

/** Starts a replica that starts again with its engine, and serves its own name on port 8080. */
async function startOn(
  { client, host }: SecondEngine,
  labels: Readonly<Record<string, string>>,
  { name = 'far', policy = 'always' } = {},
): Promise<Container> {
  const container = await client.createContainer({
    name,
    Image: await buildToolsImage({ host }),
    Cmd: ['sh', '-c', 'mkdir -p /tmp/www; echo $WHO > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www'],
    Env: [`WHO=${name}`],
    Labels: { ...labels },
    // The shell's successor ignores SIGTERM as the first process of a container.
    StopSignal: 'SIGKILL',
    HostConfig: { RestartPolicy: { Name: policy } },
  });
  await container.start();
  return container;
}

/** A container without labels on each engine, under the same name. Nothing but the answer to a question asks for it. */
async function createIdle({ client, host }: SecondEngine): Promise<AsyncDisposable & { readonly name: string }> {
  const name = uniqueName('idle');
  // This one is removed with its engine.
  await client.createContainer({ name, Image: await buildToolsImage({ host }) });
  const here = await engineClient().createContainer({ name, Image: inject('images').tools });
  return { name, [Symbol.asyncDispose]: async () => void (await here.remove()) };
}

// A second engine needs root on Debian or a derivative.
describe.runIf(await canInstall())('two engines in network namespaces of their own', () => {
  it('are one catalog, and one of them that is lost and comes back disturbs nothing on the other', async () => {
    const prefix = uniqueName('label');
    const [port, echoPort, admin] = [await freePort(), await freePort(), await freePort()];
    const shop = { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: 'shop' };
    const echo = { [`${prefix}.echo.listen`]: String(echoPort), [`${prefix}.echo.port`]: '7' };
    await using second = await startSecondEngine();
    await startOn(second, shop);
    const dozePort = await freePort();
    const doze = { [`${prefix}.listen`]: String(dozePort), [`${prefix}.port`]: '8080', [`${prefix}.sleep`]: '1h' };
    const sleeper = await startOn(second, doze, { name: 'doze', policy: 'unless-stopped' });
    await using near = await startReplica({ labels: { ...shop, ...echo } });
    await using sealane = startSealane(
      ...['--docker', `a=${testedEngine().host}`, '--docker', `b=${second.host}`],
      ...['--label-prefix', prefix, '--bind', '127.0.0.1', '--admin', `127.0.0.1:${admin}`],
      ...['--engine-actions', 'start,stop'],
    );
    const api = adminApi({ port: admin });
    const states = async (): Promise<string[]> => {
      const status = statusSchema.parse(await (await fetch(`${api.url}/api/status`)).json());
      return status.engines.map(({ name, state }) => `${name} ${state}`);
    };
    const both = [near.name, 'far'].toSorted();
    await eventually(() => answerers(port), areReplicas(2));
    expect(await answerers(port)).toEqual(both);
    const { upstreams } = await api.service('shop');
    expect(upstreams.map(({ name }) => name).toSorted()).toEqual(['far@b', `${near.name}@a`].toSorted());
    expect((await api.service(`${near.name}@a:echo`)).state).toBe('up');
    await using idle = await createIdle(second);
    expect(await api.why(idle.name)).toMatchObject({
      cause: 'ambiguous',
      suggestions: [`${idle.name}@a`, `${idle.name}@b`],
    });
    expect((await api.why(`${idle.name}@b`)).summary).toMatch(`${idle.name}@b has no ${prefix}. label`);
    const session = createConnection(echoPort, '127.0.0.1');
    await once(session, 'connect');

    await sealane.line(upstreamIs('doze@b', 'ready'));
    await sleeper.stop();
    await sealane.line(upstreamIs('doze@b', 'asleep'));

    await second.kill();
    await sealane.line({ event: 'engine-unreachable', engine: 'b' });
    expect(await states()).toEqual(['a connected', 'b disconnected']);
    expect(await answerers(port)).toEqual(both);
    expect((await api.why('shop')).summary).toMatch(/^shop is served on .* as last known: engine b is out of reach: /);
    expect((await api.why(`${near.name}@a:echo`)).verdict).toBe('reachable');
    await using joined = await startReplica({ labels: shop });
    await sealane.line({ event: 'upstream-added', upstream: `${joined.name}@a` });

    const from = sealane.lines.length;
    await second.restart();
    await sealane.line({ event: 'engine-connected', engine: 'b' }, from);
    await eventually(() => answerers(port), areReplicas(3));
    expect(await states()).toEqual(['a connected', 'b connected']);
    // A container that sleeps is still asleep after its engine's restart, and its port has been open all the time.
    expect((await api.service('doze@b')).upstreams.map(({ state }) => state)).toEqual(['asleep']);
    expect(await whoAnswers(dozePort)).toBe('doze');
    session.write('still here');
    expect(String((await once(session, 'data'))[0])).toBe('still here');
    session.destroy();
    expect(await whoAnswers(port)).not.toBe('nothing');
  });
});
