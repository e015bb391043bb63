import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { lostWith, startLoad } from '../support/load.ts';
import { startNetwork, uniqueName, type TestContainer } from '../support/engine/containers.ts';
import { answerers, eventually, startReplica, whoAnswers } from '../support/engine/replica.ts';
import { hasFields, type Sealane, startSealane, upstreamIs } from '../support/sealane/sealane.ts';
import { freePort } from '../support/sockets/free-port.ts';

/** A Sealane on the host with its own label prefix, so that tests never see each other's containers. */
async function setUp(): Promise<
  { sealane: Sealane; prefix: string; port: number; labels: Record<string, string> } & AsyncDisposable
> {
  const prefix = uniqueName('label');
  const port = await freePort();
  const sealane = startSealane('--label-prefix', prefix, '--bind', '127.0.0.1');
  const labels = { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080', [`${prefix}.pool`]: 'web' };
  await sealane.line({ event: 'engine-connected' });
  return { sealane, prefix, port, labels, [Symbol.asyncDispose]: () => sealane[Symbol.asyncDispose]() };
}

describe('a labelled container', () => {
  it('is reachable through its port as soon as it runs; a container without labels is ignored', async () => {
    await using t = await setUp();
    await using plain = await startReplica();
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'upstream-added', upstream: web.name });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    expect(await answerers(t.port)).toEqual([web.name]);
    expect(t.sealane.lines.some((line) => line.msg.includes(plain.name))).toBe(false);
  });

  it('that started before Sealane is found', async () => {
    const prefix = uniqueName('label');
    const port = await freePort();
    await using web = await startReplica({
      labels: { [`${prefix}.listen`]: String(port), [`${prefix}.port`]: '8080' },
    });
    await using sealane = startSealane('--label-prefix', prefix);
    await sealane.line({ event: 'route-opened' });
    expect(await whoAnswers(port)).toBe(web.name);
  });

  it('shares its port with its replicas, which come and go without an error for any client', async () => {
    await using t = await setUp();
    await using first = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    await using load = startLoad(t.port);
    await using second = await startReplica({ labels: t.labels });
    await using third = await startReplica({ labels: t.labels });
    await eventually(
      () => answerers(t.port),
      (names) => names.length === 3,
    );
    await second.stop();
    await third.remove();
    await eventually(
      () => answerers(t.port),
      (names) => names.length === 1,
    );
    const tally = await load.stop();
    // Requests that a killed process had already received fail with it; no others may fail.
    expect(tally.failed - (await lostWith(t.sealane, [second.name, third.name]))).toBe(0);
    expect(tally.replicas()).toEqual([first.name, second.name, third.name].toSorted());
  });

  it.each([
    ['stopped', (one: TestContainer) => one.stop()],
    ['killed', (one: TestContainer) => one.kill()],
    ['paused', (one: TestContainer) => one.pause()],
    ['removed', (one: TestContainer) => one.remove()],
  ])('that is %s leaves the pool, and the other replica goes on', async (_how, act) => {
    await using t = await setUp();
    await using stays = await startReplica({ labels: t.labels });
    await using goes = await startReplica({ labels: t.labels });
    await eventually(
      () => answerers(t.port),
      (names) => names.length === 2,
    );
    await act(goes);
    await Promise.race([
      t.sealane.line({ event: 'upstream-removed', upstream: goes.name }),
      t.sealane.line({ event: 'upstream-changed', upstream: goes.name, state: 'paused' }),
    ]);
    expect(await answerers(t.port)).toEqual([stays.name]);
  });

  it('that is unpaused rejoins the pool', async () => {
    await using t = await setUp();
    await using web = await startReplica({ labels: t.labels });
    await using other = await startReplica({ labels: t.labels });
    await eventually(
      () => answerers(t.port),
      (names) => names.length === 2,
    );
    await web.pause();
    await t.sealane.line({ event: 'upstream-changed', upstream: web.name, state: 'paused' });
    const from = t.sealane.lines.length;
    await web.unpause();
    await t.sealane.line(upstreamIs(web.name, 'ready'), from);
    expect(await answerers(t.port)).toEqual([web.name, other.name].toSorted());
  });

  it('that crashes is back after its restart, while its clients wait', async () => {
    await using t = await setUp();
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'upstream-added', service: 'web' });
    await web.kill();
    await t.sealane.line({ event: 'upstream-removed', service: 'web' });
    const answer = whoAnswers(t.port);
    await web.start();
    expect(await answer).toBe(web.name);
  });

  it('that restarts makes its clients wait, but not fail', async () => {
    await using t = await setUp();
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
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
    await using t = await setUp();
    await using web = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    await using load = startLoad(t.port);
    await web.kill('SIGWINCH');
    await eventually(
      () => whoAnswers(t.port),
      (name) => name === web.name,
    );
    const tally = await load.stop();
    expect(tally.replicas()).toEqual([web.name]);
    expect(tally.failed).toBe(0);
    expect(t.sealane.lines.some((line) => hasFields(line, { event: 'upstream-removed' }))).toBe(false);
  });

  it('that is renamed keeps its sessions beyond its drain, and is shown by its new name', async () => {
    await using t = await setUp();
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
    const socket = createConnection(echo, '127.0.0.1');
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
    await using t = await setUp();
    // The network's name sorts before that of the default bridge.
    await using network = await startNetwork({}, `a-${uniqueName('net')}`);
    await using web = await startReplica({
      labels: { ...t.labels, [`${t.prefix}.port`]: '7', [`${t.prefix}.drain`]: '100ms' },
    });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const socket = createConnection(t.port, '127.0.0.1');
    socket.write('before');
    expect(String((await once(socket, 'data'))[0])).toBe('before');
    await web.engine.update({ CpuShares: 512 });
    await network.connect(web);
    await using witness = await startReplica({ labels: { ...t.labels, [`${t.prefix}.port`]: '7' } });
    await t.sealane.line(upstreamIs(witness.name, 'ready', 'web'));
    await network.disconnect(web);
    await web.rename(uniqueName('renamed'));
    await t.sealane.line({ event: 'upstream-added', upstream: witness.name });
    socket.write('after');
    expect(String((await once(socket, 'data'))[0])).toBe('after');
    socket.destroy();
    expect(t.sealane.lines.some((line) => hasFields(line, { event: 'upstream-removed' }))).toBe(false);
  });

  it('whose process dies does not leave its clients hanging', async () => {
    await using t = await setUp();
    await using web = await startReplica({ labels: { ...t.labels, [`${t.prefix}.port`]: '7' } });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const socket = createConnection(t.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('hello');
    await once(socket, 'data');
    // Whether the session ends with FIN or with a reset, it ends.
    const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')));
    await web.kill();
    expect(await closed).toBe('closed');
  });
});

describe('networks', () => {
  it('attached to or detached from a running container change where it is reached', async () => {
    await using t = await setUp();
    await using network = await startNetwork();
    await using web = await startReplica({ labels: { ...t.labels, [`${t.prefix}.network`]: network.name } });
    await t.sealane.line({ event: 'problem', code: 'not-on-network', subject: web.name });
    await network.connect(web);
    await t.sealane.line({ event: 'upstream-added', service: 'web' });
    expect(await whoAnswers(t.port)).toBe(web.name);
    const from = t.sealane.lines.length;
    await network.disconnect(web);
    await t.sealane.line({ event: 'problem', code: 'not-on-network', subject: web.name }, from);
  });

  it('named by the label are preferred to others of the container', async () => {
    await using t = await setUp();
    await using network = await startNetwork();
    await using web = await startReplica({ labels: { ...t.labels, [`${t.prefix}.network`]: network.name } });
    await network.connect(web);
    const { endpoints } = await t.sealane.line({ event: 'upstream-added', service: 'web' });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    expect(endpoints).toBe(`${await web.address(network.name)}:8080`);
    expect(await whoAnswers(t.port)).toBe(web.name);
  });

  it('of both families are used: a server that listens on IPv6 only is reached', async () => {
    await using t = await setUp();
    const subnet = `fd00:5ea1:${randomInt(0x1_00_00).toString(16)}:${randomInt(0x1_00_00).toString(16)}::/64`;
    await using network = await startNetwork({ EnableIPv6: true, IPAM: { Config: [{ Subnet: subnet }] } });
    await using web = await startReplica({
      labels: t.labels,
      networks: [network.name],
      host: { Sysctls: { 'net.ipv6.bindv6only': '1' } },
    });
    await t.sealane.line(upstreamIs(web.name, 'ready'));
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    expect(await whoAnswers(t.port)).toBe(web.name);
  });

  it('that are internal are reached from the host', async () => {
    await using t = await setUp();
    await using network = await startNetwork({ Internal: true });
    await using web = await startReplica({ labels: t.labels, networks: [network.name] });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    expect(await whoAnswers(t.port)).toBe(web.name);
  });

  it("of the host are supported: a container on the host's network is reached on loopback", async () => {
    await using t = await setUp();
    const own = await freePort();
    await using web = await startReplica({
      labels: { ...t.labels, [`${t.prefix}.port`]: String(own) },
      networks: ['host'],
      port: own,
    });
    await t.sealane.line({ event: 'upstream-added', service: 'web', endpoints: `127.0.0.1:${own}` });
    expect(
      await eventually(
        () => whoAnswers(t.port),
        (name) => name === web.name,
      ),
    ).toBe(web.name);
  });

  it("of another container are supported: the container is reached at the other one's address", async () => {
    await using t = await setUp();
    await using parent = await startReplica();
    await using child = await startReplica({
      labels: { ...t.labels, [`${t.prefix}.port`]: '9090' },
      networks: [`container:${parent.id}`],
      port: 9090,
    });
    await t.sealane.line({ event: 'upstream-added', service: 'web', endpoints: `${await parent.address()}:9090` });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    expect(await whoAnswers(t.port)).toBe(child.name);
  });

  it('that reassign an address never lead a client of the old container to the new one', async () => {
    await using t = await setUp();
    // In a network of their own no other test's container takes the address.
    await using network = await startNetwork();
    const networks = [network.name];
    const stranger = uniqueName('stranger');
    await using web = await startReplica({ labels: t.labels, networks });
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const address = await web.address();
    await using load = startLoad(t.port);
    await load.answeredBy(web.name);
    await web.remove();
    await using other = await startReplica({ name: stranger, networks });
    expect(await other.address()).toBe(address);
    await using back = await startReplica({ labels: t.labels, networks });
    await load.answeredBy(back.name);
    const tally = await load.stop();
    expect(tally.replicas()).toEqual([web.name, back.name].toSorted());
    expect(tally.failed - (await lostWith(t.sealane, [web.name]))).toBe(0);
  });
});

describe('labels', () => {
  it('of two services that claim one port leave it to the older container, with a problem for the newer', async () => {
    await using t = await setUp();
    await using older = await startReplica({ labels: t.labels });
    await using younger = await startReplica({ labels: { ...t.labels, [`${t.prefix}.pool`]: 'rival' } });
    const { msg } = await t.sealane.line({ event: 'problem', code: 'listen-conflict' });
    expect(msg).toContain(younger.name);
    expect(msg).toContain(older.name);
    expect(await answerers(t.port)).toEqual([older.name]);
    const from = t.sealane.lines.length;
    await older.remove();
    await t.sealane.line({ event: 'route-opened', service: 'rival' }, from);
    expect(await whoAnswers(t.port)).toBe(younger.name);
  });

  it('of an access list hold while a replica without one is in the pool, and no longer than its own container', async () => {
    await using t = await setUp();
    const restricted = { ...t.labels, [`${t.prefix}.allow`]: '192.0.2.0/24' };
    await using older = await startReplica({ labels: restricted });
    await t.sealane.line(upstreamIs(older.name, 'ready', 'web'));
    await using younger = await startReplica({ labels: t.labels });
    await t.sealane.line(upstreamIs(younger.name, 'ready', 'web'));
    const { msg } = await t.sealane.line({ event: 'problem', code: 'labels-differ', subject: 'web' });
    expect(msg).toContain(younger.name);
    expect([older.name, younger.name]).not.toContain(await whoAnswers(t.port));
    await t.sealane.line({ event: 'session', session: { reason: 'denied' } });
    await older.remove();
    await t.sealane.line({ event: 'upstream-removed', upstream: older.name });
    expect(await whoAnswers(t.port)).toBe(younger.name);
  });

  it('of a compose project keep its port while its container is recreated, though another project waits for it', async () => {
    await using t = await setUp();
    const own = { ...t.labels, 'com.docker.compose.project': 'shop' };
    const first = await startReplica({ labels: own });
    await using squatter = await startReplica({
      labels: { ...t.labels, [`${t.prefix}.pool`]: 'evil', 'com.docker.compose.project': 'evil' },
    });
    await t.sealane.line({ event: 'problem', code: 'listen-conflict', subject: 'evil' });
    await first.remove();
    await t.sealane.line({ event: 'upstream-removed', upstream: first.name });
    const answer = whoAnswers(t.port);
    await using second = await startReplica({ labels: own });
    expect(await answer).toBe(second.name);
    expect(await answerers(t.port)).not.toContain(squatter.name);
  });

  it('that are malformed are reported with the fix, and do not affect other containers', async () => {
    await using t = await setUp();
    await using bad = await startReplica({
      labels: { [`${t.prefix}.listen`]: 'everywhere', [`${t.prefix}.wieght`]: '3' },
    });
    await using good = await startReplica({ labels: t.labels });
    await t.sealane.line({ event: 'problem', code: 'label-malformed', subject: bad.name });
    const { msg } = await t.sealane.line({ event: 'problem', code: 'label-unknown', subject: bad.name });
    expect(msg).toContain(`${t.prefix}.weight`);
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    expect(await answerers(t.port)).toEqual([good.name]);
  });

  it('that misspell listen keep the route from being served elsewhere, with the right name in the problem', async () => {
    await using t = await setUp();
    const elsewhere = await freePort();
    await using bad = await startReplica({
      labels: { [`${t.prefix}.lisetn`]: String(t.port), [`${t.prefix}.port`]: String(elsewhere) },
    });
    await using witness = await startReplica({ labels: { ...t.labels, [`${t.prefix}.enable`]: 'True' } });
    await t.sealane.line(upstreamIs(witness.name, 'ready', 'web'));
    await t.sealane.line({ event: 'route-opened', service: 'web' });
    const { msg } = await t.sealane.line({ event: 'problem', code: 'label-unknown', subject: bad.name });
    expect(msg).toContain(`did you mean "${t.prefix}.listen"?); the route is not served`);
    expect(await whoAnswers(elsewhere)).toBe('ECONNREFUSED');
    expect(await answerers(t.port)).toEqual([witness.name]);
  });

  it('that restrict a route and can’t be applied keep it from being served, and name it in the problem', async () => {
    await using t = await setUp();
    const [limited, guarded] = [await freePort(), await freePort()];
    await using container = await startReplica({
      labels: {
        [`${t.prefix}.limited.listen`]: String(limited),
        [`${t.prefix}.limited.port`]: '8080',
        [`${t.prefix}.limited.max-connections.client`]: 'few',
        [`${t.prefix}.guarded.listen`]: String(guarded),
        [`${t.prefix}.guarded.port`]: '8080',
        [`${t.prefix}.gaurded.allow`]: '192.0.2.1',
        [`${t.prefix}.open.listen`]: String(t.port),
        [`${t.prefix}.open.port`]: '8080',
      },
    });
    const { msg } = await t.sealane.line({ event: 'problem', code: 'label-malformed', subject: container.name });
    expect(msg).toMatch(/limited\.max-connections\.client" .*; the route is not served/);
    const mistyped = await t.sealane.line({ event: 'problem', code: 'label-unknown', subject: container.name });
    expect(mistyped.msg).toMatch(/did you mean ".*\.guarded\.allow"\?\); routes gaurded, guarded are not served/);
    await t.sealane.line({ event: 'route-opened', service: `${container.name}:open` });
    expect(await answerers(t.port)).toEqual([container.name]);
    expect(await whoAnswers(limited)).toBe('ECONNREFUSED');
    expect(await whoAnswers(guarded)).toBe('ECONNREFUSED');
  });

  it('of a one-off container of compose run are ignored', async () => {
    await using t = await setUp();
    await using web = await startReplica({ labels: t.labels });
    await using oneOff = await startReplica({ labels: { ...t.labels, 'com.docker.compose.oneoff': 'True' } });
    await using witness = await startReplica({ labels: t.labels });
    await t.sealane.line(upstreamIs(witness.name, 'ready', 'web'));
    const names = await answerers(t.port);
    expect(names).toEqual([web.name, witness.name].toSorted());
    expect(names).not.toContain(oneOff.name);
  });
});
