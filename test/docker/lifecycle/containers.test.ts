import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNetwork, uniqueName, type TestContainer } from '../../support/engine/containers.ts';
import { answerers, areReplicas, eventually, startReplica, whoAnswers } from '../../support/engine/replica.ts';
import { setUp, shareSealane, startBesideEngine, type Part } from '../../support/engine/beside-engine.ts';
import { engineDifferences, testedEngine } from '../../support/engine/tested-engine.ts';
import { lostWith, startLoad } from '../../support/load.ts';
import { hasFields, upstreamIs } from '../../support/sealane/sealane.ts';
import { freePort } from '../../support/sockets/free-port.ts';

/** The tests share a Sealane, and each has a service of its own. Those that stop it have their own. */
const part = shareSealane();

describe('a labelled container', () => {
  it('is reachable through its port as soon as it runs; a container without labels is ignored', async () => {
    const t = await part();
    await using plain = await startReplica();
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'upstream-added', upstream: web.name });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    expect(await answerers(t.port)).toEqual([web.name]);
    expect(t.sealane.lines.some((line) => line.msg.includes(plain.name))).toBe(false);
  });

  it('that started before Sealane is found', async () => {
    const prefix = uniqueName('label');
    const port = await freePort();
    await using web = await startReplica({
      labels: { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080' },
    });
    await using sealane = startBesideEngine('--label-prefix', prefix, '--bind', testedEngine().address);
    await sealane.line({ event: 'route-opened' });
    expect(await whoAnswers(port)).toBe(web.name);
  });

  it('shares its port with its replicas, which come and go without an error for any client', async () => {
    await using t = await setUp();
    await using first = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    await using load = startLoad(t.port);
    await using second = await startReplica({ labels: t.labels });
    await using third = await startReplica({ labels: t.labels });
    await eventually(() => answerers(t.port), areReplicas(3));
    await second.stop();
    await third.remove();
    await eventually(() => answerers(t.port), areReplicas(1));
    const tally = await load.stop();
    // Requests that a killed process had already received fail with it; no others may fail.
    expect(tally.failed - (await lostWith(t.sealane, [second.name, third.name]))).toBe(0);
    expect(tally.replicas()).toEqual([first.name, second.name, third.name].toSorted());
  });

  it('that crashes is back after its restart, while its clients wait', async () => {
    const t = await part();
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    await web.kill();
    await t.sealane.line({ event: 'upstream-removed', service: t.service });
    const answer = whoAnswers(t.port);
    await web.start();
    expect(await answer).toBe(web.name);
  });

  it('that restarts makes its clients wait, but not fail', async () => {
    await using t = await setUp();
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    await using load = startLoad(t.port);
    await web.restart();
    await eventually(
      () => whoAnswers(t.port),
      (name) => name === web.name,
    );
    const tally = await load.stop();
    expect(tally.failed - (await lostWith(t.sealane, [web.name]))).toBe(0);
  });

  it('that is sent another signal than its stop signal keeps serving', async () => {
    const t = await part();
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    await using load = startLoad(t.port);
    await web.kill('SIGWINCH');
    await eventually(
      () => whoAnswers(t.port),
      (name) => name === web.name,
    );
    const tally = await load.stop();
    expect(tally.replicas()).toEqual([web.name]);
    expect(tally.failed).toBe(0);
    expect(t.sealane.lines.some((line) => hasFields(line, { event: 'upstream-removed', service: t.service }))).toBe(
      false,
    );
  });

  it('that is renamed keeps its sessions beyond its drain, and is shown by its new name', async () => {
    const t = await part();
    await using web = await startReplica({
      labels: {
        ...t.labels,
        [`${t.prefix}.echo.port`]: '7',
        [`${t.prefix}.echo.listen`]: String(await freePort()),
        [`${t.prefix}.drain`]: '100ms',
        [`${t.prefix}.hold`]: '500ms',
      },
    });
    await t.sealane.line({ event: 'upstream-added', service: /:echo$/ });
    const { listen, service } = await t.sealane.line({ event: 'route-opened', service: /:echo$/ });
    const echo = Number(/:(\d+)$/.exec(String(listen))?.[1]);
    const socket = createConnection(echo, t.host);
    socket.write('before');
    expect(String((await once(socket, 'data'))[0])).toBe('before');
    const renamed = uniqueName('renamed');
    await web.rename(renamed);
    await t.sealane.line({ event: 'service-added', service: new RegExp(`^${renamed}:`) });
    // The old name leaves after its drain and its hold, where it has either.
    await t.sealane.line({ event: 'service-removed', service: String(service) });
    socket.write('after');
    expect(String((await once(socket, 'data'))[0])).toBe('after');
    socket.destroy();
  });

  it('that joins a second network, or gets other limits, keeps its sessions', async () => {
    const t = await part();
    // The network's name sorts before that of the default bridge.
    await using network = await startNetwork({}, `a-${uniqueName('net')}`);
    await using web = await startReplica({
      labels: { ...t.labels, [`${t.prefix}.port`]: '7', [`${t.prefix}.drain`]: '100ms' },
    });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    const socket = createConnection(t.port, t.host);
    socket.write('before');
    expect(String((await once(socket, 'data'))[0])).toBe('before');
    // crun 1.8 changes no other limit without those of memory (version 1 of cgroups).
    const limits = { CpuShares: 512, Memory: 2 ** 28, MemorySwap: 2 ** 29 };
    const updates = web.engine.update(limits).then(
      () => true,
      () => false,
    );
    expect(await updates).toBe(engineDifferences().updatesLimits);
    await network.connect(web);
    await using witness = await startReplica({ labels: { ...t.labels, [`${t.prefix}.port`]: '7' } });
    await t.sealane.line(upstreamIs(witness.name, 'ready', t.service));
    await network.disconnect(web);
    await web.rename(uniqueName('renamed'));
    await t.sealane.line({ event: 'upstream-added', upstream: witness.name });
    socket.write('after');
    expect(String((await once(socket, 'data'))[0])).toBe('after');
    socket.destroy();
    expect(t.sealane.lines.some((line) => hasFields(line, { event: 'upstream-removed', service: t.service }))).toBe(
      false,
    );
  });

  it('whose process dies does not leave its clients hanging', async () => {
    const t = await part();
    await using web = await startReplica({ labels: { ...t.labels, [`${t.prefix}.port`]: '7' } });
    await t.sealane.line({ event: 'route-opened', service: t.service });
    const socket = createConnection(t.port, t.host);
    socket.on('error', () => undefined);
    socket.write('hello');
    await once(socket, 'data');
    // Whether the session ends with FIN or with a reset, it ends.
    const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')));
    await web.kill();
    expect(await closed).toBe('closed');
  });
});

describe('a replica of a container', () => {
  let t: Part;
  let stays: TestContainer;
  beforeAll(async () => {
    t = await part();
    stays = await startReplica({ labels: t.labels });
  });
  afterAll(() => stays[Symbol.asyncDispose]());

  it.each([
    ['stopped', (one: TestContainer) => one.stop()],
    ['killed', (one: TestContainer) => one.kill()],
    ['paused', (one: TestContainer) => one.pause()],
    ['removed', (one: TestContainer) => one.remove()],
  ])('that is %s leaves the pool, and the container goes on', async (_how, act) => {
    await using goes = await startReplica({ labels: t.labels });
    await eventually(() => answerers(t.port), areReplicas(2));
    await act(goes);
    await Promise.race([
      t.sealane.line({ event: 'upstream-removed', upstream: goes.name }),
      t.sealane.line({ event: 'upstream-changed', upstream: goes.name, state: 'paused' }),
    ]);
    // A client may have come to the relay before what was logged has.
    const names = await eventually(
      () => answerers(t.port),
      ({ length }) => length === 1,
    );
    expect(names).toEqual([stays.name]);
  });

  it('that is unpaused rejoins the pool', async () => {
    await using web = await startReplica({ labels: t.labels });
    await eventually(() => answerers(t.port), areReplicas(2));
    await web.pause();
    await t.sealane.line({ event: 'upstream-changed', upstream: web.name, state: 'paused' });
    const from = t.sealane.lines.length;
    await web.unpause();
    await t.sealane.line(upstreamIs(web.name, 'ready'), from);
    expect(await answerers(t.port)).toEqual([web.name, stays.name].toSorted());
  });
});
